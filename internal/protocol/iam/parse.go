package iam

import (
	"fmt"
	"strconv"
	"strings"
)

// version2012 is the version of the language that has variables.
const version2012 = "2012-10-17"

// Parse compiles a document. A document that is no policy for the use gives a
// *SyntaxError; how long it may be is for the caller to check (Size).
func Parse(document []byte, use Use) (*Policy, error) {
	p := parser{use: use, sids: make(map[string]bool)}
	root, err := readDocument(document)
	if err != nil {
		return nil, p.says(p.choose(malformed, "This policy contains invalid Json"), err.Error())
	}
	return p.policy(root)
}

// parser compiles the statements of one document.
type parser struct {
	use     Use
	reading reading         // variables, where the version has them
	sids    map[string]bool // that were seen
	place   string          // of the statement at work, for errors
}

// malformed is what the service says of policies but those of trust where it
// names no mistake.
const malformed = "Syntax errors in policy."

// choose picks the service's words: it has others for trust policies.
func (p *parser) choose(other, trust string) string {
	if p.use == Trust {
		return trust
	}
	return other
}

// says makes an error in the service's words, with what they leave open.
func (p *parser) says(message, detail string) error {
	return &SyntaxError{Message: message, Detail: strings.TrimSuffix(p.place+detail, ": ")}
}

// syntax makes an error in the service's general words.
func (p *parser) syntax(format string, args ...any) error {
	return p.says(p.choose(malformed, "Syntax error in policy."), fmt.Sprintf(format, args...))
}

func (p *parser) policy(root node) (*Policy, error) {
	var statements node
	for _, m := range root.members {
		switch {
		case m.name == "Version" && m.value.text == version2012 && m.value.kind == textNode:
			p.reading = variables
		case m.name == "Version" && m.value.text == "2008-10-17" && m.value.kind == textNode:
		case m.name == "Id" && m.value.kind == textNode:
		case m.name == "Statement":
			statements = m.value
		case m.name == "Version":
			return nil, p.says(p.choose(malformed, "The policy must contain a valid version string"), "its Version is not known")
		default:
			return nil, p.syntax("%s is no member of a policy, or of another type", m.name)
		}
	}
	if statements.kind == objectNode {
		statements = node{kind: listNode, items: []node{statements}}
	}
	if len(statements.items) == 0 {
		return nil, p.says(p.choose(malformed, "Could not parse the policy: Statement is empty!"), "it has no Statement")
	}
	policy := &Policy{use: p.use}
	for i, n := range statements.items {
		p.place = fmt.Sprintf("statement %d: ", i+1)
		s, err := p.statement(n)
		if err != nil {
			return nil, err
		}
		if s.name == "" {
			s.name = strconv.Itoa(i + 1)
		}
		policy.statements = append(policy.statements, s)
	}
	return policy, nil
}

func (p *parser) statement(n node) (statement, error) {
	var s statement
	if n.kind != objectNode {
		return s, p.syntax("it is no object")
	}
	has := make(map[string]bool, len(n.members))
	for _, m := range n.members {
		has[m.name] = true
		if err := p.member(&s, m); err != nil {
			return s, err
		}
	}
	switch {
	case !has["Effect"]:
		return s, p.says(p.choose(malformed, "Missing required field Effect"), "it has no Effect")
	case p.use == Trust && !has["Principal"]:
		return s, p.says("Missing required field Principal", "")
	case has["Action"] && has["NotAction"]:
		return s, p.syntax("it has both Action and NotAction")
	case has["Resource"] && has["NotResource"]:
		return s, p.syntax("it has both Resource and NotResource")
	case s.actions == nil:
		return s, p.says(p.choose(noActions, "Missing required field Action"), "")
	case p.use != Trust && s.resources == nil:
		return s, p.says(noResources, "")
	}
	return s, nil
}

// What the service says where a list is missing or empty.
const (
	noActions   = "Policy statement must contain actions."
	noResources = "Policy statement must contain resources."
)

// noPrincipal is what the service says of principals outside of trust policies.
const noPrincipal = "Policy document should not specify a principal."

// member reads one member of a statement.
func (p *parser) member(s *statement, m member) error {
	switch m.name {
	case "Sid":
		return p.sid(s, m.value)
	case "Effect":
		s.deny = m.value.text == "Deny"
		if m.value.kind != textNode || !s.deny && m.value.text != "Allow" {
			return p.says(p.choose(malformed, "Invalid effect: "+m.value.text), "its Effect is neither Allow nor Deny")
		}
		return nil
	case "Principal":
		if p.use != Trust {
			return p.says(noPrincipal, "")
		}
		return p.principal(s, m.value)
	case "NotPrincipal":
		return p.says(p.choose(noPrincipal, "AssumeRole policy must not contain NotPrincipal field."), "")
	case "Action", "NotAction":
		s.notAction = m.name == "NotAction"
		return p.actions(s, m.value)
	case "Resource":
		if p.use == Trust {
			return p.says("Has prohibited field Resource", "")
		}
		return p.resources(s, m.value)
	case "NotResource":
		if p.use == Trust {
			return p.says("AssumeRole policy must not contain resources.", "")
		}
		s.notResource = true
		return p.resources(s, m.value)
	case "Condition":
		return p.conditions(s, m.value)
	default:
		return p.syntax("%s is no member of a statement", m.name)
	}
}

