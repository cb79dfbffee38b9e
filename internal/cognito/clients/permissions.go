package clients

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
)

// checkPermissions looks at the attributes that the client is to read and
// write (spec/tokens.md §9, S043). A list names attributes of the schema that
// a client may have at all; a list of writable ones has every required one.
func checkPermissions(s *subject) error {
	schema := attributes.Compile(s.pool.SchemaAttributes)
	everything := &api.UserPoolClientType{}
	readable := attributes.Readable(schema, everything)
	writable := attributes.Writable(schema, everything)

	known := func(name string) bool {
		_, ok := schema.Lookup(name)
		return ok
	}
	for _, name := range s.client.ReadAttributes {
		if !known(name) || !readable(name) {
			return invalidPermission("read", s.verb)
		}
	}
	for _, name := range s.client.WriteAttributes {
		if !known(name) || !writable(name) {
			return invalidPermission("write", s.verb)
		}
	}
	if s.client.WriteAttributes == nil {
		return nil
	}
	for _, name := range schema.Required() {
		if !slices.Contains(s.client.WriteAttributes, name) {
			return invalidPermission("write", s.verb)
		}
	}
	return nil
}

func invalidPermission(kind, verb string) error {
	return api.InvalidParameterException("Invalid %s attributes specified while %s a client", kind, verb)
}
