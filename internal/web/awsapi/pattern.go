package awsapi

import (
	"fmt"
	"regexp/syntax"
	"strings"
)

// livePatterns are patterns that the running service has instead of the
// model's, by shape.
//
// PasswordType: the model's [\S]+ would refuse a space inside a password, which
// password policies count as a symbol. The live pattern needs two characters,
// so a password of one character is refused by it. That is kept: no policy
// allows fewer than six, so none of them could have been right.
//
// DomainType: none. Custom domains have dots, and a bad prefix is answered in
// words of its own (spec/recorded.md §2.4).
var livePatterns = map[string]string{ //nolint:gochecknoglobals // a table
	"DomainType":   "",
	"PasswordType": `^[\S]+.*[\S]+$`,
}

// matcher says whether a pattern matches a whole value.
type matcher func(string) bool

// compilePattern makes a matcher of a pattern of the model. Patterns are Java's;
// three of its classes hold other characters than Go's.
func compilePattern(java string) (matcher, error) {
	tree, err := syntax.Parse(translate(java), syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("read pattern %s: %w", java, err)
	}
	a, err := newAutomaton(tree)
	if err != nil {
		return nil, fmt.Errorf("compile pattern %s: %w", java, err)
	}
	return a.matches, nil
}

// translate writes a Java pattern in Go's syntax: Java's \s has the vertical
// tab as well, and its dot stops at every line terminator. \uXXXX is \x{XXXX}; the
// model of STS means more than four digits where it has them.
func translate(java string) string {
	const space = `\t\n\x0B\f\r `
	dotAll := strings.HasPrefix(java, "(?s)")
	var b strings.Builder
	inClass := false
	for i := 0; i < len(java); i++ {
		c := java[i]
		switch {
		case strings.HasPrefix(java[i:], `[\S]`):
			b.WriteString(`[^` + space + `]`)
			i += 3
		case strings.HasPrefix(java[i:], `\s`) && inClass:
			b.WriteString(space)
			i++
		case strings.HasPrefix(java[i:], `\s`):
			b.WriteString(`[` + space + `]`)
			i++
		case strings.HasPrefix(java[i:], `\u`):
			digits := hexDigits(java[i+2:])
			b.WriteString(`\x{` + digits + `}`)
			i += 1 + len(digits)
		case c == '\\':
			b.WriteString(java[i : i+2])
			i++
		case c == '.' && !inClass && !dotAll:
			b.WriteString(`[^\n\r\x{85}\x{2028}\x{2029}]`)
		default:
			if c == '[' || c == ']' {
				inClass = c == '['
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

// hexDigits are the hexadecimal digits, six at most, that s begins with.
func hexDigits(s string) string {
	n := 0
	for n < len(s) && n < 6 && strings.IndexByte("0123456789ABCDEFabcdef", s[n]) >= 0 {
		n++
	}
	return s[:n]
}
