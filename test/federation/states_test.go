package federation_test

import (
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/go-jose/go-jose/v4"

	"cognate/internal/servertest"
)

func keySet(key *rsa.PrivateKey, kid string) jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &key.PublicKey, KeyID: kid, Algorithm: "RS256", Use: "sig"}}}
}

// S110: a state counts once, in the browser that got it, at the domain where it was
// made; anything else ends on the error page and not at the app.
func TestS110States(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	other, _ := acme(t, s)
	const page = "Invalid state"

	left := w.browser(t).leave(t, "Acme")
	code := p.code(left.nonce)
	left.comeBack(t, nil, "code", code).wantCode(t)
	left.comeBack(t, p).wantPage(t, "again", page)
	left.comeBack(t, nil, "code", code).wantPage(t, "again with the same code", page)

	left = w.browser(t).leave(t, "Acme")
	stranger := *left
	stranger.agent = w.browser(t)
	stranger.comeBack(t, p).wantPage(t, "another browser", page)
	left.comeBack(t, p).wantPage(t, "used up by another browser", page)

	left = w.browser(t).leave(t, "Acme")
	victim := *left
	victim.agent = w.browser(t)
	victim.leave(t, "Acme") // so that it has a cookie of its own
	victim.comeBack(t, p).wantPage(t, "the state of an attacker with a cookie of one's own", page)

	left = w.browser(t).leave(t, "Acme")
	elsewhere := *left
	elsewhere.back = other.base + "/oauth2/idpresponse"
	elsewhere.comeBack(t, p).wantPage(t, "another pool", page)

	b := w.browser(t)
	for _, state := range []string{"", "x", left.state + "x", left.state[1:], strings.ToLower(left.state), rand.Text() + rand.Text(), strings.Repeat("A", 100_000)} {
		b.leave(t, "Acme").comeBack(t, p, "state", state).wantPage(t, "state "+state[:min(len(state), 60)], page)
	}
	b.leave(t, "Acme").get(t, left.back).wantPage(t, "nothing", page)
	one, two := b.leave(t, "Acme"), b.leave(t, "Acme")
	if one.state == two.state || one.nonce == two.nonce || len(one.state) < 40 || len(one.nonce) < 20 {
		t.Error("states or nonces are not random")
	}
}

// S110: after five minutes nobody waits any more.
func TestS110StatesExpire(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, onThisMachine)
	s.StopClock()
	w, p := acme(t, s)
	left := w.browser(t).leave(t, "Acme")
	s.Advance(5*time.Minute - 5*time.Second)
	left.comeBack(t, p).wantCode(t)
	left = w.browser(t).leave(t, "Acme")
	s.Advance(5*time.Minute + time.Second)
	left.comeBack(t, p).wantPage(t, "late", "Invalid state")
}

// A provider's refusal reaches the app in its words, bounded.
func TestProvidersThatRefuse(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	b := w.browser(t)
	b.leave(t, "Acme").comeBack(t, nil, "error", "access_denied", "error_description", "Ana said <no>").wantError(t, "denied", "access_denied", "Ana said <no>")
	b.leave(t, "Acme").comeBack(t, nil, "error", "temporarily_unavailable").wantError(t, "without words", "access_denied", "temporarily_unavailable")
	got := b.leave(t, "Acme").comeBack(t, nil, "error", "access_denied", "error_description", strings.Repeat("é", 5000))
	if _, query := got.location(t); len(query.Get("error_description")) > 512 {
		t.Errorf("%d bytes of a provider's words", len(query.Get("error_description")))
	}
	got = b.leave(t, "Acme").comeBack(t, nil, "error", "x\r\nSet-Cookie: cognito=1", "error_description", "x\r\nLocation: https://evil.example")
	if at, _ := got.location(t); at != callback || got.header.Get("Location") == "https://evil.example" || len(got.header.Values("Location")) != 1 {
		t.Errorf("line ends: %v", got.header)
	}
	b.leave(t, "Acme").comeBack(t, nil).wantError(t, "neither code nor error", "invalid_request", "Acme Error - 400 invalid_grant no such code")
	b.leave(t, "Acme").comeBack(t, nil, "code", "guessed").wantError(t, "unknown code", "invalid_request", "Acme Error - 400 invalid_grant no such code")
	if p.called("/me") != 0 {
		t.Error("userInfo was called")
	}
}

