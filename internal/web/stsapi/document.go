package stsapi

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"cognate/internal/api"
)

func wrongForm(name string) *api.Error {
	return api.NewError("MalformedInput", http.StatusBadRequest, "The parameter %s has another form than its type", []any{name})
}

// document writes the parameters that a shape has as JSON, in the form that the
// table of constraints is read with. Others are left out.
func document(p *parameter, shape *api.Shape) ([]byte, error) {
	return appendValue(nil, p, shape, "")
}

// appendValue appends the JSON of one value; name is where it stands, for errors.
func appendValue(b []byte, p *parameter, shape *api.Shape, name string) ([]byte, error) {
	switch shape.Kind {
	case api.KindStructure:
		return appendStructure(b, p, shape, name)
	case api.KindList:
		return appendList(b, p, shape, name)
	case api.KindString:
		if !p.given || len(p.parts) > 0 {
			return nil, wrongForm(name)
		}
		text, err := json.Marshal(p.value)
		if err != nil {
			return nil, wrongForm(name).Because(err)
		}
		return append(b, text...), nil
	case api.KindInteger, api.KindLong:
		n, err := strconv.ParseInt(p.value, 10, 64)
		if err != nil || len(p.parts) > 0 {
			return nil, wrongForm(name)
		}
		return strconv.AppendInt(b, n, 10), nil
	}
	return nil, wrongForm(name) // the inputs that are served have no others
}

func appendStructure(b []byte, p *parameter, shape *api.Shape, name string) ([]byte, error) {
	if p.given {
		return nil, wrongForm(name)
	}
	b = append(b, '{')
	first := true
	for _, m := range shape.Members {
		part := p.part(m.Name)
		if part == nil {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = strconv.AppendQuote(b, m.Name)
		b = append(b, ':')
		var err error
		if b, err = appendValue(b, part, m.Shape, below(name, m.Name)); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendList writes the elements in the order of their numbers, which may have gaps.
// A list that is given an empty value has none.
func appendList(b []byte, p *parameter, shape *api.Shape, name string) ([]byte, error) {
	elements := p.part("member")
	switch {
	case p.given && p.value == "" && len(p.parts) == 0:
		return append(b, "[]"...), nil
	case p.given, elements == nil, elements.given, len(p.parts) > 1:
		return nil, wrongForm(name)
	}
	type element struct {
		at   int
		part *parameter
	}
	list := make([]element, 0, len(elements.parts))
	for key, part := range elements.parts {
		at, ok := index(key)
		if !ok {
			return nil, wrongForm(name)
		}
		list = append(list, element{at, part})
	}
	slices.SortFunc(list, func(a, b element) int { return cmp.Compare(a.at, b.at) })
	b = append(b, '[')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendValue(b, e.part, shape.Elem, below(name, "member."+strconv.Itoa(e.at))); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func below(name, part string) string {
	if name == "" {
		return part
	}
	return name + "." + part
}
