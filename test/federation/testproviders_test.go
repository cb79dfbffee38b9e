package federation_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/server"
	"cognate/internal/servertest"
	"cognate/internal/web/testidp"
)

// dev is a development server, which plays the providers.
func dev(t *testing.T, options ...servertest.Option) *servertest.Server {
	t.Helper()
	return servertest.Start(t, append(options, func(c *server.Config) { c.Mode = server.Dev })...)
}

// playground is a pool whose client takes users from a built-in provider.
type playground struct {
	*site
	kind     testidp.Kind
	provider string
}

func newPlayground(t *testing.T, s *servertest.Server, kind testidp.Kind, change func(*cip.CreateIdentityProviderInput)) *playground {
	t.Helper()
	w := newSite(t, s, nil)
	attach, err := testidp.Attachment(s.PublicURL, kind, w.pool, "")
	wantOK(t, err)
	in := &cip.CreateIdentityProviderInput{
		UserPoolId: &w.pool, ProviderName: &attach.ProviderName, ProviderType: types.IdentityProviderTypeType(attach.ProviderType),
		ProviderDetails: attach.ProviderDetails, AttributeMapping: attach.AttributeMapping,
	}
	if change != nil {
		change(in)
	}
	_, err = s.SDK.CreateIdentityProvider(t.Context(), in)
	wantOK(t, err)
	w.open(t, attach.ProviderName)
	return &playground{w, kind, attach.ProviderName}
}

// next decides who signs in next.
func (p *playground) next(t *testing.T, decision map[string]any) {
	t.Helper()
	text, err := json.Marshal(decision)
	wantOK(t, err)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.s.URL+"/_cognate/v1/idps/"+string(p.kind)+"/next", strings.NewReader(string(text)))
	wantOK(t, err)
	if got := p.s.Do(t, r); got.Status != http.StatusOK {
		t.Fatalf("decide %s: %d %s", text, got.Status, got.Body)
	}
}

// visit goes to the provider, where somebody has decided, and back to the pool.
func (p *playground) visit(t *testing.T, b *agent, decision map[string]any) reply {
	t.Helper()
	p.next(t, decision)
	there := b.authorize(t, p.provider).header.Get("Location")
	if !strings.HasPrefix(there, p.s.PublicURL+"/_cognate/idp/"+string(p.kind)+"/") {
		t.Fatalf("%s is at %s", p.kind, there)
	}
	return b.carry(t, b.get(t, there))
}

var (
	hidden = regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`)
	target = regexp.MustCompile(`action="([^"]+)"`)
)

// carry does what a browser does with an answer that sends it on: by an address, or
// by a form that sends itself.
func (b *agent) carry(t *testing.T, got reply) reply {
	t.Helper()
	if got.status == http.StatusSeeOther {
		return b.get(t, got.header.Get("Location"))
	}
	to := target.FindStringSubmatch(got.body)
	if got.status != http.StatusOK || to == nil {
		t.Fatalf("the provider answered %d\n%s", got.status, got.body)
	}
	form := url.Values{}
	for _, field := range hidden.FindAllStringSubmatch(got.body, -1) {
		form.Set(field[1], html.UnescapeString(field[2]))
	}
	return b.send(t, http.MethodPost, html.UnescapeString(to[1]), form)
}

// What users of each kind look like, by its mapping.
var played = map[testidp.Kind]map[string]string{
	testidp.Google:   {"email": "ana@example.com", "email_verified": "true", "given_name": "Ana", "family_name": "Ng", "name": "Ana Ng"},
	testidp.Facebook: {"email": "ana@example.com", "email_verified": "false", "given_name": "Ana", "family_name": "Ng", "name": "Ana Ng"},
	testidp.Amazon:   {"email": "ana@example.com", "email_verified": "false", "name": "Ana Ng"},
	testidp.Apple:    {"email": "ana@example.com", "email_verified": "true", "given_name": "Ana", "family_name": "Ng"},
	testidp.OIDC:     {"email": "ana@example.com", "email_verified": "true", "given_name": "Ana", "family_name": "Ng", "name": "Ana Ng"},
	testidp.SAML:     {"email": "ana@example.com", "email_verified": "true", "given_name": "Ana", "family_name": "Ng", "name": "Ana Ng"},
}

