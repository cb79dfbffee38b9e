package awsapi

import (
	"encoding/base64"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
)

// decoder reads one request: a single walk over the body that fills the Go
// value, checks types and collects the violated constraints.
type decoder struct {
	scanner
	path  []step
	found []violation
	count int
	// printed is how many bytes found has.
	printed int
}

// decode reads body into v, a structure of n's type. The error is an
// *api.Error: SerializationException for a body of another form,
// broken, the exception of its service, with every violated constraint.
//
// A body without any byte counts as {}.
func decode(n *node, body []byte, v reflect.Value, broken func(string, ...any) *api.Error) error {
	d := &decoder{scanner: scanner{data: body}, path: make([]step, 0, 8)}
	if d.next() == 0 && d.pos >= len(body) {
		d.data, d.pos = []byte("{}"), 0
	}
	if err := d.value(n, v); err != nil {
		return err
	}
	if d.next(); d.pos < len(d.data) {
		return d.unexpected()
	}
	return d.verdict(broken)
}

func (d *decoder) value(n *node, v reflect.Value) error {
	switch n.Kind {
	case api.KindString:
		s, err := d.stringValue()
		if err != nil {
			return err
		}
		d.checkString(n, s)
		v.SetString(s)
		return nil
	case api.KindBoolean:
		return d.boolean(v)
	case api.KindInteger, api.KindLong:
		return d.integer(n, v)
	case api.KindDouble:
		return d.double(n, v)
	case api.KindTimestamp:
		return d.timestamp(v)
	case api.KindBlob:
		return d.blob(n, v)
	case api.KindDocument:
		return d.document(n, v)
	case api.KindList:
		return d.list(n, v)
	case api.KindMap:
		return d.entries(n, v)
	default:
		return d.structure(n, v)
	}
}

// wrongType is the refusal of the value that begins at the current position
// where a scalar of the given name is expected.
func (d *decoder) wrongType(wanted string) error {
	token := "NUMBER_VALUE"
	switch c := d.next(); c {
	case '{':
		return api.SerializationException("Start of structure or map found where not expected.")
	case '[':
		return api.SerializationException("Start of list found where not expected")
	case '"':
		token = "STRING_VALUE"
	case 't':
		token = "TRUE_VALUE"
	case 'f':
		token = "FALSE_VALUE"
	}
	if err := d.skip(); err != nil {
		return err // no value at all
	}
	return api.SerializationException("%s can not be converted to %s", token, wanted)
}

// wrongCollection is the same where an object or array is expected.
func (d *decoder) wrongCollection(wanted string) error {
	switch d.next() {
	case '{':
		return api.SerializationException("Start of structure or map found where not expected.")
	case '[':
		return api.SerializationException("Start of list found where not expected")
	}
	if err := d.skip(); err != nil {
		return err
	}
	return api.SerializationException("Expected %s or null", wanted)
}

func (d *decoder) stringValue() (string, error) {
	if d.next() != '"' {
		return "", d.wrongType("a String")
	}
	b, err := d.text()
	return string(b), err
}

// faults are the constraints of its shape that a string violates.
type faults struct{ enum, pattern, zero, low, high bool }

func (f faults) any() bool { return f != faults{} }

// faultsOf checks s. It takes most of the time of a large request, so it looks
// at a string once.
func (n *node) faultsOf(s string) faults {
	f := faults{zero: strings.IndexByte(s, 0) >= 0}
	if len(n.Enum) > 0 {
		f.enum = !slices.Contains(n.Enum, s)
		return f
	}
	f.pattern = n.matches != nil && !n.matches(s)
	f.low, f.high = n.lengthBroken(s)
	return f
}

// lengthBroken compares the number of characters, not of bytes.
func (n *node) lengthBroken(s string) (low, high bool) {
	if n.HasMax && int64(len(s)) <= n.Max && (!n.HasMin || n.Min <= 1 && len(s) >= int(n.Min)) {
		return false, false // no fewer bytes than characters
	}
	if !n.HasMin && !n.HasMax {
		return false, false
	}
	length := int64(utf8.RuneCountInString(s))
	return n.HasMin && length < n.Min, n.HasMax && length > n.Max
}