func (p *parser) sid(s *statement, n node) error {
	switch {
	case n.kind != textNode:
		return p.syntax("its Sid is no string")
	case p.use != Trust && strings.ContainsFunc(n.text, func(r rune) bool { return !alphanumeric(r) }):
		return p.says("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*", "")
	case n.text != "" && p.sids[n.text]:
		return p.says(p.choose("Statement IDs (SID) in a single policy must be unique.",
			"The Statement Ids in the policy are not unique"), n.text)
	}
	p.sids[n.text] = true
	s.name = n.text
	return nil
}

func (p *parser) actions(s *statement, n node) error {
	if n.kind == listNode && len(n.items) == 0 {
		return nil // as if it were missing
	}
	texts, ok := n.strings()
	if !ok {
		return p.syntax("its actions are no strings")
	}
	for _, t := range texts {
		if err := p.checkAction(t); err != nil {
			return err
		}
		s.actions = append(s.actions, pattern{text: marked(lower(t), wildcards)})
	}
	return nil
}

// noVendor is what the service says of actions and keys without a colon.
const noVendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."

func (p *parser) checkAction(action string) error {
	vendor, name, found := strings.Cut(action, ":")
	switch {
	case p.use == Trust && lower(vendor) != "sts":
		return p.says("AssumeRole policy may only specify STS AssumeRole actions.", action)
	case action == "*":
		return nil
	case !found:
		return p.says(noVendor, action)
	case strings.Contains(name, ":"):
		return p.says("Actions/Condition can contain only one colon.", action)
	case vendor == "" || vendor != "*" && strings.ContainsFunc(vendor, func(r rune) bool { return !alphanumeric(r) && r != '-' && r != '.' }):
		return p.says(fmt.Sprintf("Vendor %s is not valid", vendor), "")
	}
	return nil
}

func alphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
}

func (p *parser) resources(s *statement, n node) error {
	if n.kind == listNode && len(n.items) == 0 {
		return nil // as if it were missing
	}
	texts, ok := n.strings()
	if !ok {
		return p.syntax("its resources are no strings")
	}
	for _, t := range texts {
		if t != "*" && (!strings.HasPrefix(t, "arn:") || strings.Count(t, ":") < 2) {
			return p.says(fmt.Sprintf(`Resource %s must be in ARN format or "*".`, t), "")
		}
		compiled, err := compile(t, p.reading|wildcards)
		if err != nil {
			return p.syntax("resource %q: %v", t, err)
		}
		s.resources = append(s.resources, compiled)
	}
	return nil
}

func (p *parser) principal(s *statement, n node) error {
	if n.kind == textNode && n.text == "*" {
		s.principals.everyone = true
		return nil
	}
	if n.kind != objectNode {
		return p.says("Principal must be a JSON object.", "")
	}
	if len(n.members) == 0 {
		return p.says("Missing required field Principal cannot be empty!", "")
	}
	for _, m := range n.members {
		texts, ok := m.value.strings()
		if !ok {
			return p.syntax("principal %s is neither a string nor some", m.name)
		}
		for _, t := range texts {
			if !s.principals.add(m.name, t) {
				return p.says(fmt.Sprintf(`Invalid principal in policy: "%s":"%s"`, strings.ToUpper(m.name), t), "")
			}
		}
	}
	return nil
}

func (p *parser) conditions(s *statement, n node) error {
	if n.kind != objectNode {
		return p.syntax("its Condition is no object")
	}
	for _, m := range n.members {
		op, quantity, ifExists, ok := operatorNamed(m.name)
		if !ok {
			return p.says("Invalid Condition type : "+m.name, "")
		}
		if m.value.kind != objectNode || len(m.value.members) == 0 {
			return p.syntax("%s has no keys", m.name)
		}
		for _, key := range m.value.members {
			values, err := p.values(op, key)
			if err != nil {
				return err
			}
			s.conditions = append(s.conditions, condition{
				operator: m.name, label: key.name, key: strings.ToLower(key.name),
				quantity: quantity, ifExists: ifExists, negated: op.negated, null: op.null, values: values,
			})
		}
	}
	return nil
}

// values compiles what a key is compared with.
func (p *parser) values(op operator, key member) (comparison, error) {
	if !strings.Contains(key.name, ":") {
		return nil, p.says(noVendor, key.name)
	}
	texts, ok := key.value.scalars()
	if !ok {
		return nil, p.syntax("condition key %s has no values", key.name)
	}
	values, err := op.build(texts, p.reading)
	if err != nil {
		return nil, p.syntax("condition key %s: %v", key.name, err)
	}
	return values, nil
}