// A first and a second sign-in by each kind: the profile, its identity and group,
// and the tokens (federation.md §5 to §7).
func TestSignInByEveryBuiltInProvider(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for _, kind := range testidp.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := newPlayground(t, s, kind, nil)
			name := strings.ToLower(p.provider) + "_100001"
			id, _, _ := p.tokens(t, p.visit(t, p.browser(t), map[string]any{"person": 0}).wantCode(t))
			user, values := p.user(t, name)
			wantProfile(t, p, user, values)
			wantClaims(t, p, id, name, values["sub"])
			if kind == testidp.SAML {
				s.Advance(time.Second) // a new IssueInstant
			}
			second, _, _ := p.tokens(t, p.visit(t, p.browser(t), map[string]any{
				"person": map[string]any{"subject": "100001", "email": "ana.ng@example.com", "emailVerified": true, "givenName": "Ana", "familyName": "Ng"},
			}).wantCode(t))
			if second["sub"] != id["sub"] || second["email"] != "ana.ng@example.com" {
				t.Errorf("the second sign-in says %v", second)
			}
			if _, values := p.user(t, name); values["given_name"] != played[kind]["given_name"] {
				t.Errorf("the given name has become %q", values["given_name"]) // Apple tells it once
			}
		})
	}
}

func wantProfile(t *testing.T, p *playground, user *cip.AdminGetUserOutput, values map[string]string) {
	t.Helper()
	if user.UserStatus != types.UserStatusTypeExternalProvider || !user.Enabled {
		t.Errorf("status %s, enabled %v", user.UserStatus, user.Enabled)
	}
	got := map[string]string{}
	for name, value := range values {
		if name != "sub" && name != "identities" {
			got[name] = value
		}
	}
	if diff := cmp.Diff(played[p.kind], got); diff != "" {
		t.Errorf("attributes: %s", diff)
	}
	var list []map[string]any
	if err := json.Unmarshal([]byte(values["identities"]), &list); err != nil || len(list) != 1 {
		t.Fatalf("identities %q: %v", values["identities"], err)
	}
	if one := list[0]; one["userId"] != "100001" || one["providerName"] != p.provider || one["primary"] != true || one["dateCreated"] == nil {
		t.Errorf("identity %v", one)
	}
	groups, err := p.s.SDK.AdminListGroupsForUser(t.Context(), &cip.AdminListGroupsForUserInput{UserPoolId: &p.pool, Username: user.Username})
	wantOK(t, err)
	if len(groups.Groups) != 1 || *groups.Groups[0].GroupName != p.pool+"_"+p.provider {
		t.Errorf("groups %v", groups.Groups)
	}
}

func wantClaims(t *testing.T, p *playground, id map[string]any, name, sub string) {
	t.Helper()
	if id["cognito:username"] != name || id["sub"] != sub || id["email"] != "ana@example.com" {
		t.Errorf("claims %v", id)
	}
	if diff := cmp.Diff([]any{p.pool + "_" + p.provider}, id["cognito:groups"]); diff != "" {
		t.Errorf("cognito:groups: %s", diff)
	}
	list, _ := id["identities"].([]any)
	if len(list) != 1 {
		t.Fatalf("identities %v", id["identities"])
	}
	one, _ := list[0].(map[string]any)
	var issuer any
	if p.kind == testidp.SAML {
		issuer = p.s.PublicURL + "/_cognate/idp/saml"
	}
	if _, text := one["dateCreated"].(string); one["primary"] != "true" || !text || one["userId"] != "100001" || one["issuer"] != issuer {
		t.Errorf("identity %v", one)
	}
}

