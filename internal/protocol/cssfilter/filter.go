package cssfilter

import (
	"fmt"
	"slices"
	"strings"
)

// MaxBytes is the size up to which a stylesheet is looked at.
const MaxBytes = 131072

// Error says what is wrong with a stylesheet, and in which line.
type Error struct {
	Line   int // from 1
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// Filter checks a stylesheet and gives it in its shortest form, safe to put into a
// style element. Comments are dropped. Its errors are *Error: anything that is
// not allowed refuses the whole stylesheet.
func Filter(css string) (string, error) {
	if len(css) > MaxBytes {
		return "", &Error{1, fmt.Sprintf("a stylesheet has %d bytes at most", MaxBytes)}
	}
	plain, err := withoutComments(css)
	if err != nil {
		return "", err
	}
	f := filter{rest: plain, line: 1}
	for {
		f.space()
		if f.rest == "" {
			return f.out.String(), nil
		}
		if err := f.rule(); err != nil {
			return "", err
		}
	}
}

// withoutComments puts a space in the place of each comment, keeping line breaks,
// and refuses characters that no allowed rule has.
func withoutComments(css string) (string, error) {
	if strings.Contains(strings.ToLower(css), "</style") {
		return "", &Error{1, "the end of a style element is not allowed"}
	}
	var out strings.Builder
	line := 1
	for i := 0; i < len(css); i++ {
		c := css[i]
		switch {
		case strings.HasPrefix(css[i:], "/*"):
			length := strings.Index(css[i+2:], "*/")
			if length < 0 {
				return "", &Error{line, "a comment has no end"}
			}
			breaks := strings.Count(css[i:i+2+length], "\n")
			out.WriteString(" " + strings.Repeat("\n", breaks))
			line += breaks
			i += 2 + length + 1
			continue
		case c == '\n':
			line++
		case c == '\r' || c == '\t' || c == '\f':
			c = ' '
		case !allowedCharacter(c):
			return "", &Error{line, fmt.Sprintf("the character %q is not allowed", c)}
		}
		out.WriteByte(c)
	}
	return out.String(), nil
}

func allowedCharacter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(" .,:;{}()#%!-", c) >= 0
}

// filter reads a stylesheet without comments and strings. So braces and semicolons
// are always the end of something.
type filter struct {
	rest string
	line int
	out  strings.Builder
}

func (f *filter) refuse(format string, args ...any) error {
	return &Error{f.line, fmt.Sprintf(format, args...)}
}

// space skips white space.
func (f *filter) space() {
	rest := strings.TrimLeft(f.rest, " \n")
	f.line += strings.Count(f.rest[:len(f.rest)-len(rest)], "\n")
	f.rest = rest
}

// until gives what is before the first of the marks, without white space around
// it, and the mark, or 0 at the end.
func (f *filter) until(marks string) (text string, mark byte) {
	end := strings.IndexAny(f.rest, marks)
	if end < 0 {
		text, f.rest = f.rest, ""
		return strings.TrimSpace(text), 0
	}
	text, mark = f.rest[:end], f.rest[end]
	f.line += strings.Count(text, "\n")
	f.rest = f.rest[end+1:]
	return strings.TrimSpace(text), mark
}

// rule reads a list of selectors and their declarations.
func (f *filter) rule() error {
	list, mark := f.until("{}")
	if mark != '{' {
		return f.refuse("%s is no rule", shortened(list))
	}
	selectors, allowed, err := f.selectors(list)
	if err != nil {
		return err
	}
	var body []string
	for {
		f.space()
		text, mark := f.until(";{}")
		if mark != ';' && mark != '}' {
			return f.refuse("the rule of %s has no end", selectors)
		}
		if text != "" {
			declaration, err := f.declaration(text, selectors, allowed)
			if err != nil {
				return err
			}
			body = append(body, declaration)
		}
		if mark == '}' {
			break
		}
	}
	if len(body) > 0 {
		f.out.WriteString(selectors + "{" + strings.Join(body, ";") + "}\n")
	}
	return nil
}

// selectors reads a list of selectors, and gives the properties that all of them
// may have.
func (f *filter) selectors(list string) (canonical string, allowed []string, err error) {
	var names []string
	for i, one := range strings.Split(list, ",") {
		name := strings.TrimSpace(one)
		properties, ok := propertiesOf(name)
		if !ok {
			return "", nil, f.refuse("the selector %s is not allowed", shortened(name))
		}
		names = append(names, name)
		if i == 0 {
			allowed = properties
		} else {
			allowed = both(allowed, properties)
		}
	}
	return strings.Join(names, ","), allowed, nil
}

func both(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(one string) bool { return !slices.Contains(b, one) })
}

// declaration checks a property with its value and gives it in its shortest form.
func (f *filter) declaration(text, selectors string, allowed []string) (string, error) {
	name, value, ok := strings.Cut(text, ":")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok {
		return "", f.refuse("%s is no declaration", shortened(text))
	}
	check, known := properties[name]
	if !known || !slices.Contains(allowed, name) {
		return "", f.refuse("the property %s is not allowed in %s", shortened(name), selectors)
	}
	words, important, err := words(value)
	if err == nil && (len(words) == 0 || !check(words)) {
		err = errValue
	}
	if err != nil {
		return "", f.refuse("the value %s is not allowed for %s", shortened(strings.TrimSpace(value)), name)
	}
	return name + ":" + strings.Join(words, " ") + important, nil
}

const shownBytes = 60

// shortened quotes a piece of the stylesheet for a message.
func shortened(text string) string {
	if len(text) > shownBytes {
		text = text[:shownBytes] + "..."
	}
	return fmt.Sprintf("%q", text)
}
