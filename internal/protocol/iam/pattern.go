package iam

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// Wildcards in the text of a pattern. The bytes occur in no UTF-8 text, so an
// asterisk that is meant as one needs no escape.
const (
	anyRun = 0xff // *: any characters, none included
	anyOne = 0xfe // ?: one character
)

// pattern is a text of a policy, perhaps with wildcards and variables.
type pattern struct {
	text  string // without variables: all of it
	parts []part // with variables: what the text is made of
}

// part is a text, or a variable with what stands in for it.
type part struct {
	text        string
	key         string // of a variable, in lower case; empty: only text
	hasFallback bool   // text is used where the request has no such key
}

// verdict is the answer of a comparison.
type verdict uint8

const (
	differs verdict = iota
	matches
	undecided // something that the comparison needs is missing or no such value
)

// reading says what in a text of a policy is special.
type reading uint8

const (
	wildcards reading = 1 << iota // * and ?
	variables                     // ${…}
)

// compile reads the text of a pattern.
func compile(text string, r reading) (pattern, error) {
	if r&variables == 0 || !strings.Contains(text, "${") {
		return pattern{text: marked(text, r)}, nil
	}
	var (
		parts  []part
		before strings.Builder
		named  bool
	)
	for {
		plain, rest, found := strings.Cut(text, "${")
		before.WriteString(marked(plain, r))
		if !found {
			break
		}
		inner, after, closed := strings.Cut(rest, "}")
		if !closed {
			return pattern{}, errors.New("a variable has no end")
		}
		text = after
		if inner == "*" || inner == "?" || inner == "$" {
			before.WriteString(inner)
			continue
		}
		v, err := variable(inner)
		if err != nil {
			return pattern{}, err
		}
		parts = append(parts, part{text: before.String()}, v)
		before.Reset()
		named = true
	}
	if !named {
		return pattern{text: before.String()}, nil
	}
	return pattern{parts: append(parts, part{text: before.String()})}, nil
}

// variable reads what stands between the braces: a key, or a key and a text in
// single quotes to take where the request does not have it.
func variable(inner string) (part, error) {
	key, fallback, has := strings.Cut(inner, ",")
	v := part{key: strings.ToLower(strings.TrimSpace(key)), hasFallback: has}
	if v.key == "" || strings.ContainsAny(v.key, "${*?'") {
		return part{}, errors.New("a variable names no key")
	}
	if !has {
		return v, nil
	}
	fallback = strings.TrimSpace(fallback)
	if len(fallback) < 2 || fallback[0] != '\'' || fallback[len(fallback)-1] != '\'' ||
		strings.Contains(fallback[1:len(fallback)-1], "'") {
		return part{}, errors.New("what stands in for a variable is not in single quotes")
	}
	v.text = fallback[1 : len(fallback)-1]
	return v, nil
}

// marked puts the wildcards of a text where its asterisks and question marks are.
func marked(text string, r reading) string {
	if r&wildcards == 0 || !strings.ContainsAny(text, "*?") {
		return text
	}
	b := []byte(text)
	for i, c := range b {
		switch c {
		case '*':
			b[i] = anyRun
		case '?':
			b[i] = anyOne
		}
	}
	return string(b)
}

// expand puts in the values of variables, as they are: what looks like a variable
// or a wildcard in a value is none. It fails where a variable has no value, or
// several.
func (p *pattern) expand(e *evaluation) (text string, ok bool) {
	if p.parts == nil {
		return p.text, true
	}
	var b strings.Builder
	b.Grow(128) // more than most ARNs have
	for i := range p.parts {
		text, ok := p.parts[i].value(e)
		if !ok {
			return "", false
		}
		b.WriteString(text)
	}
	return b.String(), true
}

// value returns what stands in an expanded pattern for the part.
func (p *part) value(e *evaluation) (text string, ok bool) {
	if p.key == "" {
		return p.text, true
	}
	switch values := e.values(p.key); len(values) {
	case 0:
		return p.text, p.hasFallback
	case 1: // bytes that are no UTF-8 might be taken for wildcards
		return values[0], len(values[0]) <= maxValue && utf8.ValidString(values[0])
	default:
		return "", false
	}
}

// matches compares a value with the pattern.
func (p *pattern) matches(e *evaluation, value string) verdict {
	text, ok := p.expand(e)
	switch {
	case !ok:
		return undecided
	case match(text, value):
		return matches
	default:
		return differs
	}
}

// onlyWildcards tells patterns that do not look at what they match.
func (p pattern) onlyWildcards() bool {
	return p.parts == nil && !strings.ContainsFunc(p.text, func(r rune) bool {
		return r != utf8.RuneError // what the bytes of wildcards are read as
	})
}

// match compares a value with a text that may have wildcards. It remembers the
// last * only: a * before it that took fewer characters leaves more to the later
// one, so going further back finds nothing new. The work is at most the length of
// the text times that of the value.
func match(text, value string) bool {
	at, seen := 0, 0
	star, resume := -1, 0
	for seen < len(value) {
		if at < len(text) {
			switch c := text[at]; c {
			case anyRun:
				if at++; at == len(text) {
					return true
				}
				star, resume = at, seen
				continue
			case anyOne:
				at++
				seen += width(value[seen:])
				continue
			case value[seen]:
				at++
				seen++
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume += width(value[resume:])
		at, seen = star, resume
	}
	for at < len(text) && text[at] == anyRun {
		at++
	}
	return at == len(text)
}

// width is the number of bytes of the first character.
func width(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// matchARN compares an ARN with a text part by part, so that a wildcard in one of
// the first five parts stays in it.
func matchARN(text, arn string) bool {
	for range 5 {
		pattern, restOfText, ok := strings.Cut(text, ":")
		value, restOfARN, _ := strings.Cut(arn, ":")
		if !ok || !match(pattern, value) {
			return false
		}
		text, arn = restOfText, restOfARN
	}
	return match(text, arn)
}

// isARN tells texts with the six parts of an ARN.
func isARN(text string) bool {
	return strings.HasPrefix(text, "arn:") && strings.Count(text, ":") >= 5
}
