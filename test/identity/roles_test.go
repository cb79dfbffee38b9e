package identity_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/servertest"
)

func roleARN(name string) string { return "arn:aws:iam::" + account + ":role/" + name }

func (w *world) setRoles(t *testing.T, roles map[string]string, mappings map[string]types.RoleMapping) error {
	t.Helper()
	_, err := w.signed.SetIdentityPoolRoles(t.Context(), &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: &w.pool, Roles: roles, RoleMappings: mappings})
	return err
}

func byRules(rules ...types.MappingRule) types.RoleMapping {
	return types.RoleMapping{
		Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeDeny,
		RulesConfiguration: &types.RulesConfigurationType{Rules: rules},
	}
}

func rule(claim string, match types.MappingRuleMatchType, value, role string) types.MappingRule {
	return types.MappingRule{Claim: &claim, MatchType: match, Value: &value, RoleARN: aws.String(roleARN(role))}
}

func TestRolesAreReplacedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	get := func() *cognitoidentity.GetIdentityPoolRolesOutput {
		out, err := w.signed.GetIdentityPoolRoles(t.Context(), &cognitoidentity.GetIdentityPoolRolesInput{IdentityPoolId: &w.pool})
		wantOK(t, err)
		return out
	}
	if none := get(); len(none.Roles) != 0 || none.RoleMappings != nil || *none.IdentityPoolId != w.pool {
		t.Errorf("before any was set: %v", none)
	}
	roles := map[string]string{"authenticated": roleARN("user"), "unauthenticated": roleARN("guest")}
	mappings := map[string]types.RoleMapping{w.provider + ":" + w.client: byRules(rule("custom:level", types.MappingRuleMatchTypeEquals, "gold", "path/gold"))}
	wantOK(t, w.setRoles(t, roles, mappings))
	got := get()
	if diff := cmp.Diff(mappings, got.RoleMappings, cmpopts.IgnoreUnexported(types.RoleMapping{}, types.RulesConfigurationType{}, types.MappingRule{})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(roles, got.Roles); diff != "" {
		t.Error(diff)
	}
	wantOK(t, w.setRoles(t, map[string]string{"authenticated": roleARN("other")}, nil))
	if got = get(); len(got.Roles) != 1 || got.RoleMappings != nil {
		t.Errorf("after replacing both: %v", got)
	}
}

func TestRolesThatAPoolCannotHave(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.SupportedLoginProviders = map[string]string{"accounts.google.com": "app"}
		in.OpenIdConnectProviderARNs = []string{"arn:aws:iam::" + account + ":oidc-provider/idp.example.com"}
	})
	userPool := w.provider + ":" + w.client
	gold := rule("level", types.MappingRuleMatchTypeEquals, "gold", "gold")
	foreign, many := gold, make([]types.MappingRule, 26)
	foreign.RoleARN = aws.String("arn:aws:iam::999999999999:role/gold")
	for i := range many {
		many[i] = gold
	}
	byToken := types.RoleMapping{Type: types.RoleMappingTypeToken, AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeDeny}
	tests := []struct {
		name     string
		roles    map[string]string
		mappings map[string]types.RoleMapping
		code     string
		message  string
	}{
		{"role of another account", map[string]string{"authenticated": "arn:aws:iam::999999999999:role/user"}, nil, "NotAuthorizedException", "Access to Role 'arn:aws:iam::999999999999:role/user' is forbidden."},
		{"no role", map[string]string{"authenticated": "arn:aws:iam::" + account + ":user/ana"}, nil, "NotAuthorizedException", "Access to Role 'arn:aws:iam::" + account + ":user/ana' is forbidden."},
		{"rule with a role of another account", nil, map[string]types.RoleMapping{userPool: byRules(foreign)}, "NotAuthorizedException", "Access to Role 'arn:aws:iam::999999999999:role/gold' is forbidden."},
		{"unknown provider", nil, map[string]types.RoleMapping{"www.amazon.com": byRules(gold)}, "InvalidParameterException", "www.amazon.com is not a provider of the identity pool."},
		{"unknown client", nil, map[string]types.RoleMapping{w.provider + ":none": byRules(gold)}, "InvalidParameterException", ""},
		{"user pool without client", nil, map[string]types.RoleMapping{w.provider: byRules(gold)}, "InvalidParameterException", ""},
		{"the developer's provider", nil, map[string]types.RoleMapping{developer: byRules(gold)}, "InvalidParameterException", ""},
		{"no word for the ambiguous", nil, map[string]types.RoleMapping{userPool: {Type: types.RoleMappingTypeToken}}, "InvalidParameterException", ""},
		{"roles of Google's tokens", nil, map[string]types.RoleMapping{"accounts.google.com": byToken}, "InvalidParameterException", ""},
		{"roles of an OIDC provider's tokens", nil, map[string]types.RoleMapping{"arn:aws:iam::" + account + ":oidc-provider/idp.example.com": byToken}, "InvalidParameterException", ""},
		{"rules without rules", nil, map[string]types.RoleMapping{userPool: {Type: types.RoleMappingTypeRules, AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeDeny}}, "InvalidParameterException", ""},
		{"26 rules", nil, map[string]types.RoleMapping{userPool: byRules(many...)}, "InvalidParameterException", "A provider can have at most 25 rules."},
		{"another state", map[string]string{"admin": roleARN("user")}, nil, "ValidationException", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			roles := test.roles
			if roles == nil {
				roles = map[string]string{}
			}
			wantErr(t, w.setRoles(t, roles, test.mappings), test.code, test.message)
		})
	}
}

