package rolechoice

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/api/identity"
)

const (
	provider = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1"
	client   = "client-1"
	oidcARN  = "arn:aws:iam::123456789012:oidc-provider/id.example.com"
	samlARN  = "arn:aws:iam::123456789012:saml-provider/office"
)

func role(name string) string { return "arn:aws:iam::123456789012:role/" + name }

func rule(claim string, match identity.MappingRuleMatchType, value, name string) identity.MappingRule {
	return identity.MappingRule{Claim: claim, MatchType: match, Value: value, RoleARN: role(name)}
}

func byRules(resolution identity.AmbiguousRoleResolutionType, rules ...identity.MappingRule) identity.RoleMapping {
	return identity.RoleMapping{
		Type: identity.RoleMappingTypeRules, AmbiguousRoleResolution: resolution,
		RulesConfiguration: &identity.RulesConfigurationType{Rules: rules},
	}
}

func byToken(resolution identity.AmbiguousRoleResolutionType) identity.RoleMapping {
	return identity.RoleMapping{Type: identity.RoleMappingTypeToken, AmbiguousRoleResolution: resolution}
}

const (
	deny     = identity.AmbiguousRoleResolutionTypeDeny
	standard = identity.AmbiguousRoleResolutionTypeAuthenticatedRole

	equals     = identity.MappingRuleMatchTypeEquals
	contains   = identity.MappingRuleMatchTypeContains
	startsWith = identity.MappingRuleMatchTypeStartsWith
	notEqual   = identity.MappingRuleMatchTypeNotEqual

	// The outcomes that are no role.
	misconfiguredAnswer = "InvalidIdentityPoolConfigurationException: Invalid identity pool configuration. Check assigned IAM roles for this pool."
	ambiguousAnswer     = "NotAuthorizedException: The ambiguous role mapping rules denied this request"
)

func forbiddenAnswer(name string) string {
	return "NotAuthorizedException: Access to Role '" + role(name) + "' is forbidden."
}

// claims reads JSON as a token has it, numbers undecoded.
func claims(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// decision is one row of the table of identity-pools.md §B2.
type decision struct {
	name     string
	noRoles  bool // the pool has neither standard role
	mapping  *identity.RoleMapping
	claims   string // of the user pool's ID token
	custom   string
	want     string // role or answer
	asGuest  bool
	noLogins bool // signed in by the operator's server
}

var decisions = []decision{
	// Rule 1.
	{name: "guest", asGuest: true, want: role("guest")},
	{name: "guest without a role", asGuest: true, noRoles: true, want: misconfiguredAnswer},
	{name: "guest who names his own role", asGuest: true, custom: role("guest"), want: role("guest")},
	{name: "guest who names another", asGuest: true, custom: role("user"), want: forbiddenAnswer("user")},
	// Rule 3.
	{name: "no mapping", claims: `{}`, want: role("user")},
	{name: "no mapping, no role", claims: `{}`, noRoles: true, want: misconfiguredAnswer},
	{name: "no mapping, roles in the token", claims: `{"cognito:roles":["` + role("a") + `"],"cognito:preferred_role":"` + role("a") + `"}`, want: role("user")},
	{name: "no mapping, custom role", claims: `{"cognito:roles":["` + role("a") + `"]}`, custom: role("a"), want: forbiddenAnswer("a")},
	{name: "no mapping, the default as custom role", claims: `{}`, custom: role("user"), want: role("user")},
	{name: "developer", noLogins: true, mapping: new(byToken(deny)), want: role("user")},
	// Rule 4.
	{
		name: "token, custom role among the roles", mapping: new(byToken(deny)), custom: role("b"),
		claims: `{"cognito:roles":["` + role("a") + `","` + role("b") + `"],"cognito:preferred_role":"` + role("a") + `"}`, want: role("b"),
	},
	{
		name: "token, custom role elsewhere", mapping: new(byToken(standard)), custom: role("c"),
		claims: `{"cognito:roles":["` + role("a") + `"],"cognito:preferred_role":"` + role("a") + `"}`, want: forbiddenAnswer("c"),
	},
	{name: "token, the default as custom role", mapping: new(byToken(standard)), custom: role("user"), claims: `{}`, want: forbiddenAnswer("user")},
	{
		name: "token, preferred role", mapping: new(byToken(deny)),
		claims: `{"cognito:roles":["` + role("a") + `","` + role("b") + `"],"cognito:preferred_role":"` + role("b") + `"}`, want: role("b"),
	},
	{name: "token, one role", mapping: new(byToken(deny)), claims: `{"cognito:roles":["` + role("a") + `"]}`, want: role("a")},
	{name: "token, two roles, default", mapping: new(byToken(standard)), claims: `{"cognito:roles":["` + role("a") + `","` + role("b") + `"]}`, want: role("user")},
	{name: "token, two roles, deny", mapping: new(byToken(deny)), claims: `{"cognito:roles":["` + role("a") + `","` + role("b") + `"]}`, want: ambiguousAnswer},
	{name: "token, no roles, default", mapping: new(byToken(standard)), claims: `{}`, want: role("user")},
	{name: "token, no roles, deny", mapping: new(byToken(deny)), claims: `{}`, want: ambiguousAnswer},
	{name: "token, no roles, no default", mapping: new(byToken(standard)), claims: `{}`, noRoles: true, want: misconfiguredAnswer},
	{name: "token, resolution not said", mapping: new(byToken("")), claims: `{}`, want: ambiguousAnswer},
	{name: "token, roles of a wrong type", mapping: new(byToken(deny)), claims: `{"cognito:roles":{"a":"` + role("a") + `"}}`, want: ambiguousAnswer},
	// Rule 5.
	{
		name: "rules, first match", claims: `{"custom:team":"sales"}`, want: role("second"),
		mapping: new(byRules(deny, rule("custom:team", equals, "ops", "first"), rule("custom:team", equals, "sales", "second"), rule("custom:team", startsWith, "s", "third"))),
	},
	{
		name: "rules, custom role of a later match", claims: `{"custom:team":"sales"}`, custom: role("third"), want: role("third"),
		mapping: new(byRules(deny, rule("custom:team", equals, "sales", "second"), rule("custom:team", startsWith, "s", "third"))),
	},
	{
		name: "rules, custom role of a rule that does not match", claims: `{"custom:team":"sales"}`, custom: role("first"), want: forbiddenAnswer("first"),
		mapping: new(byRules(standard, rule("custom:team", equals, "ops", "first"), rule("custom:team", equals, "sales", "second"))),
	},
	{name: "rules, no match, default", claims: `{}`, want: role("user"), mapping: new(byRules(standard, rule("custom:team", equals, "ops", "first")))},
	{name: "rules, no match, deny", claims: `{}`, want: ambiguousAnswer, mapping: new(byRules(deny, rule("custom:team", equals, "ops", "first")))},
	{
		name: "rules, roles in the token count for nothing", claims: `{"cognito:preferred_role":"` + role("a") + `"}`, want: ambiguousAnswer,
		mapping: new(byRules(deny, rule("custom:team", equals, "ops", "first"))),
	},
	{name: "rules without rules", claims: `{}`, want: ambiguousAnswer, mapping: new(identity.RoleMapping{Type: identity.RoleMappingTypeRules, AmbiguousRoleResolution: deny})},
}

func TestDecisionTableOfRoles(t *testing.T) {
	t.Parallel()
	for _, d := range decisions {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			pool := Pool{Roles: map[string]string{"authenticated": role("user"), "unauthenticated": role("guest")}}
			if d.noRoles {
				pool.Roles = nil
			}
			if d.mapping != nil {
				pool.Mappings = map[string]identity.RoleMapping{provider + ":" + client: *d.mapping}
			}
			var got string
			var err error
			switch {
			case d.asGuest:
				got, err = pool.Guest(d.custom)
			case d.noLogins:
				got, err = pool.Authenticated(nil, d.custom)
			default:
				got, err = pool.Authenticated([]Login{UserPool(provider, client, claims(t, d.claims))}, d.custom)
			}
			check(t, got, err, d.want)
		})
	}
}

