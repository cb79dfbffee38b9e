package awsapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/api"
)

// maxPrinted and longestPrinted bound the entries of one answer, and how many bytes
// they have before the last of them; all violations are counted. An entry has a value
// or a key as long as the request at the most.
const (
	maxPrinted     = 100
	longestPrinted = 1 << 20
)

// noZero stands for the one constraint that is ours: PostgreSQL cannot keep
// U+0000, so no string may contain it, whatever its pattern says.
const noZero = `Member must satisfy regular expression pattern: [^\u0000]*`

const notNull = "Member must not be null"

func atLeast(what string, n int64) string {
	return "Member must have " + what + " greater than or equal to " + strconv.FormatInt(n, 10)
}

func atMost(what string, n int64) string {
	return "Member must have " + what + " less than or equal to " + strconv.FormatInt(n, 10)
}

func matchPattern(p string) string {
	return "Member must satisfy regular expression pattern: " + p
}

// wholeText lists the constraints of one string, as they are printed when an
// element of a list or a key or value of a map violates any of them.
func wholeText(n *node) string {
	if n.Kind != api.KindString {
		return ""
	}
	var all []string
	if n.HasMax {
		all = append(all, atMost("length", n.Max))
	}
	if n.HasMin {
		all = append(all, atLeast("length", n.Min))
	}
	if n.pattern != "" {
		all = append(all, matchPattern(n.pattern))
	}
	if len(n.Enum) > 0 {
		all = append(all, n.enumText)
	}
	if len(all) == 0 {
		all = append(all, noZero)
	}
	return "[" + strings.Join(all, ", ") + "]"
}

// violation is one entry of the message, with its place in the model's order.
type violation struct {
	order []int
	text  string
}

// step leads from a structure, list or map to one of its parts.
type step struct {
	order int    // in the model, in the list
	name  string // of the member; of the map's key
	index bool   // the part is element order of a list
	key   bool   // the part is the map's value at name
}

// violated adds an entry about the value at the current path. The value is
// printed as it is, unless n is sensitive or show is false.
func (d *decoder) violated(n *node, value string, show bool, constraint string) {
	d.count++
	if len(d.found) >= maxPrinted || d.printed >= longestPrinted {
		return
	}
	var b strings.Builder
	b.WriteString("Value ")
	switch {
	case constraint == notNull:
		b.WriteString("null ")
	case show && !n.hidden:
		b.WriteString("'" + value + "' ")
	}
	b.WriteString("at '" + d.pathText() + "' failed to satisfy constraint: " + constraint)
	order := make([]int, len(d.path))
	for i, s := range d.path {
		order[i] = s.order
	}
	d.found = append(d.found, violation{order, b.String()})
	d.printed += b.Len()
}

func (d *decoder) pathText() string {
	var b strings.Builder
	for i, s := range d.path {
		if i > 0 {
			b.WriteByte('.')
		}
		switch {
		case s.index:
			b.WriteString(strconv.Itoa(s.order+1) + ".member")
		case s.key:
			b.WriteString(s.name + ".member")
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// verdict is the exception for everything that was found, nil for nothing.
func (d *decoder) verdict(broken func(string, ...any) *api.Error) error {
	if d.count == 0 {
		return nil
	}
	slices.SortStableFunc(d.found, func(a, b violation) int { return slices.Compare(a.order, b.order) })
	texts := make([]string, len(d.found))
	for i, v := range d.found {
		texts[i] = v.text
	}
	noun := "errors"
	if d.count == 1 {
		noun = "error"
	}
	return broken("%s", fmt.Sprintf("%d validation %s detected: %s", d.count, noun, strings.Join(texts, "; ")))
}

// hashOrder is the order in which a Java HashSet lists its values. Every
// recorded enum message has it ([OPTIONAL, OFF, ON]; [POST, GET]).
func hashOrder(values []string) []string {
	size := 16
	for size*3/4 < len(values) {
		size *= 2
	}
	bucket := func(s string) int {
		var h uint32
		for i := range len(s) {
			h = 31*h + uint32(s[i])
		}
		return int((h ^ h>>16) & uint32(size-1))
	}
	sorted := slices.Clone(values)
	slices.SortStableFunc(sorted, func(a, b string) int { return bucket(a) - bucket(b) })
	return sorted
}
