package api_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// wantError checks that the browser is sent back to the client with an error, and
// nothing else (endpoints.md §3.6).
func (r reply) wantError(t *testing.T, name, code, description, state string) {
	t.Helper()
	address, got := r.location(t)
	if r.status != http.StatusFound || address != appCallback || got.Get("error") != code ||
		got.Get("error_description") != description || got.Get("state") != state || got.Has("code") {
		t.Errorf("%s: %d %s", name, r.status, r.header.Get("Location"))
	}
}

func TestS001RedirectsToUnregisteredAddresses(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	b := p.browser(t)
	b.signIn(t, "ana") // a session makes a mistake worse
	for _, address := range []string{
		appCallback + "/", appCallback + "x", appCallback + "?", appCallback + "?x=1", appCallback + "#", appCallback + "#x", appCallback + "/..", appCallback + "/../callback",
		appCallback + "%20", appCallback + " ", " " + appCallback, "\t" + appCallback, appCallback + "\t", appCallback + "\n", appCallback + "\x00", appCallback + "\\", appCallback + ";", appCallback + "&", appCallback + "/.",
		"https://app.example.com/Callback", "https://App.example.com/callback", "HTTPS://app.example.com/callback", "https://app.example.com:443/callback", "https://app.example.com:8443/callback",
		"http://app.example.com/callback", "https://app.example.com./callback", "https://app.example.com//callback", "https://app.example.com/%63allback", "https://app.example.com/./callback",
		"https://app.example.com/x/../callback", "https://app.example.com/%2e%2e/callback", "https://app.example.com%2fcallback", "https://app.example.com/callback%2f", "https://app.example.com/callback%00", "https://app.example.com/callback%0d%0a",
		"https://app.example.com%252fcallback", "https://app.example.com\\@evil.example/callback", "https://app.example.com@evil.example/callback", "https://evil.example@app.example.com/callback", "https://ana:x@app.example.com/callback",
		"https://app.example.com.evil.example/callback", "https://evil.example/callback", "https://evil.example/https://app.example.com/callback", "https://evil.example?https://app.example.com/callback", "https://evil.example#https://app.example.com/callback",
		"https://evilapp.example.com/callback", "https://x.app.example.com/callback", "https://example.com/callback", "https://xn--pp-eka.example.com/callback", "https://аpp.example.com/callback", "https://app。example.com/callback",
		"//app.example.com/callback", "/callback", "callback", "app.example.com/callback", "https:app.example.com/callback", "https:/app.example.com/callback", "https:///app.example.com/callback",
		"javascript:alert(1)", "data:text/html,x", "http://localhost:4000/cb", "http://localhost:4001/cb?x=1", "http://127.0.0.1:4000/cb?x=1", "http://localhost:4000/cb?x=1&y=2", "https://*.example.com/callback", "null",
	} {
		for _, grant := range []string{"code", "token"} {
			got := b.authorize(t, "redirect_uri", address, "response_type", grant, "state", "s")
			at, query := got.location(t)
			if got.status != http.StatusFound || at != p.base+"/error" || query.Get("error") != "redirect_mismatch" || query.Get("client_id") != p.client || len(query) != 2 {
				t.Errorf("%q: %d %s", address, got.status, got.header.Get("Location"))
			}
		}
	}
	got := b.authorize(t, "redirect_uri", "http://localhost:4000/cb?x=1")
	if location := got.header.Get("Location"); !strings.HasPrefix(location, "http://localhost:4000/cb?x=1&code=") {
		t.Errorf("a registered address with a query: %s", location)
	}
}