// checkString adds an entry for each violated constraint of a member. A value
// with U+0000 is not printed.
func (d *decoder) checkString(n *node, s string) {
	f := n.faultsOf(s)
	if !f.any() {
		return
	}
	switch {
	case f.enum:
		d.violated(n, s, !f.zero, n.enumText)
	case f.pattern:
		d.violated(n, s, !f.zero, matchPattern(n.pattern))
	case f.zero:
		d.violated(n, s, false, noZero)
	}
	if f.low {
		d.violated(n, s, !f.zero, atLeast("length", n.Min))
	}
	if f.high {
		d.violated(n, s, !f.zero, atMost("length", n.Max))
	}
}

func (d *decoder) boolean(v reflect.Value) error {
	switch d.next() {
	case 't':
		v.SetBool(true)
		return d.literal("true")
	case 'f':
		v.SetBool(false)
		return d.literal("false")
	}
	return d.wrongType("a Boolean")
}

// isNumber reports whether a number begins at the current position.
func (d *decoder) isNumber() bool {
	c := d.next()
	return c == '-' || '0' <= c && c <= '9'
}

// integer takes a number of any notation whose value is whole and fits.
func (d *decoder) integer(n *node, v reflect.Value) error {
	name := "an Integer"
	if n.Kind == api.KindLong {
		name = "a Long"
	}
	if !d.isNumber() {
		return d.wrongType(name)
	}
	text, err := d.number()
	if err != nil {
		return err
	}
	i, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		const exact = 1 << 53 // beyond it, floating point skips whole numbers
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
			return api.SerializationException("NUMBER_VALUE can not be converted to %s", name)
		}
		i = int64(f)
	}
	if v.OverflowInt(i) {
		return api.SerializationException("NUMBER_VALUE can not be converted to %s", name)
	}
	v.SetInt(i)
	shown := strconv.FormatInt(i, 10)
	if n.HasMin && i < n.Min {
		d.violated(n, shown, true, atLeast("value", n.Min))
	}
	if n.HasMax && i > n.Max {
		d.violated(n, shown, true, atMost("value", n.Max))
	}
	return nil
}

func (d *decoder) double(n *node, v reflect.Value) error {
	if !d.isNumber() {
		return d.wrongType("a Double")
	}
	text, err := d.number()
	if err != nil {
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return api.SerializationException("NUMBER_VALUE can not be converted to a Double")
	}
	v.SetFloat(f)
	if n.HasMin && f < float64(n.Min) {
		d.violated(n, text, true, atLeast("value", n.Min))
	}
	if n.HasMax && f > float64(n.Max) {
		d.violated(n, text, true, atMost("value", n.Max))
	}
	return nil
}

func (d *decoder) timestamp(v reflect.Value) error {
	const wanted = "milliseconds since epoch"
	if !d.isNumber() {
		return d.wrongType(wanted)
	}
	text, err := d.number()
	if err != nil {
		return err
	}
	var t api.Time
	if err := t.UnmarshalJSON([]byte(text)); err != nil {
		return api.SerializationException("NUMBER_VALUE can not be converted to " + wanted).Because(err)
	}
	v.Set(reflect.ValueOf(t))
	return nil
}

// blob reads base64. Its value is never printed.
func (d *decoder) blob(n *node, v reflect.Value) error {
	if d.next() != '"' {
		return d.wrongType("a Blob")
	}
	text, err := d.text()
	if err != nil {
		return err
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	size, err := base64.StdEncoding.Decode(b, text)
	if err != nil {
		return api.SerializationException("STRING_VALUE can not be converted to a Blob").Because(err)
	}
	v.SetBytes(b[:size])
	d.checkSize(n, int64(size), "", false)
	return nil
}

func (d *decoder) checkSize(n *node, size int64, value string, show bool) {
	if n.HasMin && size < n.Min {
		d.violated(n, value, show, atLeast("length", n.Min))
	}
	if n.HasMax && size > n.Max {
		d.violated(n, value, show, atMost("length", n.Max))
	}
}

// document keeps the text of a free-form value.
func (d *decoder) document(n *node, v reflect.Value) error {
	d.next()
	start := d.pos
	d.zero = false
	if err := d.skip(); err != nil {
		return err
	}
	if d.zero {
		d.violated(n, "", false, noZero)
	}
	v.SetBytes(slices.Clone(d.data[start:d.pos]))
	return nil
}
