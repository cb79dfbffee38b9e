package awsapi

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode/utf8"
)

// livePatterns are patterns that the running service has instead of the
// model's, by shape.
//
// PasswordType: the model's [\S]+ would refuse a space inside a password, which
// password policies count as a symbol. The live pattern needs two characters,
// so a password of one character is refused by it. That is kept: no policy
// allows fewer than six, so none of them could have been right.
var livePatterns = map[string]string{ //nolint:gochecknoglobals // a table
	"PasswordType": `^[\S]+.*[\S]+$`,
}

// matcher says whether a pattern matches a whole value.
type matcher func(string) bool

// compilePattern makes a matcher of a pattern of the model. Patterns are Java's;
// three of its classes hold other characters than Go's.
func compilePattern(java string) (matcher, error) {
	translated := translate(java)
	tree, err := syntax.Parse(translated, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("read pattern %s: %w", java, err)
	}
	if class, least, ok := repeatedClass(tree); ok {
		return class.matcher(least), nil
	}
	re, err := regexp.Compile(`\A(?:` + translated + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("compile pattern %s: %w", java, err)
	}
	return re.MatchString, nil
}

// translate writes a Java pattern in Go's syntax: Java's \s has the vertical
// tab as well, and its dot stops at every line terminator.
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

// class is a set of characters; most patterns are one class, repeated, and a
// table decides those some ten times faster than a regular expression.
type class struct {
	ascii  [utf8.RuneSelf]bool
	ranges []rune // pairs, ascending
}

// repeatedClass recognises [class]+ and [class]*, anchored or not.
func repeatedClass(tree *syntax.Regexp) (*class, int, bool) {
	if tree.Op == syntax.OpConcat {
		subs := tree.Sub
		if len(subs) > 0 && (subs[0].Op == syntax.OpBeginText || subs[0].Op == syntax.OpBeginLine) {
			subs = subs[1:]
		}
		if len(subs) > 0 && (subs[len(subs)-1].Op == syntax.OpEndText || subs[len(subs)-1].Op == syntax.OpEndLine) {
			subs = subs[:len(subs)-1]
		}
		if len(subs) != 1 {
			return nil, 0, false
		}
		tree = subs[0]
	}
	if tree.Op != syntax.OpPlus && tree.Op != syntax.OpStar || tree.Sub[0].Op != syntax.OpCharClass || tree.Sub[0].Flags&syntax.FoldCase != 0 {
		return nil, 0, false
	}
	c := &class{ranges: slices.Clone(tree.Sub[0].Rune)}
	for r := range rune(utf8.RuneSelf) {
		c.ascii[r] = c.find(r)
	}
	if tree.Op == syntax.OpPlus {
		return c, 1, true
	}
	return c, 0, true
}

func (c *class) find(r rune) bool {
	// The first end of a range that is not before r; r is inside when the
	// range's beginning is not after it.
	lo, hi := 0, len(c.ranges)/2
	for lo < hi {
		mid := (lo + hi) / 2
		if c.ranges[2*mid+1] < r {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo < len(c.ranges)/2 && c.ranges[2*lo] <= r
}

func (c *class) matcher(least int) matcher {
	return func(s string) bool {
		if len(s) < least {
			return false
		}
		for _, r := range s {
			if r < utf8.RuneSelf {
				if !c.ascii[r] {
					return false
				}
			} else if !c.find(r) {
				return false
			}
		}
		return true
	}
}
