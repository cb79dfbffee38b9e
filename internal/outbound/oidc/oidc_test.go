package oidc

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/outbound/fetch"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func mustRSA(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// provider is a scripted provider: a good one, unless a test changes what it says.
type provider struct {
	*httptest.Server
	key        *rsa.PrivateKey
	algorithms []string
	set        jose.JSONWebKeySet
	token      func(claims map[string]any) string // makes the ID token
	claims     map[string]any
	userInfo   string
	status     int // of the token endpoint
	keyReads   atomic.Int32
	form       url.Values // that the token endpoint got
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{key: mustRSA(t), algorithms: []string{"RS256"}, status: http.StatusOK}
	p.set.Keys = []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"}}
	p.token = func(claims map[string]any) string { return sign(t, jose.RS256, p.key, "k1", claims) }
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	write := func(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token",
			"userinfo_endpoint": p.URL + "/me", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": p.algorithms,
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		p.keyReads.Add(1)
		write(w, p.set)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		p.form = r.PostForm
		if p.status != http.StatusOK {
			w.WriteHeader(p.status)
			write(w, map[string]any{"error": "invalid_request", "error_description": "The request is missing a required parameter : client_secret"})
			return
		}
		write(w, map[string]any{"access_token": "at", "id_token": p.token(p.claims), "token_type": "Bearer"})
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer at" || r.Header.Get("User-Agent") != "Amazon/Cognito" {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = w.Write([]byte(p.userInfo))
	})
	p.userInfo = `{"sub":"42","email":"ana@example.com","name":"of userinfo"}`
	p.claims = map[string]any{
		"iss": p.URL, "aud": "c1", "sub": "42", "exp": at.Add(time.Hour).Unix(), "iat": at.Unix(), "nonce": "n1", "name": "of the token",
	}
	return p
}

func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, id string, claims map[string]any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func client() *Client {
	return New(fetch.Policy{Allow: fetch.Loopback}, true, func() time.Time { return at })
}

func (p *provider) settings() Settings {
	s := Of("Acme", api.IdentityProviderTypeTypeOidc, map[string]string{
		"client_id": "c1", "client_secret": "0123456789abcdef0123456789abcdef", "oidc_issuer": p.URL, "authorize_scopes": "openid email",
	}, nil)
	s.Discover = true
	return s
}

func (p *provider) exchange(t testing.TB) (*Answer, error) {
	t.Helper()
	return client().Exchange(t.Context(), p.settings(), Redemption{Code: "code", RedirectURI: "https://shop.example/oauth2/idpresponse", Nonce: "n1"})
}

func TestAnExchangeTellsWhoTheUserIs(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.claims["acr"], p.claims["amr"] = "gold", []string{"pwd", "otp"}
	got, err := p.exchange(t)
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "42" || got.Said["name"] != "of the token" || got.Said["email"] != "ana@example.com" || got.Said["access_token"] != "at" {
		t.Errorf("subject %q, said %v", got.Subject, got.Said)
	}
	if got.ACR != "gold" || cmp.Diff([]string{"pwd", "otp"}, got.AMR) != "" {
		t.Errorf("acr %q, amr %v", got.ACR, got.AMR)
	}
	want := url.Values{
		"grant_type": {"authorization_code"}, "code": {"code"}, "redirect_uri": {"https://shop.example/oauth2/idpresponse"},
		"client_id": {"c1"}, "client_secret": {"0123456789abcdef0123456789abcdef"},
	}
	if diff := cmp.Diff(want, p.form); diff != "" {
		t.Errorf("the token endpoint got (-want +got)\n%s", diff)
	}
}

