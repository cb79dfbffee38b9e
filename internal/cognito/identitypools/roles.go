package identitypools

import (
	"context"
	"strings"

	"cognate/internal/api/identity"
	"cognate/internal/store"
)

// maxRules is how many rules a provider can have (spec/identity-pools.md B2).
const maxRules = 25

// SetIdentityPoolRoles replaces the default roles of a pool and its role mappings.
// That the caller may pass the roles on is checked before, as for every operation
// that takes one.
func (o *Operations) SetIdentityPoolRoles(ctx context.Context, in *identity.SetIdentityPoolRolesInput) error {
	pool, err := o.load(ctx, in.IdentityPoolId)
	if err != nil {
		return err
	}
	for _, role := range in.Roles {
		if err := o.checkRole(role); err != nil {
			return err
		}
	}
	for name, mapping := range in.RoleMappings {
		if err := o.checkMapping(pool, name, mapping); err != nil {
			return err
		}
	}
	pool.Settings.Roles, pool.Settings.RoleMappings = in.Roles, in.RoleMappings
	if len(o.mappings(pool)) < len(in.RoleMappings) {
		return identity.InvalidParameterException("A user pool and client have two role mappings, by different names.")
	}
	return o.save(ctx, pool)
}

// GetIdentityPoolRoles shows the default roles and the role mappings.
func (o *Operations) GetIdentityPoolRoles(ctx context.Context, in *identity.GetIdentityPoolRolesInput) (*identity.GetIdentityPoolRolesResponse, error) {
	pool, err := o.Directory.IdentityPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	out := &identity.GetIdentityPoolRolesResponse{IdentityPoolId: pool.ID, Roles: map[string]string{}}
	if len(pool.Settings.Roles) > 0 {
		out.Roles = pool.Settings.Roles
	}
	if len(pool.Settings.RoleMappings) > 0 {
		out.RoleMappings = pool.Settings.RoleMappings
	}
	return out, nil
}

// checkRole refuses what can be no role of this account; roles of the account need
// not exist yet. Those of a service elsewhere are its own business.
func (o *Operations) checkRole(arn string) error {
	if o.STS != nil && strings.HasPrefix(arn, "arn:") {
		return nil
	}
	if accountOf(arn, "role") != o.AccountID {
		return forbiddenRole(arn)
	}
	return nil
}

func forbiddenRole(arn string) error {
	return identity.NotAuthorizedException("Access to Role '%s' is forbidden.", arn)
}

// checkMapping refuses a role mapping that could never choose a role, or not as it
// says.
func (o *Operations) checkMapping(pool *store.IdentityPool, name string, m identity.RoleMapping) error {
	p, known := o.mapped(pool, name)
	switch {
	case !known:
		return identity.InvalidParameterException("%s is not a provider of the identity pool.", name)
	case m.AmbiguousRoleResolution == "":
		return identity.InvalidParameterException("AmbiguousRoleResolution is required for the role mapping of %s.", name)
	case m.Type == identity.RoleMappingTypeToken && p.kind != byUserPool && p.kind != bySAML:
		return identity.InvalidParameterException("The tokens of %s have no roles: its role mapping needs rules.", name)
	case m.Type == identity.RoleMappingTypeToken:
		return nil
	case m.RulesConfiguration == nil:
		return identity.InvalidParameterException("RulesConfiguration is required for the role mapping of %s.", name)
	case len(m.RulesConfiguration.Rules) > maxRules:
		return identity.InvalidParameterException("A provider can have at most %d rules.", maxRules)
	}
	for _, rule := range m.RulesConfiguration.Rules {
		if err := o.checkRole(rule.RoleARN); err != nil {
			return err
		}
	}
	return nil
}

// mapped finds the provider that a key of role mappings means. User pools are named
// together with a client.
func (o *Operations) mapped(pool *store.IdentityPool, key string) (*provider, bool) {
	all := o.providersOf(pool)
	if end := strings.LastIndexByte(key, ':'); end > 0 {
		if p := all[key[:end]]; p != nil && p.kind == byUserPool {
			_, known := p.clients[key[end+1:]]
			return p, known
		}
	}
	for _, p := range all {
		if p.claims == key && p.kind != byUserPool && p.kind != byDeveloper {
			return p, true
		}
	}
	return nil, false
}

// mappings are the role mappings by the names that logins have for them.
func (o *Operations) mappings(pool *store.IdentityPool) map[string]identity.RoleMapping {
	all := make(map[string]identity.RoleMapping, len(pool.Settings.RoleMappings))
	for key, m := range pool.Settings.RoleMappings {
		if p, ok := o.mapped(pool, key); ok && p.kind == byUserPool {
			key = p.claims + key[strings.LastIndexByte(key, ':'):]
		}
		all[key] = m
	}
	return all
}
