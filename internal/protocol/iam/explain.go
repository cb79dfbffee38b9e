package iam

import (
	"fmt"
	"strings"
)

// Finding says what a statement has to do with a request.
type Finding struct {
	Statement string // Sid, or position in the policy from 1
	Deny      bool
	Applies   bool
	Why       string // why it does not apply; else empty
}

// Explain tells of every statement whether it applies to a request, and why not.
// For trust policies there is ExplainTrust.
func (p *Policy) Explain(r Request) []Finding {
	return p.explain(r, func(*statement) bool { return true })
}

// ExplainTrust does the same for a trust policy and somebody who wants the role.
func (p *Policy) ExplainTrust(who Principal, r Request) []Finding {
	return p.explain(r, func(s *statement) bool { return s.about(who) != ViaNobody })
}

func (p *Policy) explain(r Request, named func(*statement) bool) []Finding {
	e := newEvaluation(r)
	findings := make([]Finding, len(p.statements))
	for i := range p.statements {
		s := &p.statements[i]
		result := otherPrincipal
		if named(s) {
			result = s.judge(e)
		}
		findings[i] = Finding{Statement: s.name, Deny: s.deny, Applies: result == applies, Why: s.why(result, e)}
	}
	return findings
}

// why puts an outcome into words.
func (s *statement) why(o outcome, e *evaluation) string {
	switch o {
	case otherPrincipal:
		return "its Principal does not name the caller"
	case otherAction:
		if s.notAction {
			return "its NotAction names the action"
		}
		return "its Action does not name the action"
	case otherResource:
		if s.notResource {
			return "its NotResource names the resource, or has a variable without a value"
		}
		return "its Resource does not name the resource"
	case conditionFails:
		return e.failed.why(e)
	default:
		return ""
	}
}

// why says what a condition that does not hold had to look at.
func (c *condition) why(e *evaluation) string {
	values := e.values(c.key)
	got := "the request does not have the key"
	if len(values) > 0 {
		got = fmt.Sprintf("the request has %q", values)
	}
	return strings.Join([]string{"its Condition", c.operator, c.label, "does not hold:", got}, " ")
}