// check compares a role, or the answer in its place.
func check(t *testing.T, got string, err error, want string) {
	t.Helper()
	if err != nil {
		if _, ok := errors.AsType[*api.Error](err); !ok {
			t.Errorf("%v is no answer", err)
		}
		got += err.Error()
	}
	if got != want {
		t.Errorf("chose %s, want %s", got, want)
	}
}

func TestRulesMatchClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		claims string
		match  identity.MappingRuleMatchType
		value  string
		want   bool
	}{
		{`{"c":"a"}`, equals, "a", true},
		{`{"c":"a"}`, equals, "A", false},
		{`{"c":"ab"}`, equals, "a", false},
		{`{"c":["x","a"]}`, equals, "a", true},
		{`{"c":["x","y"]}`, equals, "a", false},
		{`{"c":true}`, equals, "true", true},
		{`{"c":12}`, equals, "12", true},
		{`{"c":null}`, equals, "null", false},
		{`{"c":{"a":"a"}}`, contains, "a", false},
		{`{}`, equals, "a", false},
		{`{"c":"xay"}`, contains, "a", true},
		{`{"c":"xAy"}`, contains, "a", false},
		{`{"c":["x","say"]}`, contains, "a", true},
		{`{"c":["a","b"]}`, contains, "a b", false},
		{`{}`, contains, "a", false},
		{`{"c":"ax"}`, startsWith, "a", true},
		{`{"c":"xa"}`, startsWith, "a", false},
		{`{"c":"b"}`, notEqual, "a", true},
		{`{"c":"a"}`, notEqual, "a", false},
		{`{"c":"A"}`, notEqual, "a", true},
		{`{"c":["x","a"]}`, notEqual, "a", false},
		{`{"c":["x"]}`, notEqual, "a", true},
		{`{"c":[]}`, notEqual, "a", false},
		{`{"c":null}`, notEqual, "a", false},
		{`{}`, notEqual, "a", false}, // identity-pools.md, checklist row 4
		{`{"c":"a"}`, "Other", "a", false},
	} {
		pool := Pool{
			Roles:    map[string]string{"authenticated": role("user")},
			Mappings: map[string]identity.RoleMapping{oidcARN: byRules(standard, rule("c", c.match, c.value, "matched"))},
		}
		got, err := pool.Authenticated([]Login{OIDC(oidcARN, claims(t, c.claims))}, "")
		if err != nil {
			t.Errorf("%s %s %q: %v", c.claims, c.match, c.value, err)
		}
		if (got == role("matched")) != c.want {
			t.Errorf("%s %s %q: chose %s", c.claims, c.match, c.value, got)
		}
	}
}

