package review

import (
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
)

// powers are parts of names that are given to attributes which decide what a user
// may do.
var powers = []string{
	"access", "admin", "allow", "approv", "credit", "entitle", "group", "level", "limit", "member", "owner", "paid", "perm", "plan", "polic",
	"priv", "quota", "right", "role", "scope", "staff", "subscri", "super", "tenant", "tier", "trust", "verif",
}

// ofAttributes finds custom attributes that users write themselves by one client
// and that reach the tokens of another, or of the same (security.md S055). An
// application which goes by them lets users choose their own rights.
func ofAttributes(s Subject) []Finding {
	schema := attributes.Compile(s.Pool.SchemaAttributes)
	var found []Finding
	for _, name := range schema.Names() {
		entry, _ := schema.Lookup(name)
		if !strings.HasPrefix(name, attributes.CustomPrefix) || !changes(s.Pool, entry) {
			continue
		}
		reader := slices.IndexFunc(s.Clients, func(c *api.UserPoolClientType) bool { return attributes.Readable(schema, c)(name) })
		if reader < 0 {
			continue
		}
		for _, c := range s.Clients {
			if attributes.Writable(schema, c)(name) {
				found = append(found, writable(s.Pool.Id, c.ClientId, s.Clients[reader].ClientId, name))
			}
		}
	}
	return found
}

// changes reports whether users set an attribute at all: one that cannot change is
// set at sign-up.
func changes(p *api.UserPoolType, entry api.SchemaAttributeType) bool {
	return entry.Mutable == nil || *entry.Mutable || selfSignUp(p)
}

func writable(poolID, writer, reader, name string) Finding {
	f := Finding{
		Rule: "writable-claim", Severity: Warning, PoolID: poolID, ClientID: writer, Attribute: name,
		Text: "Users of this client can set " + name + " themselves, and it stands in ID tokens of client " + reader +
			". If it decides what they may do, take it out of WriteAttributes.",
	}
	bare := strings.ToLower(strings.TrimPrefix(name, attributes.CustomPrefix))
	if slices.ContainsFunc(powers, func(part string) bool { return strings.Contains(bare, part) }) {
		f.Severity = Critical
	}
	return f
}