// Described details stay those of the real providers; only calls go elsewhere
// (federation.md §11).
func TestBuiltInProvidersLookLikeTheRealOnes(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for kind, want := range map[testidp.Kind]map[string]string{
		testidp.Google:   {"authorize_url": "https://accounts.google.com/o/oauth2/v2/auth", "token_url": "https://www.googleapis.com/oauth2/v4/token"},
		testidp.Facebook: {"authorize_url": "https://www.facebook.com/v17.0/dialog/oauth"},
		testidp.Amazon:   {"attributes_url": "https://api.amazon.com/user/profile"},
		testidp.Apple:    {"token_url": "https://appleid.apple.com/auth/token"},
	} {
		p := newPlayground(t, s, kind, nil)
		got, err := s.SDK.DescribeIdentityProvider(t.Context(), &cip.DescribeIdentityProviderInput{UserPoolId: &p.pool, ProviderName: &p.provider})
		wantOK(t, err)
		for name, value := range want {
			if got.IdentityProvider.ProviderDetails[name] != value {
				t.Errorf("%s: %s is %s", kind, name, got.IdentityProvider.ProviderDetails[name])
			}
		}
	}
	other := newPlayground(t, s, testidp.Google, func(in *cip.CreateIdentityProviderInput) { in.ProviderDetails["client_id"] = "a-real-one" })
	if to := other.browser(t).authorize(t, "Google").header.Get("Location"); !strings.HasPrefix(to, "https://accounts.google.com/o/oauth2/v2/auth?") {
		t.Errorf("another client_id leads to %s", to)
	}
}

// The settings stand in the place of the real hosts for every client_id.
func TestSocialProvidersWhereTheSettingsSay(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) {
		c.Mode = server.Dev
		c.ProviderURLs = map[api.IdentityProviderTypeType]string{"LoginWithAmazon": c.PublicURL + "/_cognate/idp/amazon/"}
	})
	p := newPlayground(t, s, testidp.Amazon, func(in *cip.CreateIdentityProviderInput) { in.ProviderDetails["client_id"] = "mine" })
	id, _, _ := p.tokens(t, p.visit(t, p.browser(t), map[string]any{"person": 1}).wantCode(t))
	if id["cognito:username"] != "loginwithamazon_100002" {
		t.Errorf("claims %v", id)
	}
}

// The server asks its own providers also where its address is one of TLS.
func TestBuiltInProvidersOverTLS(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) {
		c.Mode, c.Listen = server.Dev, strings.TrimPrefix(c.PublicURL, "http://")
		c.PublicURL = strings.Replace(c.PublicURL, "http://127.0.0.1", "https://localhost", 1)
	})
	for _, kind := range []testidp.Kind{testidp.Google, testidp.OIDC, testidp.SAML} {
		p := newPlayground(t, s, kind, nil)
		id, _, _ := p.tokens(t, p.visit(t, p.browser(t), map[string]any{"person": 0}).wantCode(t))
		if id["cognito:username"] != strings.ToLower(p.provider)+"_100001" {
			t.Errorf("%s: claims %v", kind, id)
		}
	}
}

// Each failure comes to the application as the real one would, or signs somebody in
// where it is none (federation.md §9).
func TestFailuresOfBuiltInProviders(t *testing.T) {
	t.Parallel()
	s := dev(t, impatient) // one that is slow takes six seconds
	const invalid, server = "invalid_request", "server_error"
	for kind, failures := range map[testidp.Kind]map[testidp.Failure][2]string{
		testidp.OIDC: {
			testidp.Denied:      {"access_denied", "The user denied the request"},
			testidp.Expired:     {invalid, "The ID token has expired"},
			testidp.NotYetValid: {invalid, "The ID token is not valid yet"}, testidp.WrongAudience: {invalid, "The ID token is for another audience"},
			testidp.WrongIssuer: {invalid, "Bad id_token issuer https://issuer.example"}, testidp.WrongNonce: {invalid, "The ID token answers another request"},
			testidp.BadSignature: {invalid, "The ID token's signature is not valid"}, testidp.NoSignature: {invalid, "The ID token"},
			testidp.UnknownKey: {invalid, "The key of the ID token is not among"}, testidp.RotatedKey: {invalid, "The key of the ID token is not among"},
			testidp.ServerError: {invalid, "TestOIDC Error - 500"}, testidp.NotJSON: {invalid, "not JSON"}, testidp.Huge: {invalid, "could not be reached"},
		},
		testidp.Google:   {testidp.Denied: {"access_denied", ""}, testidp.ServerError: {invalid, "Google Error - 500"}, testidp.Slow: {invalid, "Timeout occurred"}},
		testidp.Facebook: {testidp.ServerError: {invalid, "Facebook Error - 500"}, testidp.Hang: {invalid, "Timeout occurred"}},
		testidp.Apple:    {testidp.Denied: {"access_denied", "user_cancelled_authorize"}, testidp.WrongNonce: {invalid, "another request"}},
		testidp.SAML: {
			testidp.Denied: {server, "The user denied the request"}, testidp.Expired: {server, "Invalid SAML response received: "},
			testidp.NotYetValid: {server, "Invalid SAML response received: "}, testidp.WrongAudience: {server, "Audience restriction"},
			testidp.WrongIssuer: {server, "Invalid SAML response received: "}, testidp.WrongRequest: {server, "does not fit the request"},
			testidp.WrongRecipient: {server, "Invalid SAML response received: "}, testidp.BadSignature: {server, "signature is invalid"},
			testidp.NoSignature: {server, "signature is invalid"}, testidp.UnknownKey: {server, "signature is invalid"},
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := newPlayground(t, s, kind, nil)
			for failure, want := range failures {
				s.Advance(2 * time.Second) // key sets are shared for a second
				got := p.visit(t, p.browser(t), map[string]any{"failure": failure})
				at, query := got.location(t)
				if at != callback || query.Get("error") != want[0] || !strings.Contains(query.Get("error_description"), want[1]) || query.Has("code") {
					t.Errorf("%s: %d %s, want %v", failure, got.status, got.header.Get("Location"), want)
				}
			}
			p.nobody(t)
		})
	}
}

