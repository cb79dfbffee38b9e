package jwt

import (
	"encoding/json"
	"unicode/utf8"
)

// maxDepth is the deepest nesting of objects and arrays, the outermost included.
const maxDepth = 16

// parseObject reads a JSON object strictly and returns its members undecoded.
// The grammar is left to encoding/json; the walk afterwards finds what that
// package lets pass: repeated names and deep nesting.
func parseObject(data []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(data) || !json.Valid(data) {
		return nil, malformed("not JSON")
	}
	w := walker{data: data}
	w.space()
	if w.data[w.at] != '{' {
		return nil, malformed("not a JSON object")
	}
	members := make(map[string]json.RawMessage)
	if err := w.object(1, members); err != nil {
		return nil, err
	}
	return members, nil
}

// walker goes over text which is known to be valid JSON, so that no step needs
// to look for the end of the text.
type walker struct {
	data []byte
	at   int
}

// value steps over one value whose container is at the given depth.
func (w *walker) value(depth int) error {
	switch w.data[w.at] {
	case '{':
		return w.object(depth+1, make(map[string]json.RawMessage))
	case '[':
		return w.array(depth + 1)
	case '"':
		w.text()
	default: // number or literal
		for w.at < len(w.data) && !endsScalar(w.data[w.at]) {
			w.at++
		}
	}
	return nil
}

// object steps over an object and records its members.
func (w *walker) object(depth int, members map[string]json.RawMessage) error {
	if depth > maxDepth {
		return malformed("nested deeper than %d", maxDepth)
	}
	for w.next('}') {
		start := w.at
		escaped := w.text()
		name := string(w.data[start+1 : w.at-1])
		if escaped {
			if err := json.Unmarshal(w.data[start:w.at], &name); err != nil {
				return malformed("member name is not a string")
			}
		}
		if _, twice := members[name]; twice {
			return malformed("a member appears twice")
		}
		w.space()
		w.at++ // the colon
		w.space()
		start = w.at
		if err := w.value(depth); err != nil {
			return err
		}
		members[name] = w.data[start:w.at:w.at]
	}
	return nil
}

func (w *walker) array(depth int) error {
	if depth > maxDepth {
		return malformed("nested deeper than %d", maxDepth)
	}
	for w.next(']') {
		if err := w.value(depth); err != nil {
			return err
		}
	}
	return nil
}

// next steps over the bracket or comma before an element and reports whether
// one follows; otherwise it steps over the closing bracket.
func (w *walker) next(closing byte) bool {
	w.space()
	if w.data[w.at] != closing {
		w.at++ // the opening bracket or a comma
		w.space()
	}
	if w.data[w.at] != closing {
		return true
	}
	w.at++
	return false
}

// text steps over a string and reports whether it has escapes.
func (w *walker) text() (escaped bool) {
	for w.at++; w.data[w.at] != '"'; w.at++ {
		if w.data[w.at] == '\\' {
			escaped = true
			w.at++
		}
	}
	w.at++
	return escaped
}

func (w *walker) space() {
	for w.at < len(w.data) && isSpace(w.data[w.at]) {
		w.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func endsScalar(c byte) bool { return c == ',' || c == ']' || c == '}' || isSpace(c) }
