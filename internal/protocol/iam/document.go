package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

const (
	// maxDocument is the longest document that is read, in bytes. It is far above
	// what any use may have.
	maxDocument = 131072
	// maxDepth is the deepest nesting of objects and arrays. A policy needs six.
	maxDepth = 8
)

// Size counts the characters of a document as IAM does for its quotas: without
// white space.
func Size(document []byte) int {
	n := 0
	for _, r := range string(document) {
		switch r {
		case ' ', '\t', '\n', '\r':
		default:
			n++
		}
	}
	return n
}

// node is a value of a JSON document.
type node struct {
	kind    kind
	text    string   // of a scalar: a string's content, a number or a boolean as written
	items   []node   // of a list
	members []member // of an object, in order
}

type member struct {
	name  string
	value node
}

type kind uint8

const (
	nullNode kind = iota
	textNode
	scalarNode // number or boolean
	listNode
	objectNode
)

// readDocument reads JSON strictly: in UTF-8, no member twice, nothing behind.
func readDocument(document []byte) (node, error) {
	switch {
	case len(document) > maxDocument:
		return node{}, fmt.Errorf("longer than %d bytes", maxDocument)
	case !utf8.Valid(document):
		return node{}, errors.New("not UTF-8")
	case !json.Valid(document):
		return node{}, errors.New("not JSON")
	}
	r := reader{json.NewDecoder(bytes.NewReader(document))}
	r.tokens.UseNumber()
	return r.value(0)
}

// reader builds nodes from text that is known to be one JSON value.
type reader struct{ tokens *json.Decoder }

func (r *reader) value(depth int) (node, error) {
	token, err := r.tokens.Token()
	if err != nil {
		return node{}, err
	}
	switch t := token.(type) {
	case string:
		return node{kind: textNode, text: t}, nil
	case json.Number:
		return node{kind: scalarNode, text: t.String()}, nil
	case bool:
		return node{kind: scalarNode, text: fmt.Sprint(t)}, nil
	case json.Delim:
		if depth++; depth > maxDepth {
			return node{}, fmt.Errorf("nested deeper than %d", maxDepth)
		}
		if t == '[' {
			return r.list(depth)
		}
		return r.object(depth)
	default:
		return node{kind: nullNode}, nil
	}
}

func (r *reader) list(depth int) (node, error) {
	n := node{kind: listNode}
	for r.tokens.More() {
		item, err := r.value(depth)
		if err != nil {
			return node{}, err
		}
		n.items = append(n.items, item)
	}
	_, err := r.tokens.Token() // the bracket
	return n, err
}

func (r *reader) object(depth int) (node, error) {
	n := node{kind: objectNode}
	seen := make(map[string]bool)
	for r.tokens.More() {
		token, err := r.tokens.Token()
		if err != nil {
			return node{}, err
		}
		name, _ := token.(string)
		if seen[name] {
			return node{}, fmt.Errorf("the member %q appears twice", name)
		}
		seen[name] = true
		value, err := r.value(depth)
		if err != nil {
			return node{}, err
		}
		n.members = append(n.members, member{name, value})
	}
	_, err := r.tokens.Token() // the brace
	return n, err
}

// strings returns a string, or the strings of a list that has some.
func (n node) strings() ([]string, bool) {
	return n.texts(func(k kind) bool { return k == textNode })
}

// scalars returns strings, numbers and booleans in the same way.
func (n node) scalars() ([]string, bool) {
	return n.texts(func(k kind) bool { return k == textNode || k == scalarNode })
}

func (n node) texts(accepts func(kind) bool) ([]string, bool) {
	if accepts(n.kind) {
		return []string{n.text}, true
	}
	texts := make([]string, len(n.items))
	for i, item := range n.items {
		if !accepts(item.kind) {
			return nil, false
		}
		texts[i] = item.text
	}
	return texts, n.kind == listNode && len(texts) > 0
}