// No failure of any kind is forgotten: those about people sign somebody in, all
// others end at the application with an error.
func TestEveryFailureOfBuiltInProvidersReachesTheApplication(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for _, kind := range testidp.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			p := newPlayground(t, s, kind, nil)
			p.visit(t, p.browser(t), map[string]any{}).wantCode(t) // leaves something to replay
			for _, failure := range kind.Failures() {
				if failure == testidp.Slow || failure == testidp.Hang {
					continue // they take their time: TestFailuresOfBuiltInProviders has them
				}
				s.Advance(2 * time.Second) // key sets are shared for a second
				got := p.visit(t, p.browser(t), map[string]any{"failure": failure})
				switch failure {
				case testidp.NoEmail, testidp.UnverifiedEmail, testidp.OtherSubject:
					got.wantCode(t)
				default:
					if at, query := got.location(t); at != callback || query.Get("error") == "" || query.Has("code") || query.Get("state") != "st" {
						t.Errorf("%s: %d %s", failure, got.status, got.header.Get("Location"))
					}
				}
			}
		})
	}
}

func TestPeopleOfBuiltInProvidersDiffer(t *testing.T) {
	t.Parallel()
	p := newPlayground(t, dev(t), testidp.OIDC, nil)
	for failure, want := range map[testidp.Failure]map[string]string{
		testidp.UnverifiedEmail: {"name": "testoidc_100001", "email": "ana@example.com", "email_verified": "false"},
		testidp.OtherSubject:    {"name": "testoidc_100001-other", "email": "ana@example.com", "email_verified": "true"},
		testidp.NoEmail:         {"name": "testoidc_100003"},
	} {
		person := 0
		if failure == testidp.NoEmail {
			person = 2
		}
		p.visit(t, p.browser(t), map[string]any{"failure": failure, "person": person}).wantCode(t)
		_, values := p.user(t, want["name"])
		for _, name := range []string{"email", "email_verified"} {
			if values[name] != want[name] {
				t.Errorf("%s: %s is %q, want %q", failure, name, values[name], want[name])
			}
		}
	}
}

