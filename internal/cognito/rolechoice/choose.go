package rolechoice

import (
	"cmp"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/api/identity"
)

// The keys of a pool's Roles.
const (
	authenticated   = "authenticated"
	unauthenticated = "unauthenticated"
)

// Pool is what an identity pool says of roles, as SetIdentityPoolRoles stores it.
type Pool struct {
	Roles    map[string]string
	Mappings map[string]identity.RoleMapping
}

// Guest gives the ARN of the role of a caller without logins. custom is the
// CustomRoleArn of the request or empty; nobody gets another role by it.
// It answers InvalidIdentityPoolConfigurationException when the pool has no role
// for guests, and NotAuthorizedException for another custom role.
func (p Pool) Guest(custom string) (string, error) {
	return p.standard(unauthenticated, custom)
}

// Authenticated gives the ARN of the role of a caller with these logins; without
// any, as for users of a developer provider, it is the pool's role for
// authenticated identities. Of several logins with a role mapping the one with the
// first key in byte order counts. It answers
// InvalidIdentityPoolConfigurationException when the choice falls on a role that
// the pool does not have, and NotAuthorizedException when it is denied.
func (p Pool) Authenticated(logins []Login, custom string) (string, error) {
	login, mapping, ok := p.mapped(logins)
	if !ok {
		return p.standard(authenticated, custom)
	}
	if mapping.Type == identity.RoleMappingTypeRules {
		return p.byRules(login, mapping, custom)
	}
	return p.byToken(login, mapping, custom)
}

// mapped finds the login that decides, with the mapping of its provider. A pool
// of SAML providers needs no roles of its own: without them the assertion decides.
func (p Pool) mapped(logins []Login) (Login, identity.RoleMapping, bool) {
	sorted := slices.SortedFunc(slices.Values(logins), func(a, b Login) int { return cmp.Compare(a.Mapping, b.Mapping) })
	for _, l := range sorted {
		if m, ok := p.Mappings[l.Mapping]; ok {
			return l, m, true
		}
	}
	if p.Roles[authenticated] == "" {
		for _, l := range sorted {
			if l.saml {
				return l, identity.RoleMapping{
					Type: identity.RoleMappingTypeToken, AmbiguousRoleResolution: identity.AmbiguousRoleResolutionTypeDeny,
				}, true
			}
		}
	}
	return Login{}, identity.RoleMapping{}, false
}

// byToken lets the token choose (Type=Token).
func (p Pool) byToken(l Login, m identity.RoleMapping, custom string) (string, error) {
	switch {
	case custom != "":
		if slices.Contains(l.roles, custom) {
			return custom, nil
		}
		return "", forbidden(custom)
	case l.preferred != "":
		return l.preferred, nil
	case len(l.roles) == 1:
		return l.roles[0], nil
	}
	return p.ambiguous(m)
}

// byRules takes the first rule that matches, or, for a custom role, any rule that
// matches and carries it (Type=Rules).
func (p Pool) byRules(l Login, m identity.RoleMapping, custom string) (string, error) {
	if m.RulesConfiguration != nil {
		for _, rule := range m.RulesConfiguration.Rules {
			if (custom == "" || custom == rule.RoleARN) && matches(rule, texts(l.claims[rule.Claim])) {
				return rule.RoleARN, nil
			}
		}
	}
	if custom != "" {
		return "", forbidden(custom)
	}
	return p.ambiguous(m)
}

// matches compares a claim with a rule, case counting. Of a list one element has
// to match, and for NotEqual none may be equal. A claim that is not there never
// matches, NotEqual included.
func matches(rule identity.MappingRule, claim []string) bool {
	if len(claim) == 0 {
		return false
	}
	var match func(s, value string) bool
	switch rule.MatchType {
	case identity.MappingRuleMatchTypeEquals:
		match = func(s, value string) bool { return s == value }
	case identity.MappingRuleMatchTypeContains:
		match = strings.Contains
	case identity.MappingRuleMatchTypeStartsWith:
		match = strings.HasPrefix
	case identity.MappingRuleMatchTypeNotEqual:
		return !slices.Contains(claim, rule.Value)
	default:
		return false
	}
	return slices.ContainsFunc(claim, func(s string) bool { return match(s, rule.Value) })
}

// ambiguous resolves what neither token nor rules have decided. Anything but the
// word for the default role denies.
func (p Pool) ambiguous(m identity.RoleMapping) (string, error) {
	if m.AmbiguousRoleResolution == identity.AmbiguousRoleResolutionTypeAuthenticatedRole {
		return p.standard(authenticated, "")
	}
	return "", identity.NotAuthorizedException("The ambiguous role mapping rules denied this request")
}

// standard gives the role of the pool for a state.
func (p Pool) standard(state, custom string) (string, error) {
	role := p.Roles[state]
	switch {
	case role == "":
		return "", misconfigured()
	case custom != "" && custom != role:
		return "", forbidden(custom)
	}
	return role, nil
}

func forbidden(role string) *api.Error {
	return identity.NotAuthorizedException("Access to Role '%s' is forbidden.", role)
}

func misconfigured() *api.Error {
	return identity.InvalidIdentityPoolConfigurationException("Invalid identity pool configuration. Check assigned IAM roles for this pool.")
}
