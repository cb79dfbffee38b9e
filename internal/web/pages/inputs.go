package pages

import (
	"fmt"
	"strconv"
	"strings"
)

// input is what the templates of inputs see: see layout.html for its keys.
type input map[string]any

// With is an input with the given keys and values. What is wrong with it, and
// which sentences describe it, follow from its name.
func (s *screen) With(pairs ...any) (input, error) {
	in := input{"S": s}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("key %v of an input is no text", pairs[i])
		}
		in[key] = pairs[i+1]
	}
	name, _ := in["name"].(string)
	in["id"] = strings.Map(func(r rune) rune {
		if r == '[' || r == ']' || r == ':' {
			return '-'
		}
		return r
	}, name)
	in.describe(s.Error, name)
	return in, nil
}

// describe ties the sentences about an input to it.
func (in input) describe(failure *Text, name string) {
	var described []string
	if also, ok := in["described"].(string); ok && also != "" {
		described = append(described, also)
	}
	if hint, ok := in["hint"].(string); ok && hint != "" {
		described = append(described, fmt.Sprintf("%s-hint", in["id"]))
	}
	if own, ok := in["error"].(string); ok && own != "" {
		in["invalid"] = true
		described = append(described, fmt.Sprintf("%s-error", in["id"]))
	}
	if failure != nil && failure.blames(name) {
		in["invalid"] = true
		described = append(described, "error")
	}
	in["described"] = strings.Join(described, " ")
}

// NameInput asks for the name of the user.
func (s *screen) NameInput() (input, error) {
	var username string
	var kind NameKind
	complete := "username"
	switch v := s.View.(type) {
	case *SignIn:
		username, kind = v.Username, v.NameKind
		if v.Autofill != nil {
			complete = "username webauthn"
		}
	case *SignUp:
		username, kind = v.Username, v.NameKind
	case *Forgot:
		username, kind = v.Username, v.NameKind
	}
	pairs := []any{
		"name", "username", "label", s.NameLabel(kind), "value", username, "complete", complete,
		"plain", true, "focus", username == "", "type", "text",
	}
	switch kind {
	case Email:
		pairs = append(pairs, "type", "email")
	case Phone:
		pairs = append(pairs, "type", "tel", "hint", s.T("phone.hint"))
	case EmailOrPhone, Username, Any:
	}
	return s.With(pairs...)
}

// CodeInput asks for a code of digits.
func (s *screen) CodeInput() (input, error) {
	return s.With("name", "code", "type", "text", "label", s.T("code.label"), "complete", "one-time-code",
		"mode", "numeric", "pattern", "[0-9 ]*", "length", "12", "plain", true, "focus", true)
}

// inputKinds are how standard attributes are asked for: type, autocomplete. The
// rest are plain texts.
var inputKinds = map[string][2]string{
	"address":            {"text", "street-address"},
	"birthdate":          {"date", "bday"},
	"email":              {"email", "email"},
	"family_name":        {"text", "family-name"},
	"gender":             {"text", "sex"},
	"given_name":         {"text", "given-name"},
	"locale":             {"text", "language"},
	"middle_name":        {"text", "additional-name"},
	"name":               {"text", "name"},
	"nickname":           {"text", "nickname"},
	"phone_number":       {"tel", "tel"},
	"picture":            {"url", "photo"},
	"preferred_username": {"text", "off"},
	"profile":            {"url", "url"},
	"updated_at":         {"number", "off"},
	"website":            {"url", "url"},
	"zoneinfo":           {"text", "off"},
}

// Inputs ask for attributes of the user.
func (s *screen) Inputs() ([]input, error) {
	var fields []Field
	switch v := s.View.(type) {
	case *SignUp:
		fields = v.Fields
	case *NewPassword:
		fields = v.Fields
	}
	all := make([]input, 0, len(fields))
	for _, field := range fields {
		kind, ok := inputKinds[field.Name]
		if !ok {
			kind = [2]string{"text", "off"}
		}
		pairs := []any{
			"name", "requiredAttributes[" + field.Name + "]", "label", s.Label(field.Name), "value", field.Value,
			"type", kind[0], "complete", kind[1], "optional", !field.Required,
		}
		if field.Name == "email" || field.Name == "preferred_username" {
			pairs = append(pairs, "plain", true)
		}
		if field.Name == "phone_number" {
			pairs = append(pairs, "hint", s.T("phone.hint"))
		}
		if field.Error != nil {
			pairs = append(pairs, "error", s.Say(field.Error))
		}
		in, err := s.With(pairs...)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	return all, nil
}

// rule is a line of a password policy. The script checks it by its name.
type rule struct {
	Name, Text string
	Count      int
}

// Rules are what a new password must have.
func (s *screen) Rules() []rule {
	var p Policy
	switch v := s.View.(type) {
	case *SignUp:
		p = v.Policy
	case *NewPassword:
		p = v.Policy
	case *Reset:
		p = v.Policy
	}
	var rules []rule
	if p.MinLength > 0 {
		rules = append(rules, rule{"length", s.T("policy.length", strconv.Itoa(p.MinLength)), p.MinLength})
	}
	for _, one := range []struct {
		name string
		on   bool
	}{{"upper", p.Upper}, {"lower", p.Lower}, {"digit", p.Digit}, {"symbol", p.Symbol}} {
		if one.on {
			rules = append(rules, rule{Name: one.name, Text: s.T("policy." + one.name)})
		}
	}
	return rules
}
