package identitypools

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/api/identity"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/outbound/fetch"
	"cognate/internal/outbound/oidc"
	"cognate/internal/protocol/saml/samltest"
	"cognate/internal/store"
)

const samlARN = "arn:aws:iam::" + account + ":saml-provider/corp"

// outside is providers that the installation does not run: an OpenID provider, which
// also plays Google and Facebook, and a SAML provider.
type outside struct {
	*fixture
	web  *httptest.Server
	down atomic.Bool
	corp *samltest.Provider
	arn  string // of the OpenID provider
	name string // in Logins
}

func newOutside(t *testing.T) *outside {
	t.Helper()
	o := &outside{fixture: newFixture(t)}
	private := must(key())(t)
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &private.PublicKey, KeyID: "k", Use: "sig"}}}
	o.web = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers := map[string]any{
			"/.well-known/openid-configuration": map[string]any{"issuer": o.web.URL, "jwks_uri": o.web.URL + "/keys"},
			"/keys":                             set,
			"/oauth2/v3/certs":                  set, // of Google
			"/app":                              map[string]string{"id": "facebook-app"},
			"/me":                               map[string]string{"id": "f1"},
		}
		answer, known := answers[r.URL.Path]
		if !known || o.down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(o.web.Close)
	o.name = strings.TrimPrefix(o.web.URL, "http://")
	o.arn = "arn:aws:iam::" + account + ":oidc-provider/" + o.name
	client := oidc.New(fetch.Policy{Allow: fetch.Loopback}, true, o.Now)
	o.Verifier = &webidentity.Verifier{
		Now: o.Now, Pools: &tokens.Tokens{Issuer: o.UserPoolIssuer}, Keys: &oidc.KeySets{Client: client},
		Social: &oidc.AccessTokens{Client: client, Elsewhere: map[string]string{webidentity.Google: o.web.URL, webidentity.Facebook: o.web.URL}},
	}
	o.corp = must(samltest.New("https://corp.example", 2048, o.now))(t)
	o.put(t, o.arn, store.AccountProviderSettings{URL: o.web.URL, ClientIDs: []string{"app"}})
	o.put(t, samlARN, store.AccountProviderSettings{Metadata: string(o.corp.Metadata())})
	return o
}