// A wrong secret is the provider's to refuse.
func TestWrongClientSecrets(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	left := w.browser(t).leave(t, "Acme")
	p.mu.Lock()
	p.secret = "another"
	p.mu.Unlock()
	left.comeBack(t, p).wantError(t, "secret", "invalid_request", "Acme Error - 401 invalid_client wrong secret")
}

// S099, S115: what one provider said counts for no other.
func TestS115TwoHostileProviders(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, honest, evil := newSite(t, s, nil), serveProvider(t, s), serveProvider(t, s)
	honest.attach(t, w, "Honest", usual)
	evil.attach(t, w, "Evil", usual)
	w.open(t, "Honest", "Evil")

	// The victim signs in at Evil, which passes the code of an Honest one on.
	left := w.browser(t).leave(t, "Evil")
	stolen := honest.code(left.nonce)
	got := left.comeBack(t, nil, "code", stolen)
	got.wantError(t, "code of another provider", "invalid_request", "Evil Error - 400 invalid_grant no such code")
	if honest.called("/token") != 0 {
		t.Error("Honest was asked about a sign-in at Evil")
	}
	// Evil answers in the name of Honest: with its issuer, and with its whole token.
	evil.says("iss", honest.url)
	w.browser(t).leave(t, "Evil").comeBack(t, evil).wantError(t, "issuer", "invalid_request", "Bad id_token issuer "+honest.url)
	evil.says()
	evil.instead("/token", func(rw http.ResponseWriter, r *http.Request) {
		honest.mu.Lock()
		defer honest.mu.Unlock()
		_ = r.ParseForm()
		r.PostForm.Set("client_secret", honest.secret)
		honest.token(rw, r)
	})
	left = w.browser(t).leave(t, "Evil")
	left.comeBack(t, nil, "code", honest.code(left.nonce)).wantError(t, "token of another provider", "invalid_request", "The ID token's signature is not valid")
	evil.instead("/token", nil)
	// An answer that says it is another's is none (RFC 9207).
	left = w.browser(t).leave(t, "Evil")
	left.comeBack(t, evil, "iss", honest.url).wantError(t, "iss", "invalid_request", "Bad issuer "+honest.url)
	left = w.browser(t).leave(t, "Honest")
	left.comeBack(t, nil, "iss", evil.url, "error", "access_denied").wantError(t, "iss of an error", "invalid_request", "Bad issuer "+evil.url)
	w.browser(t).leave(t, "Honest").comeBack(t, honest, "iss", honest.url).wantCode(t)
	// The same subject at both is two users.
	evil.says("sub", "42")
	honest.says("sub", "42")
	one, _ := w.signIn(t, evil, "Evil")
	two, _ := w.signIn(t, honest, "Honest")
	if one["sub"] == two["sub"] {
		t.Error("one user at both")
	}
	// Nor do names that run into one another make one of two: "Evil_x" is the user x
	// of Evil only.
	evil.says("sub", "honest_42")
	if three, _ := w.signIn(t, evil, "Evil"); three["sub"] == two["sub"] {
		t.Error("the name of another provider's user")
	}
}

// S099: providers that are taken away between departure and return are refused.
func TestS099ProvidersThatAreGone(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, c := range map[string]struct {
		change func(t *testing.T, w *site)
		want   string
	}{
		"deleted": {func(t *testing.T, w *site) {
			_, err := s.SDK.DeleteIdentityProvider(t.Context(), &cip.DeleteIdentityProviderInput{UserPoolId: &w.pool, ProviderName: new("Acme")})
			wantOK(t, err)
		}, "Identity provider does not exist"},
		"taken from the client": {func(t *testing.T, w *site) {
			shown, err := s.SDK.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &w.pool, ClientId: &w.client})
			wantOK(t, err)
			c := shown.UserPoolClient
			_, err = s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{
				UserPoolId: &w.pool, ClientId: &w.client, SupportedIdentityProviders: []string{"COGNITO"}, AllowedOAuthFlows: c.AllowedOAuthFlows,
				AllowedOAuthFlowsUserPoolClient: true, AllowedOAuthScopes: c.AllowedOAuthScopes, CallbackURLs: c.CallbackURLs,
			})
			wantOK(t, err)
		}, "Identity provider does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := acme(t, s)
			left := w.browser(t).leave(t, "Acme")
			c.change(t, w)
			left.comeBack(t, p).wantError(t, name, "invalid_request", c.want)
			if p.called("/token") != 0 {
				t.Error("the provider was asked")
			}
			w.nobody(t)
		})
	}
}

