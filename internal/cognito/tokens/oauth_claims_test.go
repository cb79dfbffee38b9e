package tokens

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/store"
)

var person = []store.Attribute{
	{Name: "email", Value: "ana@example.com"},
	{Name: "email_verified", Value: "true"},
	{Name: "phone_number", Value: "+15550100"},
	{Name: "name", Value: "Ana"},
	{Name: "custom:plan", Value: "gold"},
}

// granted is a grant of a sign-in at the pool's domain.
func granted(t *testing.T, client api.UserPoolClientType, scopes ...string) *Grant {
	t.Helper()
	g := sample(t, client, person...)
	g.doc.OAuth, g.doc.Scopes = true, scopes
	return g
}

// The order is that of recorded.md §4: version comes behind iss.
func TestOAuthAccessTokenClaims(t *testing.T) {
	t.Parallel()
	g := granted(t, api.UserPoolClientType{}, "openid", "email", "shop/read")
	want := `{"sub":"11111111-2222-7033-8444-555555555555","amr":["pwd"],` +
		`"iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123","version":2,"client_id":"1example23456789",` +
		`"origin_jti":"aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee","acr":"urn:cognito:loa:1",` +
		`"event_id":"bbbbbbbb-cccc-4ddd-8eee-ffffffffffff","token_use":"access","scope":"openid email shop/read",` +
		`"auth_time":1750000000,"exp":1750003600,"iat":1750000000,"jti":"<jti>","username":"ana"}`
	if diff := cmp.Diff(want, fixed(t, g.accessClaims(issuer))); diff != "" {
		t.Error(diff)
	}
	g.doc.Resource = "https://shop.example.com/api"
	if claims := string(g.accessClaims(issuer)); !strings.Contains(claims, `"aud":"https://shop.example.com/api"`) {
		t.Errorf("no audience in %s", claims)
	}
	// What the token is bound to is not for a function to change (S034).
	g.Override.Access = ClaimChanges{Set: map[string]json.RawMessage{"aud": json.RawMessage(`"1example23456789"`)}, Suppress: []string{"aud", "version"}}
	if claims := string(g.accessClaims(issuer)); !strings.Contains(claims, `"aud":"https://shop.example.com/api"`) || !strings.Contains(claims, `"version":2`) {
		t.Errorf("a function changed the audience or version: %s", claims)
	}
}

// The access token and its at_hash are those of OpenID Connect Core, appendix A.3.
func TestOAuthIDTokenBeginsWithTheHashOfTheAccessToken(t *testing.T) {
	t.Parallel()
	g := granted(t, api.UserPoolClientType{}, "openid")
	g.Nonce = "n-0S6_WzA2Mj"
	claims := string(g.idClaims(issuer, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"))
	if want := `{"at_hash":"77QmUPtjPfzWtF2AnpK9RQ","sub":`; !strings.HasPrefix(claims, want) {
		t.Errorf("ID token is %s", claims)
	}
	if !strings.Contains(claims, `"nonce":"n-0S6_WzA2Mj"`) {
		t.Errorf("no nonce in %s", claims)
	}
}

// The table of endpoints.md §3.4 and §5.2, for ID token and userInfo alike.
func TestScopesLimitAttributes(t *testing.T) {
	t.Parallel()
	all := []string{"email", "email_verified", "phone_number", "phone_number_verified", "name", "custom:plan"}
	for _, tt := range []struct {
		scopes string
		want   []string
	}{
		{"openid", all},
		{"openid aws.cognito.signin.user.admin shop/read", all},
		{"openid email", all[:2]},
		{"openid phone", all[2:4]},
		{"openid profile", all[4:]},
		{"openid email phone", all[:4]},
		{"openid email phone profile", all},
	} {
		scopes := strings.Fields(tt.scopes)
		g := granted(t, api.UserPoolClientType{}, scopes...)
		for source, document := range map[string][]byte{"ID token": g.idClaims(issuer, ""), "userInfo": UserInfo(g.Client, g.User, scopes)} {
			var got map[string]any
			if err := json.Unmarshal(document, &got); err != nil {
				t.Fatal(err)
			}
			shown := 0
			for _, name := range all {
				if _, ok := got[name]; ok {
					shown++
				}
			}
			for _, name := range tt.want {
				if _, ok := got[name]; !ok {
					t.Errorf("%s with %q lacks %s: %s", source, tt.scopes, name, document)
				}
			}
			if shown != len(tt.want) {
				t.Errorf("%s with %q has %d attributes, want %v: %s", source, tt.scopes, shown, tt.want, document)
			}
		}
	}
}

func TestUserInfoHasStringsAndOnlyWhatTheClientReads(t *testing.T) {
	t.Parallel()
	g := granted(t, api.UserPoolClientType{ReadAttributes: []string{"email", "email_verified"}}, "openid")
	var got map[string]any
	if err := json.Unmarshal(UserInfo(g.Client, g.User, g.doc.Scopes), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"sub": "11111111-2222-7033-8444-555555555555", "username": "ana", "email": "ana@example.com", "email_verified": "true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnreadableAttributesOfScopes(t *testing.T) {
	t.Parallel()
	only := func(names ...string) func(string) bool {
		return func(name string) bool { return slices.Contains(names, name) }
	}
	for _, tt := range []struct {
		scopes   string
		readable func(string) bool
		want     string
	}{
		{"openid email", only("email"), "email_verified"},
		{"openid email", only("email", "email_verified"), ""},
		{"openid", only(), ""},
		{"email", only(), ""}, // no ID token, nothing to leave out
		{"openid phone", only("phone_number_verified"), "phone_number"},
		{"openid profile", only("name"), "family_name"},
	} {
		if got := Unreadable(strings.Fields(tt.scopes), tt.readable); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.scopes, got, tt.want)
		}
	}
}

func TestS008MachineTokensNameNoUser(t *testing.T) {
	t.Parallel()
	c := clientOf(t, api.UserPoolClientType{})
	override := Override{
		AddScopes: []string{"shop/write", SelfServiceScope, ScopeOpenID, ScopeEmail},
		Access: ClaimChanges{Set: map[string]json.RawMessage{
			"plan": json.RawMessage(`"gold"`), "username": json.RawMessage(`"root"`), "cognito:groups": json.RawMessage(`["admins"]`),
		}},
	}
	want := `{"sub":"1example23456789","iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123","version":2,` +
		`"client_id":"1example23456789","token_use":"access","scope":"shop/read shop/write","auth_time":1750000000,` +
		`"exp":1750003600,"iat":1750000000,"jti":"<jti>"`
	got := fixed(t, machineClaims(c, issuer, 1_750_000_000, []string{"shop/read"}, override))
	var claims map[string]any
	if err := json.Unmarshal([]byte(got), &claims); err != nil {
		t.Fatal(err)
	}
	if claims["plan"] != "gold" {
		t.Errorf("the function's claim is missing in %s", got)
	}
	if rest := strings.Replace(got, `"plan":"gold",`, "", 1); strings.TrimSuffix(strings.Replace(rest, `,"plan":"gold"`, "", 1), "}") != want {
		t.Errorf("claims are\n%s\nwant\n%s", got, want)
	}
}