func (o *outside) put(t *testing.T, arn string, settings store.AccountProviderSettings) {
	t.Helper()
	_, err := store.Write(t.Context(), o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.PutAccountProvider(ctx, &store.AccountProvider{ARN: arn, CreatedAt: o.now, ModifiedAt: o.now, Settings: settings})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// outsidePool is a pool with all of these providers.
func (o *outside) outsidePool(t *testing.T) string {
	t.Helper()
	made, err := o.CreateIdentityPool(t.Context(), &identity.CreateIdentityPoolInput{
		IdentityPoolName: "shop", AllowUnauthenticatedIdentities: true, AllowClassicFlow: true,
		OpenIdConnectProviderARNs: []string{o.arn}, SamlProviderARNs: []string{samlARN},
		SupportedLoginProviders: map[string]string{webidentity.Google: "web;phone", webidentity.Facebook: "facebook-app"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return made.IdentityPoolId
}

// token is an ID token of the OpenID provider, or of Google.
func (o *outside) token(t *testing.T, changes map[string]any) string {
	t.Helper()
	signer := must(jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: must(key())(t)}, (&jose.SignerOptions{}).WithHeader("kid", "k")))(t)
	claims := map[string]any{"iss": o.web.URL, "sub": "42", "aud": "app", "iat": o.now.Unix(), "exp": o.now.Add(time.Hour).Unix(), "tenant": "blue"}
	maps.Copy(claims, changes)
	signed := must(signer.Sign(must(json.Marshal(claims))(t)))(t)
	return must(signed.CompactSerialize())(t)
}

func (o *outside) assertion(t *testing.T, subject string, roles ...string) string {
	t.Helper()
	a := samltest.Answer{
		ACS: webidentity.SigninEndpoint, Audience: webidentity.SigninEndpoint, Now: o.now, NameID: subject, SignAssertion: true,
	}
	for i, role := range roles {
		roles[i] = roleNamed(role) + "," + samlARN
	}
	if len(roles) > 0 {
		a.Attributes = []samltest.Attribute{{Name: webidentity.RoleAttribute, Values: roles}}
	}
	return samltest.Post(must(o.corp.Response(a))(t))
}

func roleNamed(name string) string { return "arn:aws:iam::" + account + ":role/" + name }

func (o *outside) getID(t *testing.T, pool string, logins map[string]string) (string, error) {
	t.Helper()
	out, err := o.GetId(t.Context(), &identity.GetIdInput{IdentityPoolId: pool, Logins: logins})
	if err != nil {
		return "", err
	}
	return out.IdentityId, nil
}

func TestProvidersFromOutsideVouchForIdentities(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	pool := o.outsidePool(t)
	google := func(sub string) string {
		return o.token(t, map[string]any{"iss": "https://accounts.google.com", "aud": "phone", "sub": sub})
	}
	all := map[string]string{ // token by its key; the subjects are alike on purpose
		o.name: o.token(t, nil), webidentity.Google: google("42"), webidentity.Facebook: "EAAC", samlARN: o.assertion(t, "42"),
	}
	seen := map[string]string{}
	for key, token := range all {
		id := must(o.getID(t, pool, map[string]string{key: token}))(t)
		if other, taken := seen[id]; taken {
			t.Errorf("%s and %s vouch for one identity", key, other)
		}
		seen[id] = key
		if again := must(o.getID(t, pool, map[string]string{key: token}))(t); again != id {
			t.Errorf("%s vouches for %s, then %s", key, id, again)
		}
		shown := must(o.DescribeIdentity(t.Context(), &identity.DescribeIdentityInput{IdentityId: id}))(t)
		if diff := cmp.Diff([]string{key}, shown.Logins); diff != "" {
			t.Errorf("logins: %s", diff)
		}
	}
	if id := must(o.getID(t, pool, map[string]string{webidentity.Google: google("43")}))(t); seen[id] != "" {
		t.Error("another user of Google has the identity of the first")
	}
	one := must(o.getID(t, pool, all))(t) // all four are merged
	shown := must(o.DescribeIdentity(t.Context(), &identity.DescribeIdentityInput{IdentityId: one}))(t)
	slices.Sort(shown.Logins)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(all)), shown.Logins); diff != "" {
		t.Errorf("logins after merging: %s", diff)
	}
}

func TestS121TokensFromOutsideThatAreRefused(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	pool := o.outsidePool(t)
	unsupported := "Token is not from a supported provider of this identity pool."
	late := o.now.Add(-5*time.Minute - time.Second).Unix()
	tests := []struct{ name, key, token, code, message string }{
		{"another app of the OIDC provider", o.name, o.token(t, map[string]any{"aud": "other"}), "NotAuthorizedException", unsupported},
		{"given to another app by azp", o.name, o.token(t, map[string]any{"azp": "other"}), "NotAuthorizedException", unsupported},
		{"another issuer", o.name, o.token(t, map[string]any{"iss": "https://evil.example"}), "NotAuthorizedException", "Invalid login token. Issuer doesn't match providerName"},
		{"Google's token as the OIDC provider's", o.name, o.token(t, map[string]any{"iss": "https://accounts.google.com"}), "NotAuthorizedException", "Invalid login token. Issuer doesn't match providerName"},
		{"another app of Google", webidentity.Google, o.token(t, map[string]any{"iss": "https://accounts.google.com"}), "NotAuthorizedException", unsupported},
		{"without audience", o.name, o.token(t, map[string]any{"aud": nil}), "NotAuthorizedException", "Invalid login token. Missing a required claim: aud"},
		{
			"more than five minutes late", o.name, o.token(t, map[string]any{"exp": late}), "NotAuthorizedException",
			fmt.Sprintf("Invalid login token. Token expired: %d >= %d", o.now.Unix(), late),
		},
		{"with a NUL in its subject", o.name, o.token(t, map[string]any{"sub": "a\x00b"}), "NotAuthorizedException", "Invalid login token."},
		{"a provider that the pool does not have", "appleid.apple.com", o.token(t, nil), "NotAuthorizedException", unsupported},
		{"no SAML response", samlARN, "x", "NotAuthorizedException", ""},
		{"the ARN of the OIDC provider as key", o.arn, o.token(t, nil), "NotAuthorizedException", unsupported},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := o.getID(t, pool, map[string]string{test.key: test.token})
			wantCode(t, err, test.code, test.message)
		})
	}
	if _, err := o.getID(t, pool, map[string]string{o.name: o.token(t, map[string]any{"exp": late + 2})}); err != nil {
		t.Errorf("a token within the grace of five minutes: %v", err)
	}
}