// The relying-party list of security.md, section O, and S111.
func TestS111ForgedIDTokensAreRefused(t *testing.T) {
	t.Parallel()
	other := mustRSA(t)
	elliptical, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	claim := func(name string, value any) func(*testing.T, *provider) {
		return func(_ *testing.T, p *provider) { p.claims[name] = value }
	}
	without := func(name string) func(*testing.T, *provider) {
		return func(_ *testing.T, p *provider) { delete(p.claims, name) }
	}
	for name, c := range map[string]struct {
		change func(t *testing.T, p *provider)
		want   string
	}{
		"wrong issuer":             {claim("iss", "https://evil.example"), "Bad id_token issuer https://evil.example"},
		"no issuer":                {without("iss"), "Bad id_token issuer "},
		"wrong audience":           {claim("aud", "c2"), "The ID token is for another audience"},
		"no audience":              {without("aud"), "The ID token is for another audience"},
		"several without azp":      {claim("aud", []string{"c1", "c2"}), "The ID token is for another party"},
		"another party":            {claim("azp", "c2"), "The ID token is for another party"},
		"expired":                  {claim("exp", at.Unix()), "The ID token has expired"},
		"no exp":                   {without("exp"), "The ID token has expired"},
		"issued in the future":     {claim("iat", at.Add(2*time.Minute).Unix()), "The ID token was issued in the future"},
		"no iat":                   {without("iat"), "The ID token was issued in the future"},
		"not valid yet":            {claim("nbf", at.Add(2*time.Minute).Unix()), "The ID token is not valid yet"},
		"wrong nonce":              {claim("nonce", "n2"), "The ID token answers another request"},
		"no nonce":                 {without("nonce"), "The ID token answers another request"},
		"S114 no subject":          {without("sub"), "username attribute mapping required"},
		"S114 null subject":        {claim("sub", nil), "username attribute mapping required"},
		"wrong at_hash":            {claim("at_hash", "AAAA"), "The ID token belongs to another access token"},
		"userinfo of another user": {func(_ *testing.T, p *provider) { p.userInfo = `{"sub":"43"}` }, "The subject of userInfo is another one than that of the ID token"},
		"alg none": {func(_ *testing.T, p *provider) {
			p.token = func(map[string]any) string { return "eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9." }
		}, "The ID token is not well formed"},
		"other key with the same id": {func(t *testing.T, p *provider) {
			p.token = func(claims map[string]any) string { return sign(t, jose.RS256, other, "k1", claims) }
		}, "The ID token's signature is not valid"},
		"unknown key": {func(t *testing.T, p *provider) {
			p.token = func(claims map[string]any) string { return sign(t, jose.RS256, p.key, "k2", claims) }
		}, "The key of the ID token is not among those of the identity provider"},
		"no key id": {func(t *testing.T, p *provider) {
			p.token = func(claims map[string]any) string { return sign(t, jose.RS256, p.key, "", claims) }
		}, "The ID token names no key"},
		"algorithm that is not listed": {func(t *testing.T, p *provider) {
			p.token = func(claims map[string]any) string { return sign(t, jose.RS512, p.key, "k1", claims) }
		}, "The ID token is not well formed"},
		"S118 key of another type": {func(t *testing.T, p *provider) {
			p.algorithms = []string{"ES256"}
			p.token = func(claims map[string]any) string { return sign(t, jose.ES256, elliptical, "k1", claims) }
		}, "The key of the ID token is not among those of the identity provider"},
		"HS256 that is not listed": {func(t *testing.T, p *provider) {
			p.token = func(claims map[string]any) string {
				return sign(t, jose.HS256, []byte("0123456789abcdef0123456789abcdef"), "k1", claims)
			}
		}, "The ID token is not well formed"},
		"HS256 with the public key": {func(t *testing.T, p *provider) {
			p.algorithms = []string{"RS256", "HS256"}
			public, err := x509.MarshalPKIXPublicKey(&p.key.PublicKey)
			if err != nil {
				t.Fatal(err)
			}
			p.token = func(claims map[string]any) string { return sign(t, jose.HS256, public, "k1", claims) }
		}, "The ID token's signature is not valid"},
		"S118 flood of keys": {func(_ *testing.T, p *provider) {
			for range 100 {
				p.set.Keys = append(p.set.Keys, p.set.Keys[0])
			}
		}, "The key set of the identity provider has more than 100 keys"},
		"an error of the provider": {
			func(_ *testing.T, p *provider) { p.status = 400 },
			"Acme Error - 400 invalid_request The request is missing a required parameter : client_secret",
		},
		"S161 userinfo that is not JSON": {func(_ *testing.T, p *provider) { p.userInfo = "<html>" }, "username attribute mapping required"},
		"S161 an endless userinfo":       {func(_ *testing.T, p *provider) { p.userInfo = strings.Repeat(" ", largestAnswer+1) }, "The identity provider could not be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			c.change(t, p)
			got, err := p.exchange(t)
			var why *Error
			if !errors.As(err, &why) || why.Description != c.want {
				t.Errorf("%v, %v, want %q", got, err, c.want)
			}
		})
	}
}