// Assertions are signed and encrypted as one chooses, replayed, and begun by the
// provider (federation.md §3.4, §3.6).
func TestBuiltInSAMLProvider(t *testing.T) {
	t.Parallel()
	s := dev(t)
	p := newPlayground(t, s, testidp.SAML, func(in *cip.CreateIdentityProviderInput) {
		in.ProviderDetails["EncryptedResponses"], in.ProviderDetails["RequestSigningAlgorithm"] = "true", "rsa-sha256"
		in.ProviderDetails["IDPInit"] = "true"
	})
	for _, sign := range []testidp.Signing{testidp.SignAssertion, testidp.SignResponse, testidp.SignBoth} {
		p.visit(t, p.browser(t), map[string]any{"sign": sign}).wantCode(t)
	}
	if got := p.visit(t, p.browser(t), map[string]any{"failure": testidp.Replayed}); !strings.Contains(got.header.Get("Location"), "server_error") {
		t.Errorf("a replayed assertion: %s", got.header.Get("Location"))
	}
	if got := p.visit(t, p.browser(t), map[string]any{"encrypt": false}); !strings.Contains(got.header.Get("Location"), "server_error") {
		t.Errorf("a plain assertion: %s", got.header.Get("Location"))
	}
	p.next(t, map[string]any{"person": 1})
	b := p.browser(t)
	got := b.carry(t, b.send(t, http.MethodPost, s.PublicURL+"/_cognate/idp/saml/begin", url.Values{
		"client_id": {p.client}, "redirect_uri": {callback}, "domain": {p.base}, "scope": {"openid"},
	}))
	at, query := got.location(t)
	if at != callback || query.Get("code") == "" {
		t.Fatalf("the provider began: %d %s %s", got.status, got.header.Get("Location"), got.body)
	}
	if id, _, _ := p.tokens(t, query.Get("code")); id["cognito:username"] != "testsaml_100002" {
		t.Errorf("claims %v", id)
	}
}

// A provider that changes its key unannounced is not believed until its metadata is
// read again (federation.md §3.2).
func TestBuiltInSAMLProviderRotatesItsKey(t *testing.T) {
	t.Parallel()
	s := dev(t)
	p := newPlayground(t, s, testidp.SAML, nil)
	for range 2 {
		got := p.visit(t, p.browser(t), map[string]any{"failure": testidp.RotatedKey})
		if _, query := got.location(t); !strings.Contains(query.Get("error_description"), "signature is invalid") {
			t.Errorf("signed in with a key that nobody knows: %s", got.header.Get("Location"))
		}
	}
	_, err := s.SDK.UpdateIdentityProvider(t.Context(), &cip.UpdateIdentityProviderInput{
		UserPoolId: &p.pool, ProviderName: &p.provider,
		ProviderDetails: map[string]string{"MetadataURL": s.PublicURL + "/_cognate/idp/saml/metadata"},
	})
	wantOK(t, err)
	p.visit(t, p.browser(t), map[string]any{}).wantCode(t)
}

// Single logout from both sides (federation.md §3.7).
func TestBuiltInSAMLProviderSignsOut(t *testing.T) {
	t.Parallel()
	s := dev(t)
	p := newPlayground(t, s, testidp.SAML, nil)
	signedIn := func() *agent {
		b := p.browser(t)
		p.visit(t, b, map[string]any{"person": 0}).wantCode(t)
		return b
	}
	standing := func(b *agent) bool {
		_, query := b.authorize(t, p.provider).location(t)
		return query.Get("code") != ""
	}
	b := signedIn()
	if !standing(b) {
		t.Fatal("there is no session")
	}
	there := b.get(t, p.base+"/logout?"+url.Values{"client_id": {p.client}, "logout_uri": {"https://app.example.com/out"}}.Encode())
	if to := there.header.Get("Location"); !strings.HasPrefix(to, s.PublicURL+"/_cognate/idp/saml/slo?SAMLRequest=") {
		t.Fatalf("signed out to %s", to)
	}
	if got := b.carry(t, b.get(t, there.header.Get("Location"))); got.header.Get("Location") != "https://app.example.com/out" {
		t.Errorf("in the end: %d %s %s", got.status, got.header.Get("Location"), got.body)
	}
	if standing(b) {
		t.Error("the session is still there")
	}

	b = signedIn()
	home := b.get(t, s.PublicURL+"/_cognate/idp/").body
	session := regexp.MustCompile(`name="session" value="([^"]+)"`).FindStringSubmatch(home)
	if session == nil || !slices.Contains(regexp.MustCompile(`\d{6}`).FindAllString(home, -1), "100001") {
		t.Fatalf("the sessions are\n%s", home)
	}
	back := b.carry(t, b.send(t, http.MethodPost, s.PublicURL+"/_cognate/idp/saml/sign-out", url.Values{"session": {session[1]}}))
	if got := b.get(t, back.header.Get("Location")); got.status != http.StatusOK || !strings.Contains(got.body, "status:Success") {
		t.Errorf("the pool answered %d %s; %d %s", back.status, back.header.Get("Location"), got.status, got.body)
	}
	if standing(b) {
		t.Error("the session is still there")
	}
}