func TestProvidersThatAreNotThere(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	pool := o.outsidePool(t)
	o.down.Store(true)
	_, err := o.getID(t, pool, map[string]string{o.name: o.token(t, nil)})
	wantCode(t, err, "ExternalServiceException", "The login provider cannot be reached.")
	_, err = o.getID(t, pool, map[string]string{webidentity.Facebook: "EAAC"})
	wantCode(t, err, "ExternalServiceException", "")

	_, err = o.GetOpenIdTokenForDeveloperIdentity(t.Context(), &identity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: o.pool(t, nil), Logins: map[string]string{"login.example": "ana", o.name: "x"},
	})
	wantCode(t, err, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
	made := must(o.CreateIdentityPool(t.Context(), &identity.CreateIdentityPoolInput{
		IdentityPoolName: "shop", DeveloperProviderName: "login.example", OpenIdConnectProviderARNs: []string{o.arn},
	}))(t)
	_, err = o.GetOpenIdTokenForDeveloperIdentity(t.Context(), &identity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: made.IdentityPoolId, Logins: map[string]string{"login.example": "ana", o.name: o.token(t, nil)},
	})
	wantCode(t, err, "NotAuthorizedException", "Invalid login token.")

	// Of the account, gone while the pool still names it.
	for _, arn := range []string{o.arn, samlARN} {
		_, err := store.Write(t.Context(), o.DB, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.DeleteAccountProvider(ctx, arn) })
		if err != nil {
			t.Fatal(err)
		}
	}
	o.Access.Forget()
	for key, token := range map[string]string{o.name: o.token(t, nil), samlARN: o.assertion(t, "42")} {
		_, err := o.getID(t, pool, map[string]string{key: token})
		wantCode(t, err, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
	}
}

func TestSAMLNeedsTheEnhancedFlow(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	pool := o.outsidePool(t)
	login := map[string]string{samlARN: o.assertion(t, "ana")}
	id := must(o.getID(t, pool, login))(t)
	_, err := o.GetOpenIdToken(t.Context(), &identity.GetOpenIdTokenInput{IdentityId: id, Logins: login})
	wantCode(t, err, "InvalidParameterException", "SAML providers need the enhanced flow.")
}

// sessionRole asks for credentials and tells the role that they are of.
func (o *outside) sessionRole(t *testing.T, id string, logins map[string]string, custom string) (*access.Principal, error) {
	t.Helper()
	out, err := o.GetCredentialsForIdentity(t.Context(), &identity.GetCredentialsForIdentityInput{IdentityId: id, Logins: logins, CustomRoleArn: custom})
	if err != nil {
		return nil, err
	}
	return o.principal(t, out.Credentials), nil
}

