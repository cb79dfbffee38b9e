package awsapi

import (
	"fmt"
	"reflect"
	"strings"

	"cognate/internal/api"
)

// node is a row of the constraints table made ready for one Go type.
type node struct {
	*api.Shape
	typ     reflect.Type // of the value, without a pointer
	hidden  bool         // sensitive, by itself or by what it is part of: its value is not printed
	pattern string       // as printed
	matches matcher      // nil: no pattern
	key     *node        // of a map
	elem    *node        // of a list or map
	members []member     // of a structure, in the model's order
	byName  map[string]int

	// What messages say about values of this shape, ready made.
	enumText string
	whole    string // all constraints of a list element, map key or map value
}

type member struct {
	name     string // on the wire
	path     string // in messages
	field    int
	required bool
	pointer  bool
	node     *node
}

// planner makes nodes; equal ones are made once.
type planner struct {
	nodes    map[planKey]*node
	patterns map[string]matcher
}

type planKey struct {
	shape  *api.Shape
	typ    reflect.Type
	hidden bool
}

func newPlanner() *planner {
	return &planner{nodes: make(map[planKey]*node), patterns: make(map[string]matcher)}
}

// plan joins shape with the Go type that holds its values.
func (p *planner) plan(shape *api.Shape, typ reflect.Type, hidden bool) (*node, error) {
	hidden = hidden || shape.Sensitive
	key := planKey{shape, typ, hidden}
	if n, ok := p.nodes[key]; ok {
		return n, nil
	}
	n := &node{Shape: shape, typ: typ, hidden: hidden}
	p.nodes[key] = n // before its parts: shapes may contain themselves
	if want, ok := goKinds[shape.Kind]; !ok || typ.Kind() != want && (shape.Kind != api.KindInteger || typ.Kind() != reflect.Int64) {
		return nil, fmt.Errorf("shape %s of kind %d cannot be held by %v", shape.Name, shape.Kind, typ)
	}
	var err error
	switch shape.Kind {
	case api.KindString:
		err = p.planString(n)
	case api.KindList:
		n.elem, err = p.plan(shape.Elem, typ.Elem(), hidden)
	case api.KindMap:
		if n.key, err = p.plan(shape.Key, typ.Key(), hidden); err == nil {
			n.elem, err = p.plan(shape.Elem, typ.Elem(), hidden)
		}
	case api.KindStructure:
		err = p.planMembers(n)
	}
	if err != nil {
		return nil, err
	}
	n.whole = wholeText(n)
	return n, nil
}

// goKinds says how Go holds each kind of the model.
var goKinds = map[api.Kind]reflect.Kind{ //nolint:gochecknoglobals // a table
	api.KindString:    reflect.String,
	api.KindBoolean:   reflect.Bool,
	api.KindInteger:   reflect.Int32,
	api.KindLong:      reflect.Int64,
	api.KindDouble:    reflect.Float64,
	api.KindTimestamp: reflect.Struct,
	api.KindBlob:      reflect.Slice,
	api.KindList:      reflect.Slice,
	api.KindMap:       reflect.Map,
	api.KindStructure: reflect.Struct,
	api.KindDocument:  reflect.Slice,
}

func (p *planner) planString(n *node) error {
	n.enumText = "Member must satisfy enum value set: [" + strings.Join(hashOrder(n.Enum), ", ") + "]"
	n.pattern = n.Pattern
	if live, ok := livePatterns[n.Name]; ok {
		n.pattern = live
	}
	if n.pattern == "" {
		return nil
	}
	if m, ok := p.patterns[n.pattern]; ok {
		n.matches = m
		return nil
	}
	m, err := compilePattern(n.pattern)
	if err != nil {
		return fmt.Errorf("shape %s: %w", n.Name, err)
	}
	p.patterns[n.pattern], n.matches = m, m
	return nil
}

func (p *planner) planMembers(n *node) error {
	n.byName = make(map[string]int, len(n.Members))
	if len(n.Members) > 64 {
		return fmt.Errorf("shape %s has %d members, the decoder counts to 64", n.Name, len(n.Members))
	}
	for i, m := range n.Members {
		if m.Field >= n.typ.NumField() {
			return fmt.Errorf("%s.%s: %v has no field %d", n.Name, m.Name, n.typ, m.Field)
		}
		field := n.typ.Field(m.Field)
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag != m.Name {
			return fmt.Errorf("%s.%s: field %d of %v is %q", n.Name, m.Name, m.Field, n.typ, tag)
		}
		typ := field.Type
		pointer := typ.Kind() == reflect.Pointer
		if pointer {
			typ = typ.Elem()
		}
		part, err := p.plan(m.Shape, typ, n.hidden)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", n.Name, m.Name, err)
		}
		n.byName[m.Name] = i
		n.members = append(n.members, member{
			name: m.Name, path: lowerFirst(m.Name), field: m.Field, required: m.Required, pointer: pointer, node: part,
		})
	}
	return nil
}

// lowerFirst is the form member names have in messages: CallbackURLs is
// callbackURLs there.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// hasBlob reports whether a request of this shape may carry a file.
func hasBlob(shape *api.Shape) bool {
	switch shape.Kind {
	case api.KindBlob:
		return true
	case api.KindList, api.KindMap:
		return hasBlob(shape.Elem)
	case api.KindStructure:
		for _, m := range shape.Members {
			if hasBlob(m.Shape) {
				return true
			}
		}
	}
	return false
}