func TestHMACWithTheSecretIsTakenWhereItIsListed(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	p.algorithms = []string{"HS256"}
	p.token = func(claims map[string]any) string {
		return sign(t, jose.HS256, []byte(p.settings().ClientSecret), "", claims)
	}
	if _, err := p.exchange(t); err != nil || p.keyReads.Load() != 0 {
		t.Errorf("%v, with %d reads of the keys", err, p.keyReads.Load())
	}
}

// A key that was taken back is refused at once, and a new one known at once.
func TestS118KeysAreReadForEachSignIn(t *testing.T) {
	t.Parallel()
	p := newProvider(t)
	if _, err := p.exchange(t); err != nil {
		t.Fatal(err)
	}
	old := p.key
	p.key = mustRSA(t)
	p.set.Keys = []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: "k2", Algorithm: "RS256", Use: "sig"}}
	p.token = func(claims map[string]any) string { return sign(t, jose.RS256, old, "k1", claims) }
	if _, err := p.exchange(t); err == nil {
		t.Error("a key that was taken back signs a user in")
	}
	p.token = func(claims map[string]any) string { return sign(t, jose.RS256, p.key, "k2", claims) }
	if _, err := p.exchange(t); err != nil {
		t.Error(err)
	}
}

func TestS118ReadsOfKeysAreShared(t *testing.T) {
	t.Parallel()
	now := at
	f := flights{now: func() time.Time { return now }}
	calls := 0
	read := func() {
		if _, err := f.share(t.Context(), "keys", func(context.Context) (*answer, error) { calls++; return &answer{}, nil }); err != nil {
			t.Fatal(err)
		}
	}
	read()
	read()
	now = now.Add(time.Second)
	read()
	if calls != 2 {
		t.Errorf("%d reads within a second and one after", calls)
	}
}

func TestS160OnlyHTTPSOnTheUsualPorts(t *testing.T) {
	t.Parallel()
	strict := New(fetch.Policy{}, false, func() time.Time { return at })
	for address, want := range map[string]bool{
		"https://idp.example/token": true, "https://idp.example:443/": true, "http://idp.example/": false, "https://idp.example:8443/": false,
		"https://user@idp.example/": false, "ftp://idp.example/": false, "//idp.example/": false, "https:///x": false, "http://localhost:7665/": false,
	} {
		if got := strict.Permits(address) == nil; got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if err := client().Permits("http://localhost:7665/_cognate/idp/oidc"); err != nil {
		t.Errorf("a name of this machine in dev: %v", err)
	}
}

func TestS160RedirectsToPrivateAddressesAreRefused(t *testing.T) {
	t.Parallel()
	reached := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer inside.Close()
	strict := New(fetch.Policy{}, true, func() time.Time { return at })
	if _, err := strict.Discover(t.Context(), inside.URL); err == nil || reached {
		t.Errorf("%v, reached: %v", err, reached)
	}
}

// The addresses and parameters of federation.md §4.2 and §5.
func TestWhereBrowsersAreSent(t *testing.T) {
	t.Parallel()
	a := Authorization{
		RedirectURI: "https://shop.example/oauth2/idpresponse", State: "s1", Nonce: "n1", LoginHint: "ana@example.com", Prompt: "login", ACRValues: "gold",
	}
	base := map[string]string{"client_id": "c1", "redirect_uri": a.RedirectURI, "response_type": "code", "state": "s1", "prompt": "login"}
	for kind, c := range map[api.IdentityProviderTypeType]struct {
		scopes string
		extra  map[string]string
	}{
		api.IdentityProviderTypeTypeOidc:            {"openid email", map[string]string{"scope": "openid email", "nonce": "n1", "login_hint": "ana@example.com", "acr_values": "gold"}},
		api.IdentityProviderTypeTypeGoogle:          {"openid email", map[string]string{"scope": "openid email", "nonce": "n1"}},
		api.IdentityProviderTypeTypeFacebook:        {"public_profile, email", map[string]string{"scope": "public_profile,email"}},
		api.IdentityProviderTypeTypeLoginWithAmazon: {"profile postal_code", map[string]string{"scope": "profile postal_code"}},
		api.IdentityProviderTypeTypeSignInWithApple: {"email name", map[string]string{"scope": "email name", "nonce": "n1", "response_mode": "form_post"}},
	} {
		s := Of(string(kind), kind, map[string]string{"client_id": "c1", "authorize_scopes": c.scopes, "authorize_url": "https://idp.example/auth?tenant=1"}, nil)
		u, err := url.Parse(s.URL(a))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for name, values := range u.Query() {
			got[name] = strings.Join(values, "|")
		}
		want := maps.Clone(base)
		maps.Copy(want, c.extra)
		want["tenant"] = "1"
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", kind, diff)
		}
	}
}

