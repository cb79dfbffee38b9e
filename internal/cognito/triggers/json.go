package triggers

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// pair is a member of an object.
type pair struct{ name, value string }

// object is a JSON object of strings that keeps its order.
type object []pair

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	b := []byte{'{'}
	for i, p := range o {
		if i > 0 {
			b = append(b, ',')
		}
		for j, text := range []string{p.name, p.value} {
			quoted, err := encode(text)
			if err != nil {
				return nil, err
			}
			if j == 1 {
				b = append(b, ':')
			}
			b = append(b, quoted...)
		}
	}
	return append(b, '}'), nil
}

// encode writes JSON that leaves the characters that matter in HTML alone.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write an event: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// fields reads the members of a JSON object strictly. Members that are absent or
// null read as nothing. After the first member of a wrong type err is set and
// stays.
type fields struct {
	members map[string]json.RawMessage
	err     error
}

// readResponse gives the response of an answer, which is the whole event.
func readResponse(answer []byte) (*fields, error) {
	var event map[string]json.RawMessage
	if err := json.Unmarshal(answer, &event); err != nil {
		return nil, unrecognizable().Because(err)
	}
	f := &fields{}
	if err := json.Unmarshal(event["response"], &f.members); err != nil || f.members == nil {
		return nil, unrecognizable()
	}
	return f, nil
}

func (f *fields) read(name string, into any) bool {
	raw, ok := f.members[name]
	if !ok || bytes.Equal(raw, []byte("null")) {
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		f.fail(fmt.Errorf("member %s: %w", name, err))
		return false
	}
	return true
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = unrecognizable().Because(err)
	}
}

func (f *fields) flag(name string) (value, given bool) {
	given = f.read(name, &value)
	return value, given
}

func (f *fields) is(name string) bool {
	value, _ := f.flag(name)
	return value
}

func (f *fields) text(name string) *string {
	var value string
	if !f.read(name, &value) {
		return nil
	}
	return &value
}

// textOrEmpty reads a string; an absent one is empty.
func (f *fields) textOrEmpty(name string) string {
	if value := f.text(name); value != nil {
		return *value
	}
	return ""
}

// texts reads an object whose values are strings; nil when there is none.
func (f *fields) texts(name string) map[string]string {
	var values map[string]*string
	if !f.read(name, &values) {
		return nil
	}
	texts := make(map[string]string, len(values))
	for key, value := range values {
		if value == nil {
			f.fail(fmt.Errorf("member %s: %s is null", name, key))
			return nil
		}
		texts[key] = *value
	}
	return texts
}

// list reads an array of strings; nil when there is none.
func (f *fields) list(name string) []string {
	var values []*string
	if !f.read(name, &values) {
		return nil
	}
	list := make([]string, 0, len(values))
	for _, value := range values {
		if value == nil {
			f.fail(fmt.Errorf("member %s has a null", name))
			return nil
		}
		list = append(list, *value)
	}
	return list
}

// object reads an object; nil when there is none. Mistakes in it are mistakes
// of f once inherit was called.
func (f *fields) object(name string) *fields {
	inner := &fields{}
	if !f.read(name, &inner.members) {
		return nil
	}
	return inner
}

func (f *fields) inherit(inner *fields) {
	if inner.err != nil && f.err == nil {
		f.err = inner.err
	}
}