func TestAuthorizeWithoutRedirectURI(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	one := p.withClient(t, func(in *cip.CreateUserPoolClientInput) { in.CallbackURLs = []string{appCallback} })
	preset := p.withClient(t, func(in *cip.CreateUserPoolClientInput) { in.DefaultRedirectURI = new(appCallback) })
	ask := func(p *relying) reply {
		return p.browser(t).get(t, p.base+"/oauth2/authorize?response_type=code&client_id="+p.client)
	}
	for name, q := range map[string]*relying{"one address": one, "a default": preset} {
		if at, query := ask(q).location(t); at != p.base+"/login" || query.Get("client_id") != q.client {
			t.Errorf("%s: %s %v", name, at, query)
		}
	}
	at, query := ask(p).location(t)
	if at != p.base+"/error" || query.Get("client_id") != p.client || query.Get("response_type") != "code" {
		t.Errorf("several addresses: %s %v", at, query)
	}
	page := p.browser(t).get(t, ask(p).header.Get("Location"))
	if page.status != http.StatusBadRequest || !strings.Contains(page.body, "Required String parameter &#39;redirect_uri&#39; is not present") {
		t.Errorf("error page: %d %s", page.status, page.body)
	}
	for query, code := range map[string]string{
		"":                                   "",
		"client_id=":                         "",
		"client_id=nobodynobodynobodynobody": "invalid_client",
		"client_id=%00":                      "invalid_client",
		"client_id=a&client_id=b":            "invalid_request",
		"client_id=" + p.client + "&redirect_uri=a&redirect_uri=" + appCallback: "invalid_request",
		"client_id=%zz": "invalid_request",
		"client_id=" + p.client + ";redirect_uri=" + appCallback: "invalid_request",
	} {
		got := p.browser(t).get(t, p.base+"/oauth2/authorize?"+query)
		at, parameters := got.location(t)
		if got.status != http.StatusFound || at != p.base+"/error" || parameters.Get("error") != code {
			t.Errorf("%q: %d %s", query, got.status, got.header.Get("Location"))
		}
	}
}

func TestS007GrantsThatAreNotEnabled(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	only := func(flows ...types.OAuthFlowType) *relying {
		return p.withClient(t, func(in *cip.CreateUserPoolClientInput) { in.AllowedOAuthFlows = flows })
	}
	off := p.withClient(t, func(in *cip.CreateUserPoolClientInput) { in.AllowedOAuthFlowsUserPoolClient = false })
	code, implicit := only(types.OAuthFlowTypeCode), only(types.OAuthFlowTypeImplicit)
	for _, tt := range []struct {
		name              string
		p                 *relying
		kind              string
		code, description string
	}{
		{"code at an implicit client", implicit, "code", "unauthorized_client", ""},
		{"implicit at a code client", code, "token", "unauthorized_client", ""},
		{"OAuth is off", off, "code", "invalid_request", "Client is not enabled for OAuth2.0 flows"},
		{"OAuth is off, implicit", off, "token", "invalid_request", "Client is not enabled for OAuth2.0 flows"},
		{"id_token", p, "id_token", "invalid_request", ""},
		{"hybrid", p, "code token", "invalid_request", ""},
		{"case", p, "Code", "invalid_request", ""},
		{"none", p, "none", "invalid_request", ""},
		{"empty", p, "", "invalid_request", ""},
	} {
		got := tt.p.browser(t).authorize(t, "response_type", tt.kind, "state", "s")
		got.wantError(t, tt.name, tt.code, tt.description, "s")
		if inFragment := strings.Contains(got.header.Get("Location"), "#"); inFragment != (tt.kind == "token") {
			t.Errorf("%s: %s", tt.name, got.header.Get("Location"))
		}
	}
	robot := p.withClient(t, machine)
	for _, tt := range []struct {
		p           *relying
		grant, want string
	}{
		{implicit, "authorization_code", "unauthorized_client"},
		{robot, "authorization_code", "unauthorized_client"},
		{code, "client_credentials", "unauthorized_client"},
		{off, "refresh_token", "unauthorized_client"},
		{off, "authorization_code", "unauthorized_client"},
		{p, "password", "unsupported_grant_type"},
		{p, "urn:ietf:params:oauth:grant-type:device_code", "unsupported_grant_type"},
		{p, "", "invalid_request"},
	} {
		wantRefusal(t, tt.p.token(t, "grant_type", tt.grant, "code", "x", "redirect_uri", appCallback, "refresh_token", "x"), tt.want)
	}
}

func TestS008ScopesAreNotWidened(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, func(in *cip.CreateUserPoolClientInput) {
		in.AllowedOAuthScopes = []string{"openid", "email", "https://shop.example.com/read"}
	})
	for _, scope := range []string{"phone", "openid phone", "offline_access", "openid offline_access", "https://shop.example.com/write", "OPENID", "openid,email", "https://shop.example.com/", "*", "email"} {
		p.browser(t).authorize(t, "scope", scope, "state", "s").wantError(t, scope, "invalid_request", "invalid_scope", "s")
	}
	got := p.browser(t).authorize(t, "scope", "phone", "response_type", "token")
	if location := got.header.Get("Location"); location != appCallback+"#error_description=invalid_scope&error=invalid_request" {
		t.Errorf("implicit: %s", location)
	}
	scopes := func(p *relying, parameters ...string) any {
		t.Helper()
		return claimsIn(t, p.exchangeCode(t, p.code(t, parameters...)).member(t, "access_token"))["scope"]
	}
	if got := scopes(p); got != "openid email https://shop.example.com/read" {
		t.Errorf("without scope: %v", got)
	}
	if got := scopes(p, "scope", "https://shop.example.com/read  openid openid"); got != "https://shop.example.com/read openid" {
		t.Errorf("asked for some: %v", got)
	}
	// A scope that its server has no more is left out, and comes back with it.
	_, err := p.s.SDK.DeleteResourceServer(t.Context(), &cip.DeleteResourceServerInput{UserPoolId: &p.pool, Identifier: new("https://shop.example.com")})
	wantOK(t, err)
	if got := scopes(p, "scope", "openid https://shop.example.com/read"); got != "openid" {
		t.Errorf("inactive scope: %v", got)
	}
}