// What an OpenID provider of somebody else says of roles is only a claim.
func TestRolesOfOtherIssuersDoNotCount(t *testing.T) {
	t.Parallel()
	pool := Pool{Mappings: map[string]identity.RoleMapping{oidcARN: byToken(deny), "accounts.google.com": byToken(deny)}}
	said := claims(t, `{"cognito:roles":["`+role("admin")+`"],"cognito:preferred_role":"`+role("admin")+`"}`)
	for _, l := range []Login{OIDC(oidcARN, said), Social("accounts.google.com", said)} {
		got, err := pool.Authenticated([]Login{l}, "")
		check(t, got, err, ambiguousAnswer)
		got, err = pool.Authenticated([]Login{l}, role("admin"))
		check(t, got, err, forbiddenAnswer("admin"))
	}
}

func TestRolesOfAssertions(t *testing.T) {
	t.Parallel()
	one := role("a") + "," + samlARN
	reversed := samlARN + "," + role("b")
	foreign := role("admin") + ",arn:aws:iam::123456789012:saml-provider/other"
	mapped := map[string]identity.RoleMapping{samlARN: byToken(deny)}
	for _, c := range []struct {
		name    string
		pool    Pool
		roles   any
		custom  string
		outcome string
	}{
		{"one role", Pool{Mappings: mapped}, []string{one}, "", role("a")},
		{"one role, as one value", Pool{Mappings: mapped}, one, "", role("a")},
		{"the other order", Pool{Mappings: mapped}, []string{reversed}, "", role("b")},
		{"twice the same", Pool{Mappings: mapped}, []string{one, one}, "", role("a")},
		{"several", Pool{Mappings: mapped}, []string{one, reversed}, "", ambiguousAnswer},
		{"several, and which", Pool{Mappings: mapped}, []string{one, reversed}, role("b"), role("b")},
		{"another than these", Pool{Mappings: mapped}, []string{one, reversed}, role("c"), forbiddenAnswer("c")},
		{"for another provider", Pool{Mappings: mapped}, []string{foreign}, "", ambiguousAnswer},
		{"chosen for another provider", Pool{Mappings: mapped}, []string{foreign, one}, role("admin"), forbiddenAnswer("admin")},
		{"no pair", Pool{Mappings: mapped}, []string{role("a"), "," + samlARN}, "", ambiguousAnswer},
		{"a pool of SAML providers only", Pool{}, []string{one}, "", role("a")},
		{"the same without roles", Pool{}, nil, "", ambiguousAnswer},
		{"a pool with a role and no mapping", Pool{Roles: map[string]string{"authenticated": role("user")}}, []string{one}, "", role("user")},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			login := SAML(samlARN, "ana", map[string]any{"https://aws.amazon.com/SAML/Attributes/Role": c.roles})
			got, err := c.pool.Authenticated([]Login{login}, c.custom)
			check(t, got, err, c.outcome)
		})
	}
}

// Who shows several logins gets the same role whatever their order.
func TestTheOrderOfLoginsDoesNotCount(t *testing.T) {
	t.Parallel()
	pool := Pool{
		Roles: map[string]string{"authenticated": role("user")},
		Mappings: map[string]identity.RoleMapping{
			"accounts.google.com": byRules(deny, rule("sub", equals, "g", "google")),
			provider + ":other":   byRules(deny, rule("sub", equals, "u", "other client")),
			provider + ":client":  byRules(deny, rule("sub", equals, "u", "pool")),
		},
	}
	google, user := Social("accounts.google.com", map[string]any{"sub": "g"}), UserPool(provider, "client", map[string]any{"sub": "u"})
	unmapped := OIDC(oidcARN, map[string]any{"sub": "o"})
	for _, logins := range [][]Login{{google, user, unmapped}, {unmapped, user, google}} {
		got, err := pool.Authenticated(logins, "")
		check(t, got, err, role("google"))
	}
	got, err := pool.Authenticated([]Login{unmapped, user}, "")
	check(t, got, err, role("pool"))
}

func TestProfilesOfFacebookAndAmazonAreNotSeen(t *testing.T) {
	t.Parallel()
	said := map[string]any{"sub": "1", "email": "ana@example.com"}
	for domain, want := range map[string]string{
		"graph.facebook.com": ambiguousAnswer, "www.amazon.com": ambiguousAnswer, "accounts.google.com": role("mail"),
	} {
		pool := Pool{Mappings: map[string]identity.RoleMapping{domain: byRules(deny, rule("email", equals, "ana@example.com", "mail"))}}
		got, err := pool.Authenticated([]Login{Social(domain, said)}, "")
		check(t, got, err, want)
	}
}
