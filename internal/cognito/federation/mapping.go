package federation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// usernameKey is the key of AttributeMapping that names the subject. It is fixed by
// the kind of provider.
const usernameKey = "username"

// mapped gives the values of the pool's attributes that a provider's answer leads
// to. An empty value clears the attribute; what the provider does not mention is
// not in the result (federation.md §6.2, §6.4). Attributes that the client may not
// write are left out.
func mapped(client *directory.Client, mapping map[string]string, said map[string]any) (map[string]string, error) {
	values := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(mapping)) {
		source, ok := said[mapping[name]]
		if !ok || source == nil || name == usernameKey {
			continue
		}
		if _, known := client.Pool.Schema.Lookup(name); !known {
			return nil, invalid(name, "Attribute does not exist in the schema.")
		}
		if !writable(client, name) {
			continue
		}
		value, err := Text(source)
		switch {
		case err != nil:
			return nil, err
		case utf8.RuneCountInString(value) > attributes.MaxValueLength:
			return nil, invalid(name, "String must be no longer than 2048 characters")
		}
		if reason := client.Pool.Schema.Fault(name, value); value != "" && reason != "" {
			return nil, invalid(name, reason)
		}
		values[name] = value
	}
	return values, nil
}

// writable reports whether a provider may set an attribute by way of a client. A
// flag goes with its address.
func writable(client *directory.Client, name string) bool {
	for _, address := range []string{attributes.Email, attributes.PhoneNumber} {
		if name == attributes.VerifiedFlag(address) {
			return client.Writable(address)
		}
	}
	return client.Writable(name)
}

// Text is how a provider's value is written to an attribute: texts as they are,
// several values as one text, anything else as JSON.
func Text(v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case []string:
		return several(v), nil
	case []any:
		texts := make([]string, len(v))
		for i, one := range v {
			var err error
			if texts[i], err = Text(one); err != nil {
				return "", err
			}
		}
		return several(texts), nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write a value of an identity provider: %w", err)
	}
	return string(text), nil
}

// several is the form of several values: [v1,v2], each form-encoded.
func several(values []string) string {
	encoded := make([]string, len(values))
	for i, v := range values {
		encoded[i] = formEncoded(v)
	}
	return "[" + strings.Join(encoded, ",") + "]"
}

// formEncoded is the encoding of application/x-www-form-urlencoded as browsers
// write it, which leaves * alone and encodes ~.
func formEncoded(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('+')
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(".-*_", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// complete refuses a new profile that lacks a required attribute.
func complete(pool *directory.Pool, values map[string]string) error {
	for _, name := range pool.Schema.Required() {
		if values[name] == "" {
			return invalid(name, "The attribute is required")
		}
	}
	return nil
}

// apply writes mapped values to a profile and reports whether anything changed.
// Addresses are as verified as the provider says; where it says nothing they are
// not (federation.md §6.3, §6.5).
func apply(pool *directory.Pool, u *store.User, values map[string]string, fresh bool) (changed bool, err error) {
	set := func(name, value string) {
		if u.Attributes.Get(name) == value && u.Attributes.Has(name) == (value != "") {
			return
		}
		changed = true
		if value == "" {
			u.Attributes.Delete(name)
			return
		}
		u.Attributes.Set(name, value)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		rule, _ := pool.Schema.Lookup(name)
		switch had := u.Attributes.Get(name) != ""; {
		case !fresh && had && rule.Mutable != nil && !*rule.Mutable:
			return false, api.InvalidParameterException("user.%s: Attribute cannot be updated.", name)
		case had && values[name] == "" && rule.Required != nil && *rule.Required:
			return false, invalid(name, "Required attribute cannot be deleted")
		}
		set(name, values[name])
	}
	for _, address := range []string{attributes.Email, attributes.PhoneNumber} {
		flag := attributes.VerifiedFlag(address)
		if value, ok := values[address]; ok {
			verified := "false"
			if attributes.True(values[flag]) {
				verified = "true"
			}
			if value == "" {
				verified = ""
			}
			set(flag, verified)
		}
	}
	return changed, nil
}

func invalid(attribute, reason string) error {
	return api.InvalidParameterException("Invalid user attributes: %s: %s", attribute, reason)
}