func TestAuthorizeChecksItsParameters(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	p.withManagedLogin(t)
	for name, parameters := range map[string][]string{
		"resource of another scheme": {"resource", "http://api.example.com"},
		"resource with a fragment":   {"resource", "https://api.example.com#x"},
		"resource like localhost":    {"resource", "http://localhost.example.com"},
		"resource without scheme":    {"resource", "api.example.com"},
		"two resources":              {"resource", "https://a.example.com", "resource", "https://b.example.com"},
		"none beside login":          {"prompt", "none login"},
		"max_age of words":           {"max_age", "soon"},
		"negative max_age":           {"max_age", "-1"},
	} {
		p.browser(t).authorize(t, append(parameters, "state", "s")...).wantError(t, name, "invalid_request", "", "s")
	}
	for _, parameters := range [][]string{{"identity_provider", "Google"}, {"idp_identifier", "example.com"}, {"identity_provider", "cognito"}} {
		p.browser(t).authorize(t, append(parameters, "state", "s")...).wantError(t, parameters[1], "invalid_request", "Identity provider does not exist", "s")
	}
	for _, resource := range []string{"https://api.example.com/v1?x=1", "http://localhost", "http://localhost:3000/api", "myapp://api"} {
		token := p.exchangeCode(t, p.code(t, "resource", resource)).member(t, "access_token")
		if got := claimsIn(t, token)["aud"]; got != resource {
			t.Errorf("aud is %v, want %s", got, resource)
		}
	}
}

// withManagedLogin gives the domain the second generation of the pages.
func (p *relying) withManagedLogin(t *testing.T) {
	t.Helper()
	_, err := p.s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{UserPoolId: &p.pool, Domain: &p.domain, ManagedLoginVersion: new(int32(2))})
	wantOK(t, err)
	p.withStyle(t)
}

// withStyle gives the client the provided look, without which it has no pages of
// the second generation.
func (p *relying) withStyle(t *testing.T) {
	t.Helper()
	_, err := p.s.SDK.CreateManagedLoginBranding(t.Context(), &cip.CreateManagedLoginBrandingInput{
		UserPoolId: &p.pool, ClientId: &p.client, UseCognitoProvidedValues: true,
	})
	wantOK(t, err)
}

func TestSessionsAreReused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newRelying(t, s, nil, nil)
	p.withManagedLogin(t)
	other := p.withClient(t, nil)
	b := p.browser(t)
	b.authorize(t, "prompt", "none", "state", "s").wantError(t, "signed out", "login_required", "", "s")
	signedInAt := claimsIn(t, p.exchangeCode(t, b.code(t)).member(t, "id_token"))["auth_time"]
	s.Advance(20 * time.Minute)

	silent := func(name string, p *relying, want bool, parameters ...string) {
		t.Helper()
		asked := &agent{p, b.http}
		at, got := asked.authorize(t, parameters...).location(t)
		if want != (at == appCallback && got.Has("code")) {
			t.Errorf("%s: %s %v", name, at, got)
			return
		}
		if !want {
			return
		}
		id := claimsIn(t, p.exchangeCode(t, got.Get("code")).member(t, "id_token"))
		if id["auth_time"] != signedInAt || id["acr"] != "urn:cognito:loa:1" {
			t.Errorf("%s: auth_time %v, want %v; acr %v", name, id["auth_time"], signedInAt, id["acr"])
		}
	}
	silent("again", p, true)
	silent("another client, prompt=none", other, true, "prompt", "none")
	silent("select_account", p, true, "prompt", "select_account")
	silent("consent", p, true, "prompt", "consent")
	silent("COGNITO", p, true, "identity_provider", "COGNITO")
	silent("young enough", p, true, "max_age", "10000")
	silent("known level", p, true, "acr_values", "urn:cognito:loa:1")
	silent("one of the levels", p, true, "acr_values", "urn:cognito:loa:4 urn:cognito:loa:1")
	silent("unknown level", p, true, "acr_values", "1 2")
	silent("prompt=login", p, false, "prompt", "login")
	silent("too old", p, false, "max_age", "1")
	silent("max_age=0", p, false, "max_age", "0")
	silent("higher level", p, false, "acr_values", "urn:cognito:loa:4")
	b.authorize(t, "prompt", "none", "max_age", "60").wantError(t, "too old for none", "login_required", "", "")
	b.authorize(t, "prompt", "none", "acr_values", "urn:cognito:loa:4").wantError(t, "too low for none", "login_required", "", "")

	s.Advance(39 * time.Minute)
	silent("59 minutes", p, true)
	s.Advance(2 * time.Minute)
	silent("61 minutes, in spite of use", p, false)

	b = p.browser(t)
	b.code(t)
	_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &p.pool, Username: new("ana")})
	wantOK(t, err)
	silent("disabled user", p, false)
}

