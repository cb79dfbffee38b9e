package style

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// maxEntries bounds lists and maps: as many as a pool has providers.
const maxEntries = 300

// Parse checks a settings document and gives it in one form. Nodes may be left
// out; those that are unknown, or have a value that is unknown, are refused. Its
// errors name the place and are fit to be shown.
func Parse(document []byte) (json.RawMessage, error) {
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		return nil, errors.New("the document is not JSON")
	}
	if err := check("", value, reflect.TypeFor[Settings]()); err != nil {
		return nil, err
	}
	parsed, err := write(value)
	if err != nil {
		return nil, err
	}
	if err := checkMethods(parsed); err != nil {
		return nil, err
	}
	return parsed, nil
}

// checkMethods finds ways to sign in whose form is not that of the pages:
// providers are buttons, user names are typed.
func checkMethods(document json.RawMessage) error {
	var s Settings
	if err := json.Unmarshal(document, &s); err != nil {
		return fmt.Errorf("read settings document: %w", err)
	}
	forms := map[MethodType]MethodDisplay{TypeFederated: DisplayButton, TypeUsernamePassword: DisplayInput}
	for i, group := range s.Categories.Auth.AuthMethodOrder {
		for j, method := range group {
			path := fmt.Sprintf("categories.auth.authMethodOrder.%d.%d", i+1, j+1)
			form, known := forms[method.Type]
			switch {
			case !known:
				return wrong(path+".type", "has to be there")
			case method.Display != "" && method.Display != form:
				return wrong(path+".display", "has to be %s for %s", form, method.Type)
			}
		}
	}
	return nil
}

// Merge lays a checked document over another: objects are merged, everything else
// is replaced.
func Merge(below, above json.RawMessage) (json.RawMessage, error) {
	lower, err := read(below)
	if err != nil {
		return nil, err
	}
	upper, err := read(above)
	if err != nil {
		return nil, err
	}
	return write(merge(lower, upper))
}

// Complete lays a checked document over the defaults.
func Complete(document json.RawMessage) (json.RawMessage, error) {
	defaults, err := write(Defaults())
	if err != nil {
		return nil, err
	}
	return Merge(defaults, document)
}

// settings reads a checked document, with the defaults for what it leaves out.
// What the button of one provider leaves out is that of all.
func settings(document json.RawMessage) (Settings, error) {
	if len(document) == 0 {
		return Defaults(), nil
	}
	all, err := Complete(document)
	if err != nil {
		return Settings{}, err
	}
	var s Settings
	if err := json.Unmarshal(all, &s); err != nil {
		return Settings{}, fmt.Errorf("read settings document: %w", err)
	}
	var buttons struct {
		Components struct {
			IDPButton struct {
				Custom map[Name]json.RawMessage `json:"custom"`
			} `json:"idpButton"`
		} `json:"components"`
	}
	if err := json.Unmarshal(all, &buttons); err != nil {
		return Settings{}, fmt.Errorf("read settings document: %w", err)
	}
	for name, own := range buttons.Components.IDPButton.Custom {
		button := s.Components.IDPButton.Standard
		if err := json.Unmarshal(own, &button); err != nil {
			return Settings{}, fmt.Errorf("read settings document: %w", err)
		}
		s.Components.IDPButton.Custom[name] = button
	}
	return s, nil
}

func read(document json.RawMessage) (any, error) {
	if len(document) == 0 {
		return map[string]any{}, nil
	}
	var value any
	if err := json.Unmarshal(document, &value); err != nil {
		return nil, fmt.Errorf("read settings document: %w", err)
	}
	return value, nil
}

func write(value any) (json.RawMessage, error) {
	document, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("write settings document: %w", err)
	}
	return document, nil
}

func merge(below, above any) any {
	lower, ok := below.(map[string]any)
	upper, both := above.(map[string]any)
	if !ok || !both {
		return above
	}
	for name, value := range upper {
		if old, ok := lower[name]; ok {
			value = merge(old, value)
		}
		lower[name] = value
	}
	return lower
}

// check compares a value with the type that is for its place.
func check(path string, value any, t reflect.Type) error {
	switch t.Kind() {
	case reflect.Struct:
		return checkObject(path, value, fields(t))
	case reflect.Map:
		return checkObject(path, value, func(name string) (reflect.Type, bool) { return t.Elem(), fits(name) })
	case reflect.Slice:
		return checkList(path, value, t.Elem())
	case reflect.Bool:
		if _, ok := value.(bool); !ok {
			return wrong(path, "has to be true or false")
		}
	case reflect.Float64:
		if n, ok := value.(float64); !ok || n < 0 || n > MaxRadius {
			return wrong(path, "has to be a number from 0 to %d", MaxRadius)
		}
	default:
		return checkText(path, value, reflect.Zero(t).Interface())
	}
	return nil
}

func checkObject(path string, value any, member func(name string) (reflect.Type, bool)) error {
	object, ok := value.(map[string]any)
	switch {
	case !ok:
		return wrong(path, "has to be an object")
	case len(object) > maxEntries:
		return wrong(path, "has %d members at most", maxEntries)
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		inner := strings.TrimPrefix(path+"."+name, ".")
		t, ok := member(name)
		if !ok {
			return wrong(inner, "is not known")
		}
		if err := check(inner, object[name], t); err != nil {
			return err
		}
	}
	return nil
}

func checkList(path string, value any, t reflect.Type) error {
	list, ok := value.([]any)
	switch {
	case !ok:
		return wrong(path, "has to be a list")
	case len(list) > maxEntries:
		return wrong(path, "has %d entries at most", maxEntries)
	}
	for i, entry := range list {
		if err := check(fmt.Sprintf("%s.%d", path, i+1), entry, t); err != nil {
			return err
		}
	}
	return nil
}

func checkText(path string, value, zero any) error {
	text, ok := value.(string)
	switch t := zero.(type) {
	case Color:
		if !ok || !Color(text).valid() {
			return wrong(path, "has to be eight hexadecimal digits")
		}
	case enumerated:
		if !ok || !slices.Contains(t.values(), text) {
			return wrong(path, "has to be one of %s", strings.Join(t.values(), ", "))
		}
	default: // Name
		if !ok || !fits(text) {
			return wrong(path, "has to be a text of up to %d characters", maxName)
		}
	}
	return nil
}

func fits(name string) bool { return utf8.RuneCountInString(name) <= maxName }

// fields finds the types of a structure's members, and those of its embedded
// modes.
func fields(t reflect.Type) func(name string) (reflect.Type, bool) {
	return func(name string) (reflect.Type, bool) {
		for _, f := range reflect.VisibleFields(t) {
			if f.Tag.Get("json") == name {
				return f.Type, true
			}
		}
		return nil, false
	}
}

const shownPath = 200 // bytes

func wrong(path, format string, args ...any) error {
	if path == "" {
		path = "the document"
	}
	if len(path) > shownPath {
		path = strings.ToValidUTF8(path[:shownPath], "") + "..."
	}
	return errors.New(path + " " + fmt.Sprintf(format, args...))
}
