package jwt

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
)

var (
	// ErrExpired says that exp has passed.
	ErrExpired = errors.New("jwt: token has expired")
	// ErrNotYetValid says that nbf or iat lies in the future.
	ErrNotYetValid = errors.New("jwt: token is not valid yet")
)

// lastSecond is the end of the year 9999, the latest time a claim may name.
const lastSecond = 253402300799

// Claims are the members of a token's payload. Names are matched exactly, and a
// getter's second result is false when the member is absent or of another type.
// The zero value has no members.
type Claims struct {
	members map[string]json.RawMessage
}

// ParseClaims reads a JSON object strictly: valid UTF-8, no member twice in any
// object, at most 16 levels, nothing after it (S032). The error is ErrMalformed,
// wrapped.
func ParseClaims(data []byte) (Claims, error) {
	members, err := parseObject(data)
	if err != nil {
		return Claims{}, err
	}
	return Claims{members: members}, nil
}

// Has reports whether the member is present, be it null.
func (c Claims) Has(name string) bool {
	_, ok := c.members[name]
	return ok
}

// Raw returns the member as JSON, nil when absent.
func (c Claims) Raw(name string) json.RawMessage { return c.members[name] }

// Values returns all members as encoding/json decodes them, numbers as
// json.Number.
func (c Claims) Values() map[string]any {
	all := make(map[string]any, len(c.members))
	for name, raw := range c.members {
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		var value any
		if d.Decode(&value) == nil { // it is JSON: ParseClaims has seen to that
			all[name] = value
		}
	}
	return all
}

// String returns a string member.
func (c Claims) String(name string) (string, bool) {
	raw := c.members[name]
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return s, err == nil
}

// Strings returns a member that is an array of strings.
func (c Claims) Strings(name string) ([]string, bool) {
	raw := c.members[name]
	if len(raw) == 0 || raw[0] != '[' {
		return nil, false
	}
	var pointers []*string // a null element would leave a plain string empty
	if err := json.Unmarshal(raw, &pointers); err != nil {
		return nil, false
	}
	list := make([]string, len(pointers))
	for i, p := range pointers {
		if p == nil {
			return nil, false
		}
		list[i] = *p
	}
	return list, true
}

// Bool returns a member that is true or false.
func (c Claims) Bool(name string) (value, ok bool) {
	switch string(c.members[name]) {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	return false, false
}

// Int64 returns a member that is a number written as an integer.
func (c Claims) Int64(name string) (int64, bool) {
	n, err := strconv.ParseInt(string(c.members[name]), 10, 64)
	return n, err == nil
}

// Time returns a member that is a NumericDate (RFC 7519 §2): seconds since 1970,
// perhaps with a fraction, which is dropped. Times before 1970 and after the year
// 9999 are not accepted.
func (c Claims) Time(name string) (time.Time, bool) {
	raw := c.members[name]
	if len(raw) == 0 || raw[0] == '"' {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || seconds < 0 || seconds > lastSecond {
		return time.Time{}, false
	}
	return time.Unix(int64(math.Floor(seconds)), 0).UTC(), true
}

// CheckTime checks exp, which must be present, and nbf and iat, which may be
// absent, allowing for a difference between the clocks (S037). Errors are
// ErrExpired, ErrNotYetValid, and ErrMalformed for a member of a wrong type.
func (c Claims) CheckTime(now time.Time, skew time.Duration) error {
	exp, ok := c.Time("exp")
	if !ok {
		return malformed("exp is missing or not a time")
	}
	if !now.Before(exp.Add(skew)) {
		return ErrExpired
	}
	for _, name := range [...]string{"nbf", "iat"} {
		if !c.Has(name) {
			continue
		}
		from, ok := c.Time(name)
		if !ok {
			return malformed("%s is not a time", name)
		}
		if now.Add(skew).Before(from) {
			return ErrNotYetValid
		}
	}
	return nil
}
