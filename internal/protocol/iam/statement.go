package iam

// statement is one compiled statement.
type statement struct {
	name        string // Sid, or position from 1
	deny        bool
	principals  principals // in trust policies
	actions     []pattern  // in lower case
	notAction   bool       // every action but those
	resources   []pattern  // none in trust policies
	notResource bool
	conditions  []condition
}

// outcome says whether a statement applies, or what keeps it from applying.
type outcome uint8

const (
	applies outcome = iota
	otherAction
	otherResource
	conditionFails // evaluation.failed
	otherPrincipal
)

// evaluation is a request on its way through statements.
type evaluation struct {
	action   string // in lower case
	resource string
	context  Context
	keys     Keys       // the context, where it is of this type; in lower case
	failed   *condition // the last that did not hold
}

func newEvaluation(r Request) *evaluation {
	e := &evaluation{action: lower(r.Action), resource: r.Resource, context: r.Context}
	if keys, ok := r.Context.(Keys); ok {
		e.keys, e.context = keys.folded(), nil
	}
	return e
}

// values finds a key that is given in lower case.
func (e *evaluation) values(key string) []string {
	if e.context == nil {
		return e.keys[key]
	}
	values, _ := e.context.Values(key)
	return values
}

// judge tells whether the statement applies, whoever asks.
func (s *statement) judge(e *evaluation) outcome {
	if (anyMatches(s.actions, e, e.action) == matches) == s.notAction {
		return otherAction
	}
	if s.resources != nil && !s.covers(anyMatches(s.resources, e, e.resource)) {
		return otherResource
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(e, s.deny) {
			e.failed = &s.conditions[i]
			return conditionFails
		}
	}
	return applies
}

// covers tells whether the statement is about a resource that its list gave a
// verdict on.
func (s *statement) covers(v verdict) bool {
	if !s.notResource {
		return v == matches
	}
	return v == differs || v == undecided && s.deny
}

// anyMatches compares a value with each of several patterns.
func anyMatches(patterns []pattern, e *evaluation, value string) verdict {
	answer := differs
	for i := range patterns {
		if v := patterns[i].matches(e, value); v == matches {
			return matches
		} else if v == undecided {
			answer = undecided
		}
	}
	return answer
}