func TestClassicPagesDoNotKnowPrompt(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	if at, _ := p.browser(t).authorize(t, "prompt", "none").location(t); at != p.base+"/login" {
		t.Errorf("signed out, prompt=none: %s", at)
	}
	b := p.browser(t)
	b.code(t)
	if at, got := b.authorize(t, "prompt", "login", "max_age", "0").location(t); at != appCallback || !got.Has("code") {
		t.Errorf("signed in, prompt=login: %s %v", at, got)
	}
}

func TestImplicitGrant(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	done := p.browser(t).signIn(t, "ana", "response_type", "token", "scope", "openid profile", "nonce", "n-2", "state", "a b", "code_challenge", "ignored")
	at, got := done.location(t)
	if at != appCallback || !strings.Contains(done.header.Get("Location"), "#") || got.Get("state") != "a b" ||
		got.Get("token_type") != "Bearer" || got.Get("expires_in") != "3600" || len(got) != 5 {
		t.Fatalf("redirected to %s", done.header.Get("Location"))
	}
	id := claimsIn(t, got.Get("id_token"))
	if id["nonce"] != "n-2" || id["name"] != "Ana" || id["email"] != nil || id["at_hash"] == nil {
		t.Errorf("ID token %v", id)
	}
	if answer := p.userInfo(t, got.Get("access_token")); answer.status != http.StatusOK || answer.member(t, "name") != "Ana" {
		t.Errorf("userInfo: %d %s", answer.status, answer.body)
	}
	_, got = p.browser(t).signIn(t, "ana", "response_type", "token", "scope", "https://shop.example.com/read").location(t)
	if got.Has("id_token") || got.Has("state") || got.Get("access_token") == "" {
		t.Errorf("without openid: %v", got)
	}
}

// The attribute-permission trap of endpoints.md §3.4.
func TestCodesForUnreadableAttributes(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, func(in *cip.CreateUserPoolClientInput) { in.ReadAttributes = []string{"email", "name"} })
	wantRefusal(t, p.exchangeCode(t, p.code(t, "scope", "openid email")), "invalid_grant")
	wantRefusal(t, p.exchangeCode(t, p.code(t)), "invalid_grant") // all scopes
	got := p.exchangeCode(t, p.code(t, "scope", "openid"))
	id := claimsIn(t, got.member(t, "id_token"))
	if got.status != http.StatusOK || id["email"] != "ana@example.com" || id["name"] != "Ana" || id["email_verified"] != nil || id["phone_number"] != nil {
		t.Errorf("%d %v", got.status, id)
	}
}

