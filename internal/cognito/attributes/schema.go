package attributes

import (
	"slices"

	"cognate/internal/api"
)

// Schema is a pool's attribute schema, compiled for look-ups. It is immutable
// and may be shared.
type Schema struct {
	names    []string
	required []string
	byName   map[string]api.SchemaAttributeType
}

// Compile makes a Schema from a pool's SchemaAttributes, whose names carry
// their prefixes. It keeps the entries, so the caller must not change them.
func Compile(entries []api.SchemaAttributeType) *Schema {
	s := &Schema{
		names:  make([]string, 0, len(entries)),
		byName: make(map[string]api.SchemaAttributeType, len(entries)),
	}
	for _, entry := range entries {
		s.names = append(s.names, entry.Name)
		s.byName[entry.Name] = entry
		if entry.Required != nil && *entry.Required && entry.Name != "sub" {
			s.required = append(s.required, entry.Name)
		}
	}
	return s
}

// Lookup gives the entry of a full attribute name such as "email" or
// "custom:plan".
func (s *Schema) Lookup(name string) (api.SchemaAttributeType, bool) {
	entry, ok := s.byName[name]
	return entry, ok
}

// Required gives the names of the attributes that a user must have, in the
// order of the schema. "sub" is not among them: the service makes it itself.
func (s *Schema) Required() []string { return slices.Clone(s.required) }

// Names gives all attribute names in the order of the schema.
func (s *Schema) Names() []string { return slices.Clone(s.names) }
