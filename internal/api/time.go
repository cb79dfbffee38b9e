package api

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Time is a point in time on the wire: epoch seconds with up to three
// decimals, written in exponent form as the service does
// (1.594889658976E9; spec/recorded.md §1).
type Time struct{ time.Time }

// TimeOf is t as the wire can hold it: UTC, whole milliseconds.
func TimeOf(t time.Time) Time { return Time{t.UTC().Truncate(time.Millisecond)} }

// MarshalJSON writes the shortest digits, at least one after the point.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	text := strconv.FormatFloat(float64(t.UnixMilli())/1000, 'e', -1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, err := strconv.Atoi(exponent)
	if err != nil {
		return nil, fmt.Errorf("write time %v: %w", t.Time, err)
	}
	return []byte(mantissa + "E" + strconv.Itoa(n)), nil
}

// UnmarshalJSON reads a number of seconds in any JSON form; null is no time.
func (t *Time) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		*t = Time{}
		return nil
	}
	seconds, err := strconv.ParseFloat(string(data), 64)
	if err != nil || math.Abs(seconds) > 1e12 {
		return fmt.Errorf("read time %q: not a number of seconds", data)
	}
	t.Time = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
	return nil
}
