// Package inputs makes requests from the constraints tables of the contracts, for
// tests that send every operation what it may and may not be sent: usually legal
// values, now and then one past a boundary, of another type, or absent. How a
// request is written and what may answer it belongs to the tests.
package inputs

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"pgregory.net/rapid"

	"cognate/internal/api"
)

// Values are by the name of a member those that mean something, so that inputs get
// past the first look-up. The keys and values of a map are called "{member} key" and
// "{member} value".
type Values map[string][]string

// Of makes the JSON value of a shape.
func (v Values) Of(r *rapid.T, shape *api.Shape) any { return v.value(r, shape, "") }

func (v Values) value(r *rapid.T, shape *api.Shape, member string) any {
	if known, ok := v.Known(r, member); ok {
		switch shape.Kind {
		case api.KindString:
			return known
		case api.KindList:
			return []any{known}
		default: // a structure or map of that name is made of its parts
		}
	}
	if rapid.IntRange(0, 49).Draw(r, "odd") == 0 {
		return rapid.SampledFrom([]any{nil, true, 1, -1.5, "", "x", "\u0000", []any{}, map[string]any{}, strings.Repeat("y", 3000)}).Draw(r, "value")
	}
	switch shape.Kind {
	case api.KindString:
		return Text(r, shape)
	case api.KindBoolean:
		return rapid.Bool().Draw(r, "bool")
	case api.KindInteger, api.KindLong:
		return Number(r, shape)
	case api.KindTimestamp:
		return rapid.Float64Range(0, 4e9).Draw(r, "time")
	case api.KindBlob:
		return "aGVsbG8="
	case api.KindList:
		list := make([]any, rapid.IntRange(0, 3).Draw(r, "length"))
		for i := range list {
			list[i] = v.value(r, shape.Elem, "")
		}
		return list
	case api.KindMap:
		m := map[string]any{}
		for range rapid.IntRange(0, 3).Draw(r, "size") {
			m[fmt.Sprint(v.value(r, shape.Key, member+" key"))] = v.value(r, shape.Elem, member+" value")
		}
		return m
	case api.KindStructure:
		return v.structure(r, shape)
	default:
		return map[string]any{"a": []any{1, "b"}}
	}
}

func (v Values) structure(r *rapid.T, shape *api.Shape) any {
	m := map[string]any{}
	for _, member := range shape.Members {
		if Present(r, member) {
			m[member.Name] = v.value(r, member.Shape, member.Name)
		}
	}
	return m
}

// Known draws one of the values that mean something for a member, most of the time.
func (v Values) Known(r *rapid.T, member string) (value string, ok bool) {
	known := v[member]
	if known == nil || rapid.IntRange(0, 9).Draw(r, "known") >= 8 {
		return "", false
	}
	return rapid.SampledFrom(known).Draw(r, member), true
}

// Present says whether a member is given: required ones nearly always.
func Present(r *rapid.T, member api.Member) bool {
	likely := 5
	if member.Required {
		likely = 29
	}
	return rapid.IntRange(0, 29).Draw(r, "present") <= likely
}

// Number makes a number at, inside or just past the boundaries of a shape.
func Number(r *rapid.T, shape *api.Shape) int64 {
	candidates := []int64{0, 1, shape.Min, shape.Min - 1, 1 << 31, 1 << 40, -1}
	if shape.HasMax {
		candidates = append(candidates, shape.Max, shape.Max+1)
	}
	return rapid.SampledFrom(candidates).Draw(r, "number")
}

// Text makes a string at, inside or just past the boundaries of a shape.
func Text(r *rapid.T, shape *api.Shape) string {
	if len(shape.Enum) > 0 && rapid.IntRange(0, 9).Draw(r, "enum") > 0 {
		return rapid.SampledFrom(shape.Enum).Draw(r, "member")
	}
	if shape.Pattern != "" && rapid.Bool().Draw(r, "matching") {
		if _, err := syntax.Parse(shape.Pattern, syntax.Perl); err == nil {
			return rapid.StringMatching(shape.Pattern).Draw(r, "text")
		}
	}
	lengths := []int{0, 1, int(shape.Min), int(shape.Min) + 1}
	if shape.HasMax && shape.Max < 5000 {
		lengths = append(lengths, int(shape.Max), int(shape.Max)+1)
	}
	n := rapid.SampledFrom(lengths).Draw(r, "length")
	return strings.Repeat(rapid.SampledFrom([]string{"a", "7", "é", "-", "+1"}).Draw(r, "character"), n)
}
