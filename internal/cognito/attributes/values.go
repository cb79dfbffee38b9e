package attributes

import (
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cognate/internal/api"
)

// Names of attributes that rules speak of.
const (
	Sub                 = "sub"
	Email               = "email"
	EmailVerified       = "email_verified"
	PhoneNumber         = "phone_number"
	PhoneNumberVerified = "phone_number_verified"
	PreferredUsername   = "preferred_username"
	Identities          = "identities"
)

// MaxValueLength is the most characters that any value may have
// (spec/users-and-pools.md §3.3).
const MaxValueLength = 2048

// VerifiedFlag is the name of the flag that says whether the value of
// attribute was proved to belong to the user, or "" when there is none.
func VerifiedFlag(attribute string) string {
	switch attribute {
	case Email:
		return EmailVerified
	case PhoneNumber:
		return PhoneNumberVerified
	}
	return ""
}

// flagOf is the reverse of VerifiedFlag.
func flagOf(flag string) string {
	switch flag {
	case EmailVerified:
		return Email
	case PhoneNumberVerified:
		return PhoneNumber
	}
	return ""
}

// True reports whether a value of type Boolean means yes. Callers have been
// seen to write it with a capital letter (spec/recorded.md §2.1).
func True(value string) bool { return strings.EqualFold(value, "true") || value == "1" }

// Map turns a checked list into name and value. Entries with an empty value
// are kept: in an update they stand for a deletion. Verified flags get their
// usual spelling.
func Map(attrs []api.AttributeType) map[string]string {
	values := make(map[string]string, len(attrs))
	for _, a := range attrs {
		value := ""
		if a.Value != nil {
			value = *a.Value
		}
		if flagOf(a.Name) != "" && value != "" {
			value = strconv.FormatBool(True(value))
		}
		values[a.Name] = value
	}
	return values
}

// CheckNew checks the attributes of a user who is being made. With
// requireAll, every attribute that the pool requires must be among them;
// administrators may leave some for the user to give at the first sign-in
// (spec/users-and-pools.md §7). Texts: spec/errors.md §7.
func (s *Schema) CheckNew(attrs []api.AttributeType, requireAll bool) error {
	given, err := collect(attrs)
	if err != nil {
		return err
	}
	var faults strings.Builder
	for _, a := range attrs {
		if reserved(a.Name) {
			return api.InvalidParameterException("Cannot modify the non-mutable attribute %s", a.Name)
		}
		rule, ok := s.Lookup(a.Name)
		if !ok {
			fault(&faults, "", a.Name, "Attribute does not exist in the schema.")
			continue
		}
		if value := given[a.Name]; value != "" {
			if reason := check(rule, value); reason != "" {
				fault(&faults, "", a.Name, reason)
			}
		}
	}
	if requireAll {
		for _, name := range s.Required() {
			if name != Sub && given[name] == "" {
				fault(&faults, "", name, "The attribute is required")
			}
		}
	}
	if faults.Len() > 0 {
		return api.InvalidParameterException("Attributes did not conform to the schema: %s", faults.String())
	}
	return checkForms(given)
}

// CheckUpdate checks changes to the attributes of a user. An empty value
// deletes the attribute. Texts: spec/errors.md §10.
func (s *Schema) CheckUpdate(attrs []api.AttributeType) error {
	given, err := collect(attrs)
	if err != nil {
		return err
	}
	var faults strings.Builder
	for _, a := range attrs {
		if reserved(a.Name) {
			return api.InvalidParameterException("Cannot modify the non-mutable attribute %s", a.Name)
		}
		rule, ok := s.Lookup(a.Name)
		value := given[a.Name]
		switch {
		case !ok:
			fault(&faults, "user.", a.Name, "Attribute does not exist in the schema.")
		case is(rule.Mutable, false):
			fault(&faults, "user.", a.Name, "Attribute cannot be updated.")
		case value == "" && is(rule.Required, true):
			fault(&faults, "user.", a.Name, "Attribute cannot be deleted.")
		case value != "":
			if reason := check(rule, value); reason != "" {
				fault(&faults, "user.", a.Name, reason)
			}
		}
	}
	if faults.Len() > 0 {
		return api.InvalidParameterException("%s", faults.String())
	}
	return checkForms(given)
}

// CheckDelete checks the names of attributes that are to be removed.
func (s *Schema) CheckDelete(names []string) error {
	var faults strings.Builder
	for _, name := range names {
		if reserved(name) {
			return api.InvalidParameterException("Cannot modify the non-mutable attribute %s", name)
		}
		rule, ok := s.Lookup(name)
		switch {
		case !ok:
			fault(&faults, "user.", name, "Attribute does not exist in the schema.")
		case is(rule.Mutable, false):
			fault(&faults, "user.", name, "Attribute cannot be updated.")
		case is(rule.Required, true):
			fault(&faults, "user.", name, "Attribute cannot be deleted.")
		}
	}
	if faults.Len() > 0 {
		return api.InvalidParameterException("%s", faults.String())
	}
	return nil
}

