package awsapi

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"cognate/internal/api"
)

// structure reads an object. Members the shape does not have are ignored.
func (d *decoder) structure(n *node, v reflect.Value) error {
	if d.next() != '{' {
		return d.wrongCollection("structure")
	}
	if err := d.open(); err != nil {
		return err
	}
	var seen, present uint64 // bits of n.members
	var unknown nameSet
	for first := true; ; first = false {
		more, err := d.more('}', first)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		name, err := d.key()
		if err != nil {
			return err
		}
		i, known := n.byName[string(name)]
		if !known {
			if err := d.ignore(name, &unknown); err != nil {
				return err
			}
			continue
		}
		bit := uint64(1) << i
		if seen&bit != 0 {
			return twice(name)
		}
		seen |= bit
		if d.next() == 'n' {
			if err := d.literal("null"); err != nil {
				return err
			}
			continue // null is absent
		}
		present |= bit
		if err := d.member(&n.members[i], i, v); err != nil {
			return err
		}
	}
	d.checkRequired(n, present)
	return nil
}

// ignore passes over a member the shape does not have; even such a name may
// not come twice.
func (d *decoder) ignore(name []byte, seen *nameSet) error {
	if err := seen.add(name); err != nil {
		return err
	}
	return d.skip()
}

func (d *decoder) member(m *member, order int, structure reflect.Value) error {
	d.path = append(d.path, step{order: order, name: m.path})
	field := structure.Field(m.field)
	if m.pointer {
		field.Set(reflect.New(m.node.typ))
		field = field.Elem()
	}
	err := d.value(m.node, field)
	d.path = d.path[:len(d.path)-1]
	return err
}

func (d *decoder) checkRequired(n *node, present uint64) {
	for i := range n.members {
		m := &n.members[i]
		if m.required && present&(1<<i) == 0 {
			d.path = append(d.path, step{order: i, name: m.path})
			d.violated(m.node, "", false, notNull)
			d.path = d.path[:len(d.path)-1]
		}
	}
}

// list reads an array. Violations of strings in it are one entry about the
// whole list; structures in it report their members, and a list of structures
// is not printed, because any of them may hold something sensitive.
func (d *decoder) list(n *node, v reflect.Value) error {
	if d.next() != '[' {
		return d.wrongCollection("list")
	}
	if err := d.open(); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(n.typ, 0, 0))
	broken := false
	for i := 0; ; i++ {
		more, err := d.more(']', i == 0)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		v.Grow(1)
		v.SetLen(i + 1)
		d.path = append(d.path, step{order: i, index: true})
		bad, err := d.element(n.elem, v.Index(i))
		d.path = d.path[:len(d.path)-1]
		if err != nil {
			return err
		}
		broken = broken || bad
	}
	shown, show := "", v.Len() == 0
	if n.elem.Kind == api.KindString && !n.elem.hidden && (broken || n.HasMin || n.HasMax) {
		shown = listText(v)
		show = strings.IndexByte(shown, 0) < 0
	} else if show {
		shown = "[]"
	}
	if broken {
		d.violated(n.elem, shown, show, "Member must satisfy constraint: "+n.elem.whole)
	}
	d.checkSize(n, int64(v.Len()), shown, show)
	return nil
}

// element reads one element; bad says that a string violates its constraints.
func (d *decoder) element(n *node, v reflect.Value) (bad bool, err error) {
	if d.next() == 'n' {
		d.violated(n, "", false, notNull)
		return false, d.literal("null")
	}
	if n.Kind != api.KindString {
		return false, d.value(n, v)
	}
	s, err := d.stringValue()
	if err != nil {
		return false, err
	}
	v.SetString(s)
	return n.faultsOf(s).any(), nil
}

// entries reads an object into a map. A key with null is absent. Violations of
// keys and of string values are one entry each about the whole map.
func (d *decoder) entries(n *node, v reflect.Value) error {
	if d.next() != '{' {
		return d.wrongCollection("map")
	}
	if err := d.open(); err != nil {
		return err
	}
	var names nameSet
	m := reflect.MakeMap(n.typ)
	badKey, badValue := false, false
	for i := 0; ; i++ {
		more, err := d.more('}', i == 0)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		name, err := d.key()
		if err != nil {
			return err
		}
		if err := names.add(name); err != nil {
			return err
		}
		key := string(name)
		if d.next() == 'n' {
			if err := d.literal("null"); err != nil {
				return err
			}
			continue
		}
		value := reflect.New(n.typ.Elem()).Elem()
		d.path = append(d.path, step{order: i, name: key, key: true})
		bad, err := d.element(n.elem, value)
		d.path = d.path[:len(d.path)-1]
		if err != nil {
			return err
		}
		m.SetMapIndex(reflect.ValueOf(key).Convert(n.typ.Key()), value)
		badKey = badKey || n.key.faultsOf(key).any()
		badValue = badValue || bad
	}
	v.Set(m)
	d.checkEntries(n, m, badKey, badValue)
	return nil
}

func (d *decoder) checkEntries(n *node, m reflect.Value, badKey, badValue bool) {
	tooFew, tooMany := n.HasMin && int64(m.Len()) < n.Min, n.HasMax && int64(m.Len()) > n.Max
	if !badKey && !badValue && !tooFew && !tooMany {
		return
	}
	shown, show := "", n.elem.Kind == api.KindString && (!n.elem.hidden || allEmpty(m))
	if show {
		shown = mapText(m)
		show = strings.IndexByte(shown, 0) < 0
	}
	if badKey {
		d.violated(n, shown, show, "Map keys must satisfy constraint: "+n.key.whole)
	}
	if badValue {
		d.violated(n, shown, show, "Map value must satisfy constraint: "+n.elem.whole)
	}
	d.checkSize(n, int64(m.Len()), shown, show)
}

// allEmpty reports that there is nothing to hide in a map of sensitive strings
// (spec/recorded.md 2.6: an empty login is printed).
func allEmpty(m reflect.Value) bool {
	for it := m.MapRange(); it.Next(); {
		if it.Value().Len() > 0 {
			return false
		}
	}
	return true
}

func listText(slice reflect.Value) string {
	parts := make([]string, slice.Len())
	for i := range parts {
		parts[i] = slice.Index(i).String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func mapText(m reflect.Value) string {
	texts := make(map[string]string, m.Len())
	for it := m.MapRange(); it.Next(); {
		texts[it.Key().String()] = it.Value().String()
	}
	parts := make([]string, 0, len(texts))
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		parts = append(parts, key+"="+texts[key])
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
