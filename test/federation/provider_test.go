package federation_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/go-jose/go-jose/v4"

	"cognate/internal/servertest"
)

// provider is a provider of OpenID Connect that says what a test wants; a good one
// by itself. It serves no page: tests bring browsers back from it.
type provider struct {
	url    string
	secret string

	mu       sync.Mutex
	key      *rsa.PrivateKey
	kid      string
	claims   map[string]any              // of ID tokens beside the usual ones; they win
	userInfo map[string]any              // nil: the subject of the ID token
	replaced map[string]http.HandlerFunc // by path
	calls    []string
	codes    map[string]string // nonces
	now      func() time.Time
}

// serveProvider serves a provider until the test ends.
func serveProvider(t *testing.T, s *servertest.Server) *provider {
	t.Helper()
	p := &provider{secret: "the-secret-of-the-client-at-this-provider", replaced: map[string]http.HandlerFunc{}, codes: map[string]string{}, now: s.Now}
	p.rotate(t, "k1")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		write(w, map[string]any{
			"issuer": p.url, "authorization_endpoint": p.url + "/auth", "token_endpoint": p.url + "/token", "userinfo_endpoint": p.url + "/me",
			"jwks_uri": p.url + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		write(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &p.key.PublicKey, KeyID: p.kid, Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, _ *http.Request) {
		if p.userInfo != nil {
			write(w, p.userInfo)
			return
		}
		write(w, map[string]any{"sub": p.subject()})
	})
	p.url = s.ServeSite(t, "localhost", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.calls = append(p.calls, r.URL.Path)
		instead := p.replaced[r.URL.Path]
		p.mu.Unlock()
		if instead != nil {
			instead(w, r)
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	return p
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// rotate gives the provider a new key in the place of the old one.
func (p *provider) rotate(t *testing.T, kid string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	wantOK(t, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key, p.kid = key, kid
}

// says sets the claims of the next ID tokens; pairs of name and value.
func (p *provider) says(pairs ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.claims, p.userInfo = map[string]any{}, nil
	for i := 0; i+1 < len(pairs); i += 2 {
		p.claims[pairs[i].(string)] = pairs[i+1]
	}
}

// instead answers at a path otherwise; nil ends that.
func (p *provider) instead(path string, serve http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.replaced[path] = serve
}

// called tells how often a path was called.
func (p *provider) called(path string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if c == path {
			n++
		}
	}
	return n
}

func (p *provider) subject() any {
	if sub, ok := p.claims["sub"]; ok {
		return sub
	}
	return "42"
}

func (p *provider) token(w http.ResponseWriter, r *http.Request) {
	nonce, known := p.codes[r.FormValue("code")]
	switch {
	case !known:
		w.WriteHeader(http.StatusBadRequest)
		write(w, map[string]any{"error": "invalid_grant", "error_description": "no such code"})
		return
	case r.PostFormValue("client_secret") != p.secret:
		w.WriteHeader(http.StatusUnauthorized)
		write(w, map[string]any{"error": "invalid_client", "error_description": "wrong secret"})
		return
	}
	delete(p.codes, r.FormValue("code"))
	now := p.now()
	claims := map[string]any{"iss": p.url, "aud": "c1", "sub": "42", "exp": now.Add(time.Hour).Unix(), "iat": now.Unix(), "nonce": nonce}
	maps.Copy(claims, p.claims)
	for name, value := range claims {
		if value == nil {
			delete(claims, name)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: p.key}, (&jose.SignerOptions{}).WithHeader("kid", p.kid))
	if err != nil {
		panic(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		panic(err)
	}
	idToken, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	write(w, map[string]any{"access_token": "at-" + r.FormValue("code"), "id_token": idToken, "token_type": "Bearer"})
}

// code makes a code for a sign-in with a nonce.
func (p *provider) code(nonce string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	code := rand.Text()
	p.codes[code] = nonce
	return code
}

// details are what an administrator enters about the provider.
func (p *provider) details() map[string]string {
	return map[string]string{
		"client_id": "c1", "client_secret": p.secret, "oidc_issuer": p.url, "authorize_scopes": "openid email profile", "attributes_request_method": "GET",
	}
}

// attach makes the provider one of a pool.
func (p *provider) attach(t *testing.T, w *site, name string, mapping map[string]string) {
	t.Helper()
	_, err := w.s.SDK.CreateIdentityProvider(t.Context(), &cip.CreateIdentityProviderInput{
		UserPoolId: &w.pool, ProviderName: &name, ProviderType: types.IdentityProviderTypeTypeOidc, ProviderDetails: p.details(), AttributeMapping: mapping,
	})
	wantOK(t, err)
}

// away is a browser that was sent to a provider.
type away struct {
	*agent
	at                           string
	state, nonce, back, clientID string
}

// leave sends a browser to a provider of OpenID Connect.
func (b *agent) leave(t *testing.T, name string, more ...string) *away {
	t.Helper()
	got := b.authorize(t, name, more...)
	at, query := got.location(t)
	if got.status != http.StatusFound || query.Get("state") == "" || query.Get("redirect_uri") != b.w.base+"/oauth2/idpresponse" {
		t.Fatalf("not sent to %s: %d %s %s", name, got.status, got.header.Get("Location"), got.body)
	}
	return &away{b, at, query.Get("state"), query.Get("nonce"), query.Get("redirect_uri"), query.Get("client_id")}
}

// comeBack returns from the provider with a code; more are pairs of name and value
// that replace what the provider sends.
func (a *away) comeBack(t *testing.T, p *provider, more ...string) reply {
	t.Helper()
	query := url.Values{"state": {a.state}}
	if p != nil {
		query.Set("code", p.code(a.nonce))
	}
	for i := 0; i+1 < len(more); i += 2 {
		query.Set(more[i], more[i+1])
	}
	return a.get(t, a.back+"?"+query.Encode())
}

// signIn takes a new browser through a provider and gives the claims of the ID token
// and the access token.
func (w *site) signIn(t *testing.T, p *provider, name string) (id map[string]any, access string) {
	t.Helper()
	id, access, _ = w.tokens(t, w.browser(t).leave(t, name).comeBack(t, p).wantCode(t))
	return id, access
}
