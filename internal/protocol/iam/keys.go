package iam

import (
	"maps"
	"slices"
	"strings"
)

// Context holds what is known of a request, by condition key. Names of keys are
// the same in every case, those of tags in them too.
type Context interface {
	// Values returns the values of a key, and whether the request has it. The key
	// comes in lower case, as strings.ToLower makes it.
	Values(key string) (values []string, present bool)
}

// Keys is a Context. Lookups are fastest where the keys are in lower case, as Set
// writes them.
type Keys map[string][]string

// Set gives a key its values, in place of those it had.
func (k Keys) Set(key string, values ...string) { k[strings.ToLower(key)] = values }

// Values finds a key in any case. Of several keys that differ in case only, the
// last in byte order counts, which is the one in lower case if there is one.
func (k Keys) Values(key string) (values []string, present bool) {
	key = strings.ToLower(key)
	if values, present = k[key]; present {
		return values, true
	}
	found := ""
	for name, v := range k {
		if name > found && strings.ToLower(name) == key {
			found, values, present = name, v, true
		}
	}
	return values, present
}

// folded returns the same keys in lower case.
func (k Keys) folded() Keys {
	same := true
	for name := range k {
		same = same && strings.ToLower(name) == name
	}
	if same {
		return k
	}
	all := make(Keys, len(k))
	for _, name := range slices.Sorted(maps.Keys(k)) {
		all[strings.ToLower(name)] = k[name]
	}
	return all
}

// lower maps ASCII letters to lower case. Names of actions have no others, and folding
// more would make names equal that are not.
func lower(s string) string {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			continue
		}
		folded := []byte(s)
		for ; i < len(folded); i++ {
			if c := folded[i]; c >= 'A' && c <= 'Z' {
				folded[i] = c + 'a' - 'A'
			}
		}
		return string(folded)
	}
	return s
}
