package attributes

import (
	"strings"

	"cognate/internal/api"
)

// Readable tells which attributes an app client may see of a user: those on
// its ReadAttributes list, or all of them when it has none; sub and identities
// always, developer attributes never (spec/tokens.md §9).
func Readable(schema *Schema, client *api.UserPoolClientType) func(name string) bool {
	allowed := listed(schema, client.ReadAttributes)
	return func(name string) bool {
		switch {
		case strings.HasPrefix(name, DeveloperPrefix):
			return false
		case name == Sub || name == Identities:
			return true
		}
		return allowed(name)
	}
}

// Writable tells which attributes an app client may set: those on its
// WriteAttributes list, or all when it has none. What the service itself
// keeps is never among them: sub, identities, the verified flags, and
// developer attributes.
func Writable(schema *Schema, client *api.UserPoolClientType) func(name string) bool {
	allowed := listed(schema, client.WriteAttributes)
	return func(name string) bool {
		if reserved(name) || flagOf(name) != "" || strings.HasPrefix(name, DeveloperPrefix) {
			return false
		}
		return allowed(name)
	}
}

// listed compiles a list of names; an empty list allows the whole schema.
func listed(schema *Schema, names []string) func(name string) bool {
	if len(names) == 0 {
		return func(name string) bool {
			_, ok := schema.Lookup(name)
			return ok
		}
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return func(name string) bool { return set[name] }
}
