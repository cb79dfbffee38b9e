package main

import (
	"bytes"
	"fmt"
	"slices"
)

var kinds = map[string]string{
	"string": "KindString", "boolean": "KindBoolean", "integer": "KindInteger", "long": "KindLong",
	"double": "KindDouble", "float": "KindDouble", "timestamp": "KindTimestamp", "blob": "KindBlob",
	"list": "KindList", "map": "KindMap", "structure": "KindStructure",
}

// constraints writes the table of shapes and the list of operations.
func (g *generator) constraints() []byte {
	b := g.header(g.kinds)
	used := g.inputShapes()
	b.WriteString("// The shapes that requests are made of.\nvar (\n")
	for _, name := range used {
		g.row(b, name)
	}
	b.WriteString(")\n\n// The operations of the service.\nvar (\n")
	for _, name := range names(g.Operations) {
		g.operation(b, name)
	}
	b.WriteString(")\n\n// Operations lists the operations of the service by name.\n")
	fmt.Fprintf(b, "var Operations = map[string]*%sOperation{\n", g.prefix)
	for _, name := range names(g.Operations) {
		fmt.Fprintf(b, "\t%q: &%sOperation,\n", name, name)
	}
	fmt.Fprintf(b, "}\n\n// TargetPrefix stands before the operation's name in X-Amz-Target.\nconst TargetPrefix = %q\n", g.Metadata.TargetPrefix)
	return b.Bytes()
}

// inputShapes lists every shape that a request can contain, sorted.
func (g *generator) inputShapes() []string {
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		s := g.Shapes[name]
		for _, member := range s.Members.names {
			visit(s.Members.refs[member].Shape)
		}
		for _, r := range []*ref{s.Member, s.Key, s.Value} {
			if r != nil {
				visit(r.Shape)
			}
		}
	}
	for _, o := range g.Operations {
		if o.Input != nil {
			visit(o.Input.Shape)
		}
		if o.Output != nil {
			visit(o.Output.Shape)
		}
	}
	return names(seen)
}

func variable(name string) string { return "shape" + goName(name) }

func (g *generator) row(b *bytes.Buffer, name string) {
	s := g.Shapes[name]
	kind := kinds[s.Type]
	if s.Document {
		kind = "KindDocument"
	}
	fmt.Fprintf(b, "\t%s = %sShape{Name: %q, Kind: %s%s", variable(name), g.prefix, name, g.prefix, kind)
	if s.Sensitive {
		b.WriteString(", Sensitive: true")
	}
	if s.Min != nil {
		fmt.Fprintf(b, ", HasMin: true, Min: %d", *s.Min)
	}
	if s.Max != nil {
		fmt.Fprintf(b, ", HasMax: true, Max: %d", *s.Max)
	}
	if s.Pattern != "" {
		fmt.Fprintf(b, ", Pattern: %q", s.Pattern)
	}
	if len(s.Enum) > 0 {
		fmt.Fprintf(b, ", Enum: []string{%s}", quoted(s.Enum))
	}
	if s.Key != nil {
		fmt.Fprintf(b, ", Key: &%s, Elem: &%s", variable(s.Key.Shape), variable(s.Value.Shape))
	}
	if s.Member != nil {
		fmt.Fprintf(b, ", Elem: &%s", variable(s.Member.Shape))
	}
	if len(s.Members.names) > 0 && !s.Document {
		fmt.Fprintf(b, ", Members: []%sMember{\n", g.prefix)
		order := s.Members.inWireOrder()
		for _, member := range s.Members.names {
			fmt.Fprintf(b, "\t\t{Name: %q, Field: %d, Shape: &%s", member, slices.Index(order, member), variable(s.Members.refs[member].Shape))
			if s.required(member) {
				b.WriteString(", Required: true")
			}
			b.WriteString("},\n")
		}
		b.WriteString("\t}")
	}
	b.WriteString("}\n")
}

func (g *generator) operation(b *bytes.Buffer, name string) {
	o := g.Operations[name]
	access := "Signed"
	if o.public() {
		access = "Public"
	}
	fmt.Fprintf(b, "\t%sOperation = %sOperation{Name: %q, Access: %s%s", name, g.prefix, name, g.prefix, access)
	if o.Input != nil {
		fmt.Fprintf(b, ", Input: &%s", variable(o.Input.Shape))
	}
	if o.Output != nil {
		fmt.Fprintf(b, ", Output: &%s", variable(o.Output.Shape))
	}
	var codes []string
	for _, e := range o.Errors {
		code := e.Shape
		if s := g.Shapes[e.Shape]; s.Error != nil && s.Error.Code != "" {
			code = s.Error.Code // where the wire has another name
		}
		codes = append(codes, code)
	}
	fmt.Fprintf(b, ", Errors: []string{%s}}\n", quoted(codes))
}
