package gateway_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cognate/internal/gateway/auth"
	"cognate/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

func tlsConfig(roots *x509.CertPool) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
}

// From the rules file to the application: sign-in with a pool, and the headers.
func TestSignInWithAPool(t *testing.T) {
	t.Parallel()
	w := newStand(t, servertest.Shared(t), nil)
	w.open(t, w.file(w.cognito(`Scope: "openid email profile"`)+", "+toApp))
	b := w.browser(t)
	start := b.get(t, origin+"/basket?item=1&x=%2F")
	at, query := start.location(t)
	if start.status != http.StatusFound || at != w.base+"/oauth2/authorize" {
		t.Fatalf("%d %s, want a redirect to the pool", start.status, start.header.Get("Location"))
	}
	want := url.Values{
		"client_id": {w.client}, "redirect_uri": {origin + auth.CallbackPath}, "response_type": {"code"},
		"scope": {"openid email profile"}, "state": query["state"],
	}
	if query.Encode() != want.Encode() || query.Get("state") == "" {
		t.Errorf("authorize gets %v, want %v", query, want)
	}
	done := b.get(t, b.toCallback(t, start, "ana"))
	if done.status != http.StatusFound || done.header.Get("Location") != origin+"/basket?item=1&x=%2F" {
		t.Fatalf("the callback is answered %d to %q %s", done.status, done.header.Get("Location"), done.body)
	}
	if got := b.get(t, done.header.Get("Location")); got.status != http.StatusOK {
		t.Fatalf("with a session: %d %s", got.status, got.body)
	}
	seen := w.app.last(t)
	if seen.URL.RequestURI() != "/basket?item=1&x=%2F" || seen.Host != host {
		t.Errorf("the application got %s at %s", seen.URL.RequestURI(), seen.Host)
	}
	data := w.verified(t, seen.Header.Get(auth.DataHeader))
	if data["email"] != "ana@example.com" || data["email_verified"] != "true" || data["name"] != "Ana Ünal" || data["username"] != "ana" ||
		data["sub"] != seen.Header.Get(auth.IdentityHeader) || data["iss"] != w.issuer {
		t.Errorf("claims: %v", data)
	}
	if strings.Count(seen.Header.Get(auth.AccessTokenHeader), ".") != 2 {
		t.Errorf("access token: %q", seen.Header.Get(auth.AccessTokenHeader))
	}
	if w.counter(t, "cognate_gateway_auth_success_total") != "1" {
		t.Error("the sign-in was not counted")
	}
}

// The same at a provider of OpenID Connect, which the rules spell out.
func TestSignInWithAProvider(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"client_secret_basic", "client_secret_post"} {
		w := shared(t, provider(func(*stand) []string {
			return []string{"TokenEndpointAuthMethod: " + method, `Scope: "openid email"`, "AuthenticationRequestExtraParams: {lang: de, prompt: login}", "SessionCookieName: Mine"}
		}))
		b := w.browser(t)
		start := b.get(t, origin+"/a")
		if _, query := start.location(t); query.Get("lang") != "de" || query.Get("prompt") != "login" || query.Get("scope") != "openid email" {
			t.Errorf("%s: authorize gets %v", method, query)
		}
		done := b.get(t, b.toCallback(t, start, "ana"))
		if done.status != http.StatusFound || done.cookies[0].Name != "Mine-0" {
			t.Fatalf("%s: %d %v", method, done.status, done.cookies)
		}
		if got := b.get(t, origin+"/a"); got.status != http.StatusOK {
			t.Errorf("%s: %d", method, got.status)
		}
		if claims := w.verified(t, w.app.last(t).Header.Get(auth.DataHeader)); claims["email"] != "ana@example.com" {
			t.Errorf("%s: %v", method, claims)
		}
	}
}

// §6: the application takes the cookies away and sends the browser to the pool.
func TestSignOut(t *testing.T) {
	t.Parallel()
	w := shared(t, pool(), func(*stand) string { return rule(1, "/bye", toApp) })
	b := w.browser(t)
	b.signIn(t, origin+"/a", "ana")
	w.app.Config.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for _, c := range r.Cookies() {
			http.SetCookie(rw, &http.Cookie{Name: c.Name, Path: "/", MaxAge: -1})
		}
		if r.URL.Path == "/out" {
			http.Redirect(rw, r, w.base+"/logout?"+url.Values{"client_id": {w.client}, "logout_uri": {origin + "/bye"}}.Encode(), http.StatusFound)
		}
	})
	out := b.get(t, origin+"/out")
	if len(b.shards(t)) != 0 {
		t.Error("the browser keeps its session")
	}
	back := b.get(t, out.header.Get("Location"))
	if back.header.Get("Location") != origin+"/bye" {
		t.Fatalf("the pool answers %d to %q", back.status, back.header.Get("Location"))
	}
	if got := b.get(t, origin+"/bye"); got.status != http.StatusOK {
		t.Errorf("the page after: %d", got.status)
	}
	// The next page asks for a password again.
	again := b.get(t, b.get(t, origin+"/a").header.Get("Location"))
	if at, _ := again.location(t); at != w.base+"/login" {
		t.Errorf("after the sign-out the pool answers %d to %q", again.status, again.header.Get("Location"))
	}
}

// Two tabs sign in at the same time.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	b := w.browser(t)
	first, second := b.get(t, origin+"/one"), b.get(t, origin+"/two")
	for _, tab := range []struct {
		start reply
		back  string
	}{{second, "/two"}, {first, "/one"}} {
		done := b.get(t, b.toCallback(t, tab.start, "ana"))
		if done.status != http.StatusFound || done.header.Get("Location") != origin+tab.back {
			t.Errorf("%d to %q", done.status, done.header.Get("Location"))
		}
	}
}
