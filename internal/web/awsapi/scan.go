package awsapi

import (
	"unicode/utf8"

	"cognate/internal/api"
)

// maxDepth is how deep objects and arrays may nest (spec/security.md S170).
const maxDepth = 32

// scanner reads JSON as RFC 8259 has it and refuses what readers disagree
// about: bytes that are not UTF-8, halves of surrogate pairs, members that
// come twice.
type scanner struct {
	data    []byte
	pos     int
	depth   int
	scratch []byte // the last string that had to be unescaped
	zero    bool   // a string with U+0000 was read
}

// next skips white space and gives the byte that follows, 0 at the end.
func (s *scanner) next() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// unexpected describes the byte at the current position, in the words of the
// service's own JSON reader.
func (s *scanner) unexpected() error {
	if s.pos >= len(s.data) {
		return api.SerializationException("Unexpected end-of-input")
	}
	c := s.data[s.pos]
	if c > ' ' && c < utf8.RuneSelf {
		return api.SerializationException("Unexpected character ('%c' (code %d))", c, c)
	}
	return api.SerializationException("Unexpected character (code %d)", c)
}

// expect consumes the punctuation c.
func (s *scanner) expect(c byte) error {
	if s.next() != c {
		return s.unexpected()
	}
	s.pos++
	return nil
}

// open enters an object or array.
func (s *scanner) open() error {
	s.pos++
	s.depth++
	if s.depth > maxDepth {
		return api.SerializationException("Document nesting depth (%d) exceeds the maximum allowed (%d)", s.depth, maxDepth)
	}
	return nil
}

// more reports whether another element follows in the object or array that
// ends with end; first says that none was read yet.
func (s *scanner) more(end byte, first bool) (bool, error) {
	c := s.next()
	switch {
	case c == end:
		s.pos++
		s.depth--
		return false, nil
	case first:
		return true, nil
	case c == ',':
		s.pos++
		return true, nil
	}
	return false, s.unexpected()
}

// key reads the name of a member and its colon. The bytes are valid until the
// next string is read.
func (s *scanner) key() ([]byte, error) {
	name, err := s.text()
	if err != nil {
		return nil, err
	}
	return name, s.expect(':')
}

// text reads a string. The bytes are valid until the next string is read.
func (s *scanner) text() ([]byte, error) {
	if s.next() != '"' {
		return nil, s.unexpected()
	}
	s.pos++
	start := s.pos
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c == '"' {
			s.pos++
			return s.data[start : s.pos-1], nil
		}
		if c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			return s.slowText(start)
		}
		s.pos++
	}
	return nil, s.unexpected()
}

// slowText goes on with a string that has something else than plain ASCII.
func (s *scanner) slowText(start int) ([]byte, error) {
	b := append(s.scratch[:0], s.data[start:s.pos]...)
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		switch {
		case c == '"':
			s.pos++
			s.scratch = b
			return b, nil
		case c < ' ':
			return nil, s.unexpected()
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return nil, err
			}
			b = utf8.AppendRune(b, r)
		case c < utf8.RuneSelf:
			b = append(b, c)
			s.pos++
		default:
			r, size := utf8.DecodeRune(s.data[s.pos:])
			if r == utf8.RuneError && size == 1 {
				return nil, api.SerializationException("Invalid UTF-8 byte 0x%x", c)
			}
			b = append(b, s.data[s.pos:s.pos+size]...)
			s.pos += size
		}
	}
	return nil, s.unexpected()
}

// escape reads what a backslash begins.
func (s *scanner) escape() (rune, error) {
	s.pos++
	if s.pos >= len(s.data) {
		return 0, s.unexpected()
	}
	c := s.data[s.pos]
	s.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), nil
	case 'b':
		return '\b', nil
	case 'f':
		return '\f', nil
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case 'u':
		return s.unicodeEscape()
	}
	s.pos--
	return 0, s.unexpected()
}

func (s *scanner) unicodeEscape() (rune, error) {
	high, err := s.hex4()
	if err != nil {
		return 0, err
	}
	if high == 0 {
		s.zero = true
	}
	if high < 0xD800 || high > 0xDFFF {
		return high, nil
	}
	if high < 0xDC00 && s.pos+1 < len(s.data) && s.data[s.pos] == '\\' && s.data[s.pos+1] == 'u' {
		s.pos += 2
		low, err := s.hex4()
		if err != nil {
			return 0, err
		}
		if low >= 0xDC00 && low <= 0xDFFF {
			return (high-0xD800)<<10 + (low - 0xDC00) + 0x10000, nil
		}
	}
	return 0, api.SerializationException("Incomplete surrogate pair")
}

func (s *scanner) hex4() (rune, error) {
	var r rune
	for range 4 {
		if s.pos >= len(s.data) {
			return 0, s.unexpected()
		}
		c := s.data[s.pos]
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 + rune(c-'0')
		case 'a' <= c && c <= 'f':
			r = r<<4 + rune(c-'a'+10)
		case 'A' <= c && c <= 'F':
			r = r<<4 + rune(c-'A'+10)
		default:
			return 0, s.unexpected()
		}
		s.pos++
	}
	return r, nil
}

// number reads a number's text.
func (s *scanner) number() (string, error) {
	start := s.pos
	if s.at('-') {
		s.pos++
	}
	if s.at('0') {
		s.pos++
	} else if !s.digits() {
		return "", s.unexpected()
	}
	if s.at('.') {
		s.pos++
		if !s.digits() {
			return "", s.unexpected()
		}
	}
	if s.at('e') || s.at('E') {
		s.pos++
		if s.at('+') || s.at('-') {
			s.pos++
		}
		if !s.digits() {
			return "", s.unexpected()
		}
	}
	return string(s.data[start:s.pos]), nil
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.data) && s.data[s.pos] == c }

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// literal consumes true, false or null.
func (s *scanner) literal(word string) error {
	for i := range len(word) {
		if !s.at(word[i]) {
			return s.unexpected()
		}
		s.pos++
	}
	return nil
}

// skip reads any value, with all the checks, and forgets it.
func (s *scanner) skip() error {
	switch c := s.next(); c {
	case '{':
		return s.skipObject()
	case '[':
		if err := s.open(); err != nil {
			return err
		}
		for first := true; ; first = false {
			more, err := s.more(']', first)
			if err != nil || !more {
				return err
			}
			if err := s.skip(); err != nil {
				return err
			}
		}
	case '"':
		_, err := s.text()
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		_, err := s.number()
		return err
	}
}

func (s *scanner) skipObject() error {
	if err := s.open(); err != nil {
		return err
	}
	var names nameSet
	for first := true; ; first = false {
		more, err := s.more('}', first)
		if err != nil || !more {
			return err
		}
		name, err := s.key()
		if err != nil {
			return err
		}
		if err := names.add(name); err != nil {
			return err
		}
		if err := s.skip(); err != nil {
			return err
		}
	}
}

// nameSet finds members that come twice where no shape lists their names.
type nameSet map[string]struct{}

func (n *nameSet) add(name []byte) error {
	if *n == nil {
		*n = make(nameSet)
	}
	if _, ok := (*n)[string(name)]; ok {
		return twice(name)
	}
	(*n)[string(name)] = struct{}{}
	return nil
}

func twice(name []byte) error {
	return api.SerializationException("Duplicate field '%s'", clip(string(name)))
}

// clip bounds what a message or log line repeats of a request.
func clip(s string) string {
	const most = 128
	if len(s) <= most {
		return s
	}
	for cut := most; ; cut-- {
		if utf8.RuneStart(s[cut]) {
			return s[:cut] + "..."
		}
	}
}
