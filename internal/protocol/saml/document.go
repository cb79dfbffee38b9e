package saml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/beevik/etree"
	validator "github.com/mattermost/xml-roundtrip-validator"
)

// Namespaces.
const (
	nsAssertion = "urn:oasis:names:tc:SAML:2.0:assertion"
	nsProtocol  = "urn:oasis:names:tc:SAML:2.0:protocol"
	nsMetadata  = "urn:oasis:names:tc:SAML:2.0:metadata"
	nsSignature = "http://www.w3.org/2000/09/xmldsig#"
	nsEncrypt   = "http://www.w3.org/2001/04/xmlenc#"
	nsEncrypt11 = "http://www.w3.org/2009/xmlenc11#"
	nsExclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
	nsXML       = "http://www.w3.org/XML/1998/namespace"
	nsXMLNS     = "http://www.w3.org/2000/xmlns/"
)

// Bounds on documents (S100).
const (
	maxDepth      = 64
	maxNodes      = 10_000 // elements, attributes, runs of text and comments
	maxPrefixes   = 64     // canonical forms cost elements × prefixes
	maxAttributes = 128    // of an element; trees take the square of it
)

var byteOrderMark = []byte("\xEF\xBB\xBF")

// parse reads a document into a tree, once and strictly. Comments are refused
// unless allowed: no text that matters may be read with and without them.
func parse(document []byte, comments bool) (*etree.Element, error) {
	document = bytes.TrimPrefix(document, byteOrderMark)
	if err := scan(document, comments); err != nil {
		return nil, err
	}
	if err := validator.Validate(bytes.NewReader(document)); err != nil {
		return nil, fmt.Errorf("document changes when it is written again: %w", err)
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{PreserveDuplicateAttrs: true, MaxDepth: maxDepth + 1}
	if err := doc.ReadFromBytes(document); err != nil {
		return nil, err
	}
	if doc.Root() == nil {
		return nil, errors.New("no root element")
	}
	return doc.Root(), nil
}

// scan refuses what the trees and canonical forms of different programs might
// not agree on, before a tree is made.
func scan(document []byte, comments bool) error {
	s := scanner{comments: comments, ids: map[string]bool{}, prefixes: map[string]bool{}}
	dec := xml.NewDecoder(bytes.NewReader(document))
	for {
		at := dec.InputOffset()
		token, err := dec.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if s.nodes++; s.nodes > maxNodes {
			return fmt.Errorf("more than %d nodes", maxNodes)
		}
		if err := s.token(token, at); err != nil {
			return err
		}
	}
	if len(s.open) > 0 || !s.rooted {
		return errors.New("document ends too early")
	}
	return nil
}

type scanner struct {
	comments bool
	nodes    int
	rooted   bool
	open     []xml.Name
	bindings []binding // innermost last
	ids      map[string]bool
	prefixes map[string]bool
}

type binding struct {
	prefix, space string
	depth         int
}

func (s *scanner) token(token xml.Token, at int64) error {
	switch t := token.(type) {
	case xml.Directive:
		return errors.New("document type declarations are refused")
	case xml.ProcInst:
		if t.Target != "xml" || at != 0 {
			return errors.New("processing instructions are refused")
		}
	case xml.Comment:
		if !s.comments {
			return errors.New("comments are refused")
		}
	case xml.CharData:
		if len(s.open) == 0 && len(bytes.TrimSpace(t)) > 0 {
			return errors.New("text outside of the root element")
		}
	case xml.EndElement:
		return s.end(t.Name)
	case xml.StartElement:
		return s.start(t)
	}
	return nil
}

func (s *scanner) end(name xml.Name) error {
	last := len(s.open) - 1
	if last < 0 || s.open[last] != name {
		return fmt.Errorf("element %s ends that did not begin", name.Local)
	}
	s.open = s.open[:last]
	for n := len(s.bindings); n > 0 && s.bindings[n-1].depth > last; n-- {
		s.bindings = s.bindings[:n-1]
	}
	return nil
}

func (s *scanner) start(t xml.StartElement) error {
	if len(s.open) == 0 && s.rooted {
		return errors.New("more than one root element")
	}
	s.rooted = true
	s.open = append(s.open, t.Name)
	if len(s.open) > maxDepth {
		return fmt.Errorf("elements are nested deeper than %d", maxDepth)
	}
	if s.nodes += len(t.Attr); s.nodes > maxNodes || len(t.Attr) > maxAttributes {
		return fmt.Errorf("more than %d nodes, or %d attributes", maxNodes, maxAttributes)
	}
	for _, a := range t.Attr {
		if err := s.declare(a); err != nil {
			return err
		}
	}
	if _, err := s.resolve(t.Name, true); err != nil {
		return err
	}
	return s.attributes(t.Attr)
}

// declare takes note of a namespace declaration; other attributes are none of its
// business.
func (s *scanner) declare(a xml.Attr) error {
	var prefix string
	switch {
	case a.Name.Space == "xmlns":
		prefix = a.Name.Local
	case a.Name.Space != "" || a.Name.Local != "xmlns":
		return nil
	}
	named := a.Name.Space == "xmlns"
	switch {
	case prefix == "xmlns", named && a.Value == "", a.Value == nsXMLNS, (prefix == "xml") != (a.Value == nsXML):
		return fmt.Errorf("prefix %q must not be declared as %q", prefix, a.Value)
	}
	if s.prefixes[prefix] = true; len(s.prefixes) > maxPrefixes {
		return fmt.Errorf("more than %d prefixes", maxPrefixes)
	}
	s.bindings = append(s.bindings, binding{prefix, a.Value, len(s.open)})
	return nil
}

// resolve gives the namespace of a name.
func (s *scanner) resolve(name xml.Name, element bool) (string, error) {
	switch {
	case strings.Contains(name.Local, ":"):
		return "", fmt.Errorf("name %q is none", name.Local)
	case name.Space == "xml" && !element:
		return nsXML, nil
	case name.Space == "" && !element:
		return "", nil
	}
	for _, b := range slices.Backward(s.bindings) {
		if b.prefix == name.Space {
			return b.space, nil
		}
	}
	if name.Space != "" {
		return "", fmt.Errorf("prefix %q is not declared", name.Space)
	}
	return "", nil
}

// attributes refuses attributes that are there twice, also under two prefixes,
// and ids that are.
func (s *scanner) attributes(attributes []xml.Attr) error {
	seen := make(map[xml.Name]bool, len(attributes))
	for _, a := range attributes {
		name := a.Name
		if name.Space != "xmlns" {
			space, err := s.resolve(name, false)
			if err != nil {
				return err
			}
			name.Space = space
			if strings.EqualFold(name.Local, "id") {
				if s.ids[a.Value] {
					return fmt.Errorf("id %q is there twice", a.Value)
				}
				s.ids[a.Value] = true
			}
		}
		if seen[name] {
			return fmt.Errorf("attribute %s is there twice", a.Name.Local)
		}
		seen[name] = true
	}
	return nil
}

// is reports whether e has this name.
func is(e *etree.Element, space, tag string) bool {
	return e != nil && e.Tag == tag && e.NamespaceURI() == space
}

// children are the child elements of this name; none if e is nil.
func children(e *etree.Element, space, tag string) []*etree.Element {
	if e == nil {
		return nil
	}
	var found []*etree.Element
	for _, c := range e.ChildElements() {
		if is(c, space, tag) {
			found = append(found, c)
		}
	}
	return found
}

// only is the one child element of this name: nil if there is none or several, or
// if e is nil, so that paths can be chained.
func only(e *etree.Element, space, tag string) *etree.Element {
	if found := children(e, space, tag); len(found) == 1 {
		return found[0]
	}
	return nil
}

// all are e and the elements in it, in the order of the document.
func all(e *etree.Element) iter.Seq[*etree.Element] {
	return func(yield func(*etree.Element) bool) { visit(e, yield) }
}

func visit(e *etree.Element, yield func(*etree.Element) bool) bool {
	if !yield(e) {
		return false
	}
	for _, c := range e.ChildElements() {
		if !visit(c, yield) {
			return false
		}
	}
	return true
}

// text is all text in e, however it is broken up; "" if e is nil.
func text(e *etree.Element) string {
	if e == nil {
		return ""
	}
	var b strings.Builder
	for _, token := range e.Child {
		switch t := token.(type) {
		case *etree.CharData:
			b.WriteString(t.Data)
		case *etree.Element:
			b.WriteString(text(t))
		}
	}
	return b.String()
}

// attribute is the value of an attribute that is in no namespace. etree would
// also find one by its prefix.
func attribute(e *etree.Element, name string) (string, bool) {
	if e == nil {
		return "", false
	}
	for _, a := range e.Attr {
		if a.Space == "" && a.Key == name {
			return a.Value, true
		}
	}
	return "", false
}

func attributeOf(e *etree.Element, name string) string {
	value, _ := attribute(e, name)
	return value
}