// collect gives the values by name; a name that comes twice is refused, so
// that no check looks at one value while another is stored.
func collect(attrs []api.AttributeType) (map[string]string, error) {
	given := make(map[string]string, len(attrs))
	for _, a := range attrs {
		if _, twice := given[a.Name]; twice {
			return nil, api.InvalidParameterException("Duplicate attribute name %s", a.Name)
		}
		given[a.Name] = ""
		if a.Value != nil {
			given[a.Name] = *a.Value
		}
	}
	return given, nil
}

// reserved attributes belong to the service: nobody sets them by name.
func reserved(name string) bool { return name == Sub || name == Identities }

// Fault tells why a value is none that the attribute of a name can have, or "".
func (s *Schema) Fault(name, value string) string {
	rule, ok := s.Lookup(name)
	if !ok {
		return "Attribute does not exist in the schema."
	}
	return check(rule, value)
}

// fault adds one entry of a message; each ends with a line feed, as the
// service writes them.
func fault(b *strings.Builder, prefix, name, reason string) {
	b.WriteString(prefix)
	b.WriteString(name)
	b.WriteString(": ")
	b.WriteString(reason)
	b.WriteByte('\n')
}

// check tells why value is no value of the attribute, or "".
func check(rule api.SchemaAttributeType, value string) string {
	switch rule.AttributeDataType {
	case api.AttributeDataTypeNumber:
		return checkNumber(rule.NumberAttributeConstraints, value)
	case api.AttributeDataTypeBoolean:
		if !True(value) && !strings.EqualFold(value, "false") && value != "0" {
			return "Boolean must be true or false"
		}
		return ""
	case api.AttributeDataTypeDateTime:
		return checkDateTime(value)
	default:
		return checkString(rule.StringAttributeConstraints, value)
	}
}

func checkString(limits *api.StringAttributeConstraintsType, value string) string {
	length, shortest, longest := utf8.RuneCountInString(value), 0, MaxValueLength
	if limits != nil {
		if n, ok := whole(limits.MinLength); ok {
			shortest = n
		}
		if n, ok := whole(limits.MaxLength); ok {
			longest = min(n, MaxValueLength)
		}
	}
	switch {
	case length < shortest:
		return "String must be no shorter than " + strconv.Itoa(shortest) + " characters"
	case length > longest:
		return "String must be no longer than " + strconv.Itoa(longest) + " characters"
	}
	return ""
}

func checkNumber(limits *api.NumberAttributeConstraintsType, value string) string {
	n, ok := number(value)
	if !ok {
		return "Value is not a number"
	}
	if limits == nil {
		return ""
	}
	if limits.MinValue != nil {
		if low, ok := number(*limits.MinValue); ok && n.Cmp(low) < 0 {
			return "Number must be no less than " + *limits.MinValue
		}
	}
	if limits.MaxValue != nil {
		if high, ok := number(*limits.MaxValue); ok && n.Cmp(high) > 0 {
			return "Number must be no greater than " + *limits.MaxValue
		}
	}
	return ""
}

// number reads a decimal number without an exponent, so that a short text
// cannot stand for an enormous value.
func number(text string) (*big.Rat, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+")
	if digits == "" || len(text)-len(digits) > 1 || len(digits) > MaxValueLength {
		return nil, false
	}
	before, after, point := strings.Cut(digits, ".")
	if !allDigits(before) || (point && !allDigits(after)) {
		return nil, false
	}
	return new(big.Rat).SetString(text)
}

// checkDateTime takes the profile of ISO 8601 in RFC 3339, with or without
// the time of day, and with or without the zone.
func checkDateTime(value string) string {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", time.DateOnly} {
		if _, err := time.Parse(layout, value); err == nil {
			return ""
		}
	}
	return "Value is not a date and time"
}

// checkForms checks what the schema does not say: the form of addresses, and
// that a flag has something to speak about.
func checkForms(given map[string]string) error {
	if v := given[Email]; v != "" && !LooksLikeEmail(v) {
		return api.InvalidParameterException("Invalid email address format.")
	}
	if v := given[PhoneNumber]; v != "" && !LooksLikePhone(v) {
		return api.InvalidParameterException("Invalid phone number format.")
	}
	return nil
}

// CheckFlags refuses a verified flag for an attribute that the user will not
// have. has tells the values after the change.
func CheckFlags(attrs []api.AttributeType, has func(name string) string) error {
	for _, a := range attrs {
		if a.Value == nil || *a.Value == "" {
			continue
		}
		switch {
		case a.Name == EmailVerified && has(Email) == "":
			return api.InvalidParameterException("Email is required to verify/un-verify an email")
		case a.Name == PhoneNumberVerified && has(PhoneNumber) == "":
			return api.InvalidParameterException("Phone Number is required to verify/un-verify a phone number")
		}
	}
	return nil
}

func whole(text *string) (int, bool) {
	if text == nil {
		return 0, false
	}
	n, err := strconv.Atoi(*text)
	return n, err == nil
}

func is(flag *bool, want bool) bool { return flag != nil && *flag == want }