// The client is gone when the browser comes back: nobody is sent anywhere.
func TestS099ClientsThatAreGone(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	left := w.browser(t).leave(t, "Acme")
	_, err := s.SDK.DeleteUserPoolClient(t.Context(), &cip.DeleteUserPoolClientInput{UserPoolId: &w.pool, ClientId: &w.client})
	wantOK(t, err)
	got := left.comeBack(t, p)
	if at, _ := got.location(t); strings.HasPrefix(at, callback) || got.status >= 500 {
		t.Errorf("%d %s", got.status, got.header.Get("Location"))
	}
	w.nobody(t)
}

// Methods and bodies of the way back.
func TestWaysBackTakeNothingElse(t *testing.T) {
	t.Parallel()
	w, _ := acme(t, servertest.Shared(t))
	b := w.browser(t)
	for _, c := range []struct{ method, path string }{
		{http.MethodPut, "/oauth2/idpresponse"},
		{http.MethodDelete, "/oauth2/idpresponse"},
		{http.MethodGet, "/saml2/idpresponse"},
		{http.MethodGet, "/saml2/logout"},
		{http.MethodPut, "/saml2/logout"},
	} {
		if got := b.send(t, c.method, w.base+c.path+"?state=x", nil); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") == "" {
			t.Errorf("%s %s: %d", c.method, c.path, got.status)
		}
	}
	for _, path := range []string{"/oauth2/idpresponse", "/saml2/idpresponse", "/saml2/logout"} {
		got := b.send(t, http.MethodPost, w.base+path, url.Values{"state": {"x"}, "SAMLResponse": {strings.Repeat("A", 600<<10)}, "RelayState": {"x"}})
		if got.status < 400 || got.status > 499 {
			t.Errorf("%s: a large body is answered with %d", path, got.status)
		}
	}
}

// S110, endpoints.md §7.3: the mark of a browser that leaves is for the server alone,
// gone with the return, and does not tell the state.
func TestS110MarksOfBrowsersThatLeave(t *testing.T) {
	t.Parallel()
	w, p := acme(t, servertest.Shared(t))
	b := w.browser(t)
	got := b.authorize(t, "Acme")
	_, query := got.location(t)
	marks := map[string]*http.Cookie{}
	for _, line := range got.header.Values("Set-Cookie") {
		c, err := http.ParseSetCookie(line)
		wantOK(t, err)
		marks[c.Name] = c
	}
	for name, sameSite := range map[string]http.SameSite{"csrf-state": http.SameSiteNoneMode, "csrf-state-legacy": 0} {
		c := marks[name]
		if c == nil || !c.Secure || !c.HttpOnly || c.SameSite != sameSite || c.Domain != "" || c.MaxAge != 300 || len(c.Value) < 40 {
			t.Errorf("%s: %v", name, c)
			continue
		}
		if strings.Contains(got.header.Get("Location"), c.Value) {
			t.Errorf("the provider learns %s", name)
		}
	}
	left := &away{agent: b, state: query.Get("state"), nonce: query.Get("nonce"), back: query.Get("redirect_uri")}
	left.comeBack(t, p).wantCode(t)
	at, err := url.Parse(w.base)
	wantOK(t, err)
	for _, c := range b.http.Jar.Cookies(at) {
		if strings.HasPrefix(c.Name, "csrf-state") {
			t.Errorf("%s stays", c.Name)
		}
	}
}