func TestS019ReflectedParameters(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	b := p.browser(t)
	b.signIn(t, "ana")
	for _, payload := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `'"&<>`, `&error=x&code=y`, `#code=y`, `?a=b`, `%0d%0aSet-Cookie: a=b`, `%3Cscript%3E`,
		"ä ö ü €  𝕏", `{"a":1}`, strings.Repeat("x", 3000), ` lead and trail `, `+`, `%`, `%zz`, `a;b`, `\`, `..//`, `javascript:alert(1)`, "\t", "\u2028", "\u202e", "<!--", "]]>", "${7*7}", "{{7*7}}",
	} {
		for _, kind := range []string{"code", "token"} {
			address, got := b.authorize(t, "state", payload, "response_type", kind).location(t)
			if address != appCallback || got.Get("state") != payload || got.Has("error") {
				t.Errorf("state %q came back as %q (%s)", payload, got.Get("state"), address)
			}
			_, got = b.authorize(t, "state", payload, "scope", "none-of-these", "response_type", kind).location(t)
			if got.Get("state") != payload || got.Get("error") != "invalid_request" || len(got) != 3 {
				t.Errorf("state %q came back with an error as %v", payload, got)
			}
		}
		for _, name := range []string{"login_hint", "lang", "error_description", "error", "display", "ui_locales"} {
			toLogin := p.browser(t).authorize(t, name, payload)
			if at, got := toLogin.location(t); at != p.base+"/login" || got.Get(name) != payload {
				t.Errorf("%s %q: %s", name, payload, toLogin.header.Get("Location"))
				continue
			}
			page := p.browser(t).get(t, toLogin.header.Get("Location"))
			if len(payload) > 3 && strings.ContainsAny(payload, "<>") && strings.Contains(page.body, payload) {
				t.Errorf("%s %q is on the page as it is", name, payload)
			}
		}
	}
	for _, broken := range []string{"a\rb", "a\nb", "a\r\nSet-Cookie: x=y", "a\x00b", "\xff\xfe"} {
		for _, name := range []string{"state", "nonce", "scope", "login_hint", "lang"} {
			got := b.authorize(t, name, broken)
			address, parameters := got.location(t)
			if address != appCallback || parameters.Get("error") != "invalid_request" || parameters.Has("state") || got.header.Get("Set-Cookie") == "x=y" {
				t.Errorf("%s %q: %s", name, broken, got.header.Get("Location"))
			}
		}
	}
}

func TestS020RequestObjectsAreNotRead(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, nil)
	reached := make(chan struct{}, 1)
	listener := newListener(t, func() { reached <- struct{}{} })
	// {"alg":"none"}, {"redirect_uri":"https://evil.example","scope":"openid phone"}
	object := "eyJhbGciOiJub25lIn0.eyJyZWRpcmVjdF91cmkiOiJodHRwczovL2V2aWwuZXhhbXBsZSIsInNjb3BlIjoib3BlbmlkIHBob25lIn0."
	code := p.code(t, "request", object, "request_uri", listener+"/request.jwt", "scope", "openid")
	if got := claimsIn(t, p.exchangeCode(t, code).member(t, "access_token"))["scope"]; got != "openid" {
		t.Errorf("a request object changed the scope to %v", got)
	}
	select {
	case <-reached:
		t.Error("request_uri was fetched")
	default:
	}
}

func TestS021RepeatedParameters(t *testing.T) {
	t.Parallel()
	p := newRelying(t, servertest.Shared(t), nil, withSecret)
	b := p.browser(t)
	b.signIn(t, "ana")
	for _, name := range []string{
		"response_type", "state", "identity_provider", "idp_identifier", "scope", "code_challenge", "code_challenge_method", "nonce", "lang",
		"login_hint", "prompt", "acr_values", "max_age", "resource",
	} {
		query := values("client_id", p.client, "redirect_uri", appCallback, "response_type", "code")
		for len(query[name]) < 2 {
			query.Add(name, "code")
		}
		address, got := b.get(t, p.base+"/oauth2/authorize?"+query.Encode()).location(t)
		if address != appCallback || got.Get("error") != "invalid_request" || got.Has("code") {
			t.Errorf("%s twice: %s %v", name, address, got)
		}
	}
	code := p.code(t)
	right := []string{"grant_type", "authorization_code", "code", code, "redirect_uri", appCallback}
	for i := 0; i < len(right); i += 2 {
		headers, form := p.auth(append(slices.Clone(right), right[i], right[i+1])...)
		wantRefusal(t, p.post(t, "/oauth2/token", headers, form...), "invalid_request")
		wantRefusal(t, p.post(t, "/oauth2/token?"+url.Values{right[i]: {right[i+1]}}.Encode(), headers, right...), "invalid_request")
	}
	for _, name := range []string{"client_id", "client_secret"} {
		value := map[string]string{"client_id": p.client, "client_secret": p.secret}[name]
		form := append(slices.Clone(right), "client_id", p.client, "client_secret", p.secret, name, value)
		wantRefusal(t, p.post(t, "/oauth2/token", nil, form...), "invalid_request")
		wantRefusal(t, p.post(t, "/oauth2/token?"+url.Values{name: {value}}.Encode(), nil, right...), "invalid_request")
	}
	if got := p.exchangeCode(t, code); got.status != http.StatusOK {
		t.Errorf("refused requests used a code up: %d %s", got.status, got.body)
	}
}
