package rolechoice

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cognate/internal/api"
	"cognate/internal/api/identity"
)

// names are those of roles in properties: few, so that they meet.
var names = rapid.SampledFrom([]string{"a", "b", "c", "user"})

func drawPool(t *rapid.T) Pool {
	pool := Pool{Roles: map[string]string{}, Mappings: map[string]identity.RoleMapping{}}
	if rapid.Bool().Draw(t, "has a default role") {
		pool.Roles[authenticated] = role("user")
	}
	for _, key := range []string{provider + ":" + client, oidcARN, samlARN} {
		kind := rapid.SampledFrom([]string{"", "Token", "Rules"}).Draw(t, "mapping of "+key)
		if kind == "" {
			continue
		}
		m := identity.RoleMapping{
			Type:                    identity.RoleMappingType(kind),
			AmbiguousRoleResolution: rapid.SampledFrom([]identity.AmbiguousRoleResolutionType{deny, standard}).Draw(t, "resolution"),
		}
		if kind == "Rules" {
			m.RulesConfiguration = &identity.RulesConfigurationType{Rules: rapid.SliceOfN(rapid.Custom(drawRule), 0, 3).Draw(t, "rules")}
		}
		pool.Mappings[key] = m
	}
	return pool
}

func drawRule(t *rapid.T) identity.MappingRule {
	return rule("team", rapid.SampledFrom([]identity.MappingRuleMatchType{equals, contains, startsWith, notEqual}).Draw(t, "match"),
		rapid.SampledFrom([]string{"x", "xy", "y"}).Draw(t, "value"), names.Draw(t, "role"))
}

func drawLogins(t *rapid.T) (logins []Login) {
	var roles []string
	for _, name := range rapid.SliceOfN(names, 0, 3).Draw(t, "roles") {
		roles = append(roles, role(name))
	}
	said := map[string]any{"team": rapid.SampledFrom([]any{nil, "x", "xy", "z"}).Draw(t, "team"), claimRoles: roles}
	if rapid.Bool().Draw(t, "has a user pool login") {
		logins = append(logins, UserPool(provider, client, said))
	}
	if rapid.Bool().Draw(t, "has an OpenID login") {
		logins = append(logins, OIDC(oidcARN, said))
	}
	if rapid.Bool().Draw(t, "has a SAML login") {
		pairs := make([]string, len(roles))
		for i, r := range roles {
			pairs[i] = r + "," + samlARN
		}
		logins = append(logins, SAML(samlARN, "ana", map[string]any{"team": said["team"], samlRole: pairs}))
	}
	return logins
}

// granted are all the roles that the pool or the logins could ever give.
func granted(pool Pool, logins []Login) (all []string) {
	all = append(all, pool.Roles[authenticated])
	for _, l := range logins {
		all = append(all, l.roles...)
		if m := pool.Mappings[l.Mapping]; m.RulesConfiguration != nil {
			for _, r := range m.RulesConfiguration.Rules {
				all = append(all, r.RoleARN)
			}
		}
	}
	return all
}

// Whatever a pool says and a caller brings: the role is one that somebody granted, it
// is the one that was asked for if one was, and the order of logins does not count.
func TestOnlyGrantedRolesAreChosen(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		pool, logins := drawPool(t), drawLogins(t)
		custom := ""
		if rapid.Bool().Draw(t, "asks for a role") {
			custom = role(rapid.SampledFrom([]string{"a", "b", "user", "admin"}).Draw(t, "custom role"))
		}
		got, err := pool.Authenticated(logins, custom)
		if err != nil {
			if !api.HasCode(err, "NotAuthorizedException") && !api.HasCode(err, "InvalidIdentityPoolConfigurationException") {
				t.Fatal(err)
			}
		} else if !slices.Contains(granted(pool, logins), got) || custom != "" && got != custom {
			t.Fatalf("chose %s for a caller who asked for %q", got, custom)
		}
		slices.Reverse(logins)
		again, errAgain := pool.Authenticated(logins, custom)
		if again != got || (err == nil) != (errAgain == nil) {
			t.Fatalf("chose %s, and %s in another order", got, again)
		}
	})
}