func TestRolesOfSAMLAssertionsAndByTheClaimsOfOIDCTokens(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	pool := o.outsidePool(t)
	for _, name := range []string{"blue", "dev", "ops"} {
		o.role(t, name, trusting(pool, "authenticated", andTagging))
	}
	rule := identity.MappingRule{Claim: "tenant", MatchType: identity.MappingRuleMatchTypeEquals, Value: "blue", RoleARN: roleNamed("blue")}
	err := o.SetIdentityPoolRoles(t.Context(), &identity.SetIdentityPoolRolesInput{IdentityPoolId: pool, Roles: map[string]string{}, RoleMappings: map[string]identity.RoleMapping{
		o.arn: {
			Type: identity.RoleMappingTypeRules, AmbiguousRoleResolution: identity.AmbiguousRoleResolutionTypeDeny,
			RulesConfiguration: &identity.RulesConfigurationType{Rules: []identity.MappingRule{rule}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.SetPrincipalTagAttributeMap(t.Context(), &identity.SetPrincipalTagAttributeMapInput{
		IdentityPoolId: pool, IdentityProviderName: o.arn, PrincipalTags: map[string]string{"team": "tenant"},
	})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, key, token, custom string
		role                     string // or message
		tags                     map[string]string
	}{
		{"claim of a rule", o.name, o.token(t, nil), "", "blue", map[string]string{"team": "blue"}},
		{"claim of no rule", o.name, o.token(t, map[string]any{"tenant": "red"}), "", "The ambiguous role mapping rules denied this request", nil},
		{"one role of an assertion", samlARN, o.assertion(t, "ana", "dev"), "", "dev", nil},
		{"several roles", samlARN, o.assertion(t, "ana", "dev", "ops"), "", "The ambiguous role mapping rules denied this request", nil},
		{"one of several roles", samlARN, o.assertion(t, "ana", "dev", "ops"), roleNamed("ops"), "ops", nil},
		{"a role that is not in the assertion", samlARN, o.assertion(t, "ana", "dev"), roleNamed("ops"), "Access to Role '" + roleNamed("ops") + "' is forbidden.", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			logins := map[string]string{test.key: test.token}
			who, err := o.sessionRole(t, must(o.getID(t, pool, logins))(t), logins, test.custom)
			if strings.Contains(test.role, " ") {
				wantCode(t, err, "NotAuthorizedException", test.role)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if who.RoleName != test.role || !maps.Equal(who.Tags, test.tags) {
				t.Errorf("session of %s with the tags %v", who.RoleName, who.Tags)
			}
		})
	}
}

// Tags that no session can have fail the call, in the words that it has.
func TestTagsThatCannotBe(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	pool := o.outsidePool(t)
	_, err := o.SetPrincipalTagAttributeMap(t.Context(), &identity.SetPrincipalTagAttributeMapInput{
		IdentityPoolId: pool, IdentityProviderName: o.arn, PrincipalTags: map[string]string{"team": "tenant"},
	})
	if err != nil {
		t.Fatal(err)
	}
	logins := map[string]string{o.name: o.token(t, map[string]any{"tenant": strings.Repeat("x", 257)})}
	id := must(o.getID(t, pool, logins))(t)
	_, err = o.GetOpenIdToken(t.Context(), &identity.GetOpenIdTokenInput{IdentityId: id, Logins: logins})
	wantCode(t, err, "InvalidParameterException", "Invalid principal tags.")
	o.role(t, "user", trusting(pool, "authenticated", andTagging))
	err = o.SetIdentityPoolRoles(t.Context(), &identity.SetIdentityPoolRolesInput{IdentityPoolId: pool, Roles: map[string]string{"authenticated": roleNamed("user")}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = o.sessionRole(t, id, logins, "")
	wantCode(t, err, "InvalidIdentityPoolConfigurationException", misconfigured)
}

// What an application asks for at every start is one statement, whatever was looked
// up for it before is kept.
func TestGetIdOfAKnownIdentityIsOneRead(t *testing.T) {
	t.Parallel()
	o := newOutside(t)
	pool, logins := o.outsidePool(t), map[string]string{o.name: o.token(t, nil)}
	first := must(o.getID(t, pool, logins))(t)
	before := o.DB.Statements()
	if again := must(o.getID(t, pool, logins))(t); again != first {
		t.Errorf("%s, and then %s", first, again)
	}
	if n := o.DB.Statements() - before; n != 1 {
		t.Errorf("%d statements, want 1", n)
	}
}