func TestApplesClientSecretIsAToken(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	armoured := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	bare := strings.NewReplacer("-----BEGIN PRIVATE KEY-----", "", "-----END PRIVATE KEY-----", "").Replace(armoured)
	for _, text := range []string{armoured, bare} {
		s := Of("SignInWithApple", api.IdentityProviderTypeTypeSignInWithApple,
			map[string]string{"client_id": "com.example.web", "team_id": "T1", "key_id": "K1", "private_key": text}, nil)
		secret, err := s.appleSecret(at)
		if err != nil {
			t.Fatal(err)
		}
		signed, err := jose.ParseSignedCompact(secret, []jose.SignatureAlgorithm{jose.ES256})
		if err != nil || signed.Signatures[0].Protected.KeyID != "K1" {
			t.Fatalf("%v", err)
		}
		payload, err := signed.Verify(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		want := `{"aud":"https://appleid.apple.com","exp":1772366700,"iat":1772366400,"iss":"T1","sub":"com.example.web"}`
		if string(payload) != want {
			t.Errorf("%s, want %s", payload, want)
		}
	}
	if _, err := ParseAppleKey("nonsense"); err == nil {
		t.Error("nonsense passes for a key")
	}
}

// Apple tells the name once. What it leaves out must not clear what is known.
func TestApplesNames(t *testing.T) {
	t.Parallel()
	for field, want := range map[string]map[string]any{
		`{"name":{"firstName":"Ana","lastName":"Ng"},"email":"x"}`: {"firstName": "Ana", "lastName": "Ng", "name": "Ana Ng"},
		`{"name":{"firstName":"Ana","lastName":""}}`:               {"firstName": "Ana", "name": "Ana"},
		``: {}, `{}`: {}, `nonsense`: {},
	} {
		if diff := cmp.Diff(want, appleNames(field)); diff != "" {
			t.Errorf("%q\n%s", field, diff)
		}
	}
}

func FuzzIDToken(f *testing.F) {
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("a.b.c")
	s := Settings{Name: "Acme", Type: api.IdentityProviderTypeTypeOidc, ClientID: "c1", ClientSecret: "secret", Issuer: "https://idp.example"}
	f.Fuzz(func(t *testing.T, token string) {
		c := New(fetch.Policy{}, false, func() time.Time { return at })
		if claims, err := c.checkIDToken(t.Context(), &s, token, "at", "n1", symmetric); err == nil {
			t.Errorf("%q is taken: %v", token, claims)
		}
	})
}

func FuzzDiscovery(f *testing.F) {
	f.Add(`{"issuer":"https://idp.example"}`)
	f.Fuzz(func(t *testing.T, document string) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(document)) }))
		defer server.Close()
		d, err := client().Discover(t.Context(), server.URL)
		if err == nil && (d.Issuer != server.URL || d.Token == "" || d.Keys == "") {
			t.Errorf("%q is taken", document)
		}
	})
}
