package tokens

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"cognate/internal/cognito/attributes"
)

// object collects the claims of one token and writes them in the order of the
// service's own tokens.
//
// That order looks arbitrary but follows a rule: every recorded token
// (recorded.md §4) lists its claims as a Java HashMap of 32 buckets iterates
// over them. Applying the rule instead of a fixed list also gives the claims
// that no recording shows, such as acr, a definite place.
type object struct {
	claims []claim
	values []byte // all values, already JSON
}

type claim struct {
	name     string
	bucket   uint32
	from, to int // within values
}

func (o *object) add(name string, from int) {
	b := bucket(name)
	if strings.HasPrefix(name, attributes.CustomPrefix) {
		b = customBucket
	}
	o.claims = append(o.claims, claim{name: name, bucket: b, from: from, to: len(o.values)})
}

func (o *object) text(name, value string) {
	from := len(o.values)
	o.values = appendString(o.values, value)
	o.add(name, from)
}

func (o *object) texts(name string, values []string) {
	from := len(o.values)
	o.values = append(o.values, '[')
	for i, v := range values {
		if i > 0 {
			o.values = append(o.values, ',')
		}
		o.values = appendString(o.values, v)
	}
	o.values = append(o.values, ']')
	o.add(name, from)
}

func (o *object) number(name string, value int64) {
	from := len(o.values)
	o.values = strconv.AppendInt(o.values, value, 10)
	o.add(name, from)
}

func (o *object) flag(name string, value bool) {
	from := len(o.values)
	o.values = strconv.AppendBool(o.values, value)
	o.add(name, from)
}

// raw takes a value that is JSON already.
func (o *object) raw(name string, value []byte) {
	from := len(o.values)
	o.values = append(o.values, value...)
	o.add(name, from)
}

// json writes the object. Claims of one bucket keep the order they came in.
func (o *object) json() []byte {
	slices.SortStableFunc(o.claims, func(a, b claim) int { return int(a.bucket) - int(b.bucket) })
	out := make([]byte, 0, len(o.values)+24*len(o.claims)+2)
	out = append(out, '{')
	for i, c := range o.claims {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, c.name)
		out = append(out, ':')
		out = append(out, o.values[c.from:c.to]...)
	}
	return append(out, '}')
}

// customBucket keeps custom attributes where the recorded tokens have one, between
// origin_jti and aud, whatever they are called.
const customBucket = 16

// bucket is the place of a key in a Java HashMap with 32 buckets.
func bucket(name string) uint32 {
	var h uint32
	for _, r := range name {
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			h, r = 31*h+uint32(high), low
		}
		h = 31*h + uint32(r)
	}
	return (h ^ h>>16) & 31
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string. Unlike encoding/json it leaves the
// characters that matter in HTML alone, as the service does.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s { // invalid UTF-8 arrives as U+FFFD
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < 0x20:
			b = append(b, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