func TestPoolsWithRoleMappingsHaveNoBasicFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), classic)
	guest := w.mustGetID(t, nil)
	wantOK(t, w.setRoles(t, map[string]string{}, map[string]types.RoleMapping{
		w.provider + ":" + w.client: {Type: types.RoleMappingTypeToken, AmbiguousRoleResolution: types.AmbiguousRoleResolutionTypeDeny},
	}))
	_, err := w.openID(t, guest, nil)
	wantErr(t, err, "InvalidParameterException", "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.")
}

func TestPrincipalTagsAreKeptByProviderAndGoIntoTokens(t *testing.T) {
	t.Parallel()
	oidcARN := "arn:aws:iam::" + account + ":oidc-provider/idp.example.com"
	w := newWorld(t, servertest.Shared(t), func(in *cognitoidentity.CreateIdentityPoolInput) {
		classic(in)
		in.OpenIdConnectProviderARNs = []string{oidcARN}
	})
	set := func(name string, defaults bool, tags map[string]string) error {
		_, err := w.signed.SetPrincipalTagAttributeMap(t.Context(), &cognitoidentity.SetPrincipalTagAttributeMapInput{
			IdentityPoolId: &w.pool, IdentityProviderName: &name, UseDefaults: &defaults, PrincipalTags: tags,
		})
		return err
	}
	get := func(name string) (*cognitoidentity.GetPrincipalTagAttributeMapOutput, error) {
		return w.signed.GetPrincipalTagAttributeMap(t.Context(), &cognitoidentity.GetPrincipalTagAttributeMapInput{IdentityPoolId: &w.pool, IdentityProviderName: &name})
	}
	tokens := w.signIn(t, "ana")
	_, user := said(t, *tokens.IdToken)
	logins := map[string]string{w.provider: *tokens.IdToken}
	ana := w.mustGetID(t, logins)
	for _, test := range []struct {
		name     string
		defaults bool
		tags     map[string]string
		want     any
	}{
		{"inactive", false, nil, nil},
		{"defaults", true, nil, map[string]any{"principal_tags": map[string]any{"client": []any{w.client}, "username": []any{user["sub"]}}}},
		{"custom", false, map[string]string{"who": "cognito:username", "none": "custom:none"}, map[string]any{"principal_tags": map[string]any{"who": []any{user["cognito:username"]}}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			wantOK(t, set(w.provider, test.defaults, test.tags))
			got, err := get(w.provider)
			wantOK(t, err)
			if *got.UseDefaults != test.defaults || !cmp.Equal(got.PrincipalTags, test.tags) || *got.IdentityProviderName != w.provider {
				t.Errorf("kept %v, %v of %s", *got.UseDefaults, got.PrincipalTags, *got.IdentityProviderName)
			}
			out, err := w.openID(t, ana, logins)
			wantOK(t, err)
			_, claims := said(t, *out.Token)
			if diff := cmp.Diff(test.want, claims["https://aws.amazon.com/tags"]); diff != "" {
				t.Error(diff)
			}
		})
	}
	wantOK(t, set(oidcARN, true, nil))
	for _, name := range []string{"www.amazon.com", developer, "none"} {
		wantErr(t, set(name, true, nil), "ResourceNotFoundException", "The identity pool has no provider '"+name+"'.")
		_, err := get(name)
		wantErr(t, err, "ResourceNotFoundException", "The identity pool has no provider '"+name+"'.")
	}
	tooMany := map[string]string{}
	for i := range 51 {
		tooMany[string(rune('A'+i%26))+string(rune('a'+i/26))] = "sub"
	}
	wantErr(t, set(w.provider, false, tooMany), "ValidationException", "")
}
