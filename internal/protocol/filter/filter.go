package filter

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// MaxLength is the greatest length of a filter in characters.
const MaxLength = 256

// ErrSyntax says that a text is not a filter. Its text is the message of
// InvalidParameterException (errors.md §11).
var ErrSyntax = errors.New("Error while parsing filter.") //nolint:staticcheck,revive // wording of the API

// AttributeError says that a filter names an attribute that cannot be searched.
// Its text is the message of InvalidParameterException (errors.md §11).
type AttributeError struct{ Name string }

func (e *AttributeError) Error() string { return "Invalid search attribute: " + e.Name }

// Attribute is a name that can be searched. Besides attributes of users there
// are three properties of the account.
type Attribute string

// The searchable names. Custom attributes are not among them.
const (
	Username          Attribute = "username"
	Email             Attribute = "email"
	PhoneNumber       Attribute = "phone_number"
	Name              Attribute = "name"
	GivenName         Attribute = "given_name"
	FamilyName        Attribute = "family_name"
	PreferredUsername Attribute = "preferred_username"
	UserStatus        Attribute = "cognito:user_status" // such as CONFIRMED
	Status            Attribute = "status"              // Enabled or Disabled
	Sub               Attribute = "sub"
)

// searchable reports whether a can be searched.
func (a Attribute) searchable() bool {
	switch a {
	case Username, Email, PhoneNumber, Name, GivenName, FamilyName, PreferredUsername, UserStatus, Status, Sub:
		return true
	}
	return false
}

// Op is how the attribute is compared with the value.
type Op string

// The comparisons.
const (
	Equal  Op = "="
	Prefix Op = "^="
)

// Filter is one condition. The zero Filter matches every user.
type Filter struct {
	Attribute Attribute
	Op        Op
	Value     string
}

// MatchesAll reports whether the filter has no condition.
func (f Filter) MatchesAll() bool { return f == Filter{} }

// FoldCase reports whether the attribute is compared without regard to case.
func (f Filter) FoldCase() bool { return f.Attribute == UserStatus }

// Match reports whether a user with this value of the attribute is wanted.
func (f Filter) Match(value string) bool {
	want := f.Value
	if f.FoldCase() {
		value, want = strings.ToLower(value), strings.ToLower(want)
	}
	switch f.Op {
	case Equal:
		return value == want
	case Prefix:
		return strings.HasPrefix(value, want)
	}
	return f.MatchesAll()
}

// String returns the filter in the form Parse reads.
func (f Filter) String() string {
	if f.MatchesAll() {
		return ""
	}
	return string(f.Attribute) + " " + string(f.Op) + ` "` + escaper.Replace(f.Value) + `"`
}

var escaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Parse reads a filter; an empty text, or one of spaces only, gives the zero
// Filter. Errors are ErrSyntax and, for a well-formed filter, *AttributeError.
func Parse(text string) (Filter, error) {
	if len(text) > MaxLength*utf8.UTFMax || !utf8.ValidString(text) || utf8.RuneCountInString(text) > MaxLength {
		return Filter{}, ErrSyntax
	}
	rest := strings.TrimLeft(text, " ")
	if rest == "" {
		return Filter{}, nil
	}
	name, rest := cutName(rest)
	op, rest, ok := cutOp(strings.TrimLeft(rest, " "))
	if !ok || name == "" {
		return Filter{}, ErrSyntax
	}
	value, rest, ok := cutValue(strings.TrimLeft(rest, " "))
	if !ok || strings.TrimLeft(rest, " ") != "" {
		return Filter{}, ErrSyntax
	}
	f := Filter{Attribute: Attribute(name), Op: op, Value: value}
	if !f.Attribute.searchable() {
		return Filter{}, &AttributeError{Name: name}
	}
	if f.Attribute == Sub && op != Equal { // only whole ids are looked up
		return Filter{}, ErrSyntax
	}
	return f, nil
}

// cutName splits off what stands before a space, a quote or an operator.
func cutName(text string) (name, rest string) {
	end := strings.IndexAny(text, " \"=^\\\t\r\n")
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}

func cutOp(text string) (op Op, rest string, ok bool) {
	if rest, ok = strings.CutPrefix(text, string(Prefix)); ok {
		return Prefix, rest, true
	}
	rest, ok = strings.CutPrefix(text, string(Equal))
	return Equal, rest, ok
}

// cutValue splits off a quoted value and returns it without quotes and escapes.
func cutValue(text string) (value, rest string, ok bool) {
	if text == "" || text[0] != '"' {
		return "", "", false
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], true
		case '\\':
			i++
			if i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", "", false
			}
			b.WriteByte(text[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false // no closing quote
}
