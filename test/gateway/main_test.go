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
