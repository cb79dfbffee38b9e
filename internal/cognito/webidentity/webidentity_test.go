package webidentity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/cognito/tokens"
	"cognate/internal/outbound/fetch"
	"cognate/internal/outbound/oidc"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// clock is moved by tests.
type clock struct{ moved atomic.Int64 }

func (c *clock) now() time.Time          { return at.Add(time.Duration(c.moved.Load())) }
func (c *clock) advance(d time.Duration) { c.moved.Add(int64(d)) }

var made = sync.OnceValue(func() (keys struct {
	rsa, other *rsa.PrivateKey
	ec         *ecdsa.PrivateKey
},
) {
	var err [3]error
	keys.rsa, err[0] = rsa.GenerateKey(rand.Reader, 2048)
	keys.other, err[1] = rsa.GenerateKey(rand.Reader, 2048)
	keys.ec, err[2] = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err := errors.Join(err[:]...); err != nil {
		panic(err)
	}
	return keys
})

// provider publishes keys, and answers about access tokens as a test tells it to.
type provider struct {
	*httptest.Server
	set     jose.JSONWebKeySet
	down    atomic.Bool
	reads   atomic.Int32 // of the key set
	answers map[string]string
	asked   atomic.Pointer[http.Request]
}

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{answers: map[string]string{}}
	p.set.Keys = []jose.JSONWebKey{
		{Key: &made().rsa.PublicKey, KeyID: "r", Use: "sig"},
		{Key: &made().ec.PublicKey, KeyID: "e", Algorithm: "ES256"},
		{Key: &made().other.PublicKey, KeyID: "encryption", Use: "enc"},
	}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Store(r)
		switch {
		case p.down.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Path == "/.well-known/openid-configuration":
			_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
		case strings.HasSuffix(r.URL.Path, "/keys"), strings.HasSuffix(r.URL.Path, "/certs"):
			p.reads.Add(1)
			_ = json.NewEncoder(w).Encode(p.set)
		case p.answers[r.URL.Path] != "":
			_, _ = w.Write([]byte(p.answers[r.URL.Path]))
		default:
			w.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(p.Close)
	return p
}

func newVerifier(p *provider, c *clock) *Verifier {
	client := oidc.New(fetch.Policy{Allow: fetch.Loopback}, true, c.now)
	elsewhere := map[string]string{}
	for _, name := range []string{Google, Apple, Facebook, Amazon, Twitter, Digits} {
		elsewhere[name] = p.URL
	}
	return &Verifier{
		Now: c.now, Pools: &tokens.Tokens{Issuer: func(id string) string { return "https://pools.example/" + id }},
		Keys: &oidc.KeySets{Client: client}, Social: &oidc.AccessTokens{Client: client, Elsewhere: elsewhere},
		Endpoints: []string{"https://sts.example/"},
	}
}

func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	options := (&jose.SignerOptions{}).WithHeader("kid", kid)
	if kid == "" {
		options = &jose.SignerOptions{}
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

func (p *provider) claims(changes map[string]any) map[string]any {
	claims := map[string]any{"iss": p.URL, "sub": "42", "aud": "c1", "iat": at.Unix(), "exp": at.Add(time.Hour).Unix(), "email": "ana@example.com"}
	maps.Copy(claims, changes)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}

func (p *provider) token(t testing.TB, changes map[string]any) string {
	t.Helper()
	return sign(t, jose.RS256, made().rsa, "r", p.claims(changes))
}

// kindOf is the kind of a refusal, 0 for success.
func kindOf(t testing.TB, err error) Kind {
	t.Helper()
	var e *Error
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &e):
		t.Errorf("not a refusal: %v", err)
	}
	return e.Kind
}

func TestIDTokensOfOpenIDProviders(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	from := Provider{Issuer: p.URL, Clients: []string{"c1", "c2"}}
	for name, token := range map[string]struct {
		text  string
		party string
	}{
		"RS256":             {p.token(t, nil), "c1"},
		"RS512":             {sign(t, jose.RS512, made().rsa, "r", p.claims(nil)), "c1"},
		"ES256":             {sign(t, jose.ES256, made().ec, "e", p.claims(nil)), "c1"},
		"another client":    {p.token(t, map[string]any{"aud": "c2"}), "c2"},
		"several audiences": {p.token(t, map[string]any{"aud": []string{"other", "c2"}}), "c2"},
		"azp before aud":    {p.token(t, map[string]any{"aud": "other", "azp": "c2"}), "c2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := v.OIDC(t.Context(), from, token.text, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got.Subject != "42" || got.Issuer != p.URL || got.Party != token.party || got.Values["email"] != "ana@example.com" ||
				!got.Expires.Equal(at.Add(time.Hour)) || !got.Issued.Equal(at) {
				t.Errorf("%+v", got)
			}
		})
	}
}

// Identity pools take signatures of RSA only (identity-pools.md A4).
func TestLoginsAreSignedByRSA(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	from := Provider{Issuer: p.URL, Clients: []string{"c1"}, OnlyRSA: true}
	if _, err := v.OIDC(t.Context(), from, sign(t, jose.RS384, made().rsa, "r", p.claims(nil)), LoginGrace); err != nil {
		t.Error(err)
	}
	if _, err := v.OIDC(t.Context(), from, sign(t, jose.ES256, made().ec, "e", p.claims(nil)), LoginGrace); kindOf(t, err) != Malformed {
		t.Errorf("by an elliptic curve: %v", err)
	}
}

// The attacks of security.md S030 to S032, S037 and S121 on tokens from elsewhere.
func TestS030S032S121ForgedAndForeignTokensAreRefused(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	from := Provider{Issuer: p.URL, Clients: []string{"c1"}}
	good := p.token(t, nil)
	parts := strings.Split(good, ".")
	segment := base64.RawURLEncoding.EncodeToString
	public, err := json.Marshal(jose.JSONWebKey{Key: &made().other.PublicKey, KeyID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	raw := func(header, payload string) string {
		text := segment([]byte(header)) + "." + segment([]byte(payload))
		return text + "." + segment(mustSign(t, text))
	}
	payload, err := json.Marshal(p.claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		token string
		want  Kind
	}{
		"nothing":              {"", Malformed},
		"no token":             {"opaque", Malformed},
		"too long":             {strings.Repeat("x", longest+1), Malformed},
		"alg none":             {segment([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".", Malformed},
		"HMAC":                 {sign(t, jose.HS256, []byte(strings.Repeat("k", 32)), "r", p.claims(nil)), Malformed},
		"PSS":                  {sign(t, jose.PS256, made().rsa, "r", p.claims(nil)), Malformed},
		"other key":            {sign(t, jose.RS256, made().other, "r", p.claims(nil)), BadSignature},
		"unknown key":          {sign(t, jose.RS256, made().rsa, "q", p.claims(nil)), BadSignature},
		"no key id":            {sign(t, jose.RS256, made().rsa, "", p.claims(nil)), BadSignature},
		"key for encryption":   {sign(t, jose.RS256, made().other, "encryption", p.claims(nil)), BadSignature},
		"key for another alg":  {sign(t, jose.RS256, made().rsa, "e", p.claims(nil)), BadSignature},
		"brings its key":       {raw(`{"alg":"RS256","kid":"r","jwk":`+string(public)+`}`, string(payload)), 0},
		"critical header":      {raw(`{"alg":"RS256","kid":"r","crit":["x"],"x":1}`, string(payload)), BadSignature},
		"changed payload":      {parts[0] + "." + segment([]byte(strings.Replace(string(payload), "42", "43", 1))) + "." + parts[2], BadSignature},
		"no signature":         {parts[0] + "." + parts[1] + ".", BadSignature},
		"claim twice":          {raw(`{"alg":"RS256","kid":"r"}`, strings.Replace(string(payload), `{`, `{"sub":"41",`, 1)), Malformed},
		"payload and more":     {raw(`{"alg":"RS256","kid":"r"}`, string(payload)+"{}"), Malformed},
		"deep":                 {p.token(t, map[string]any{"x": deep(40)}), Malformed},
		"other issuer":         {p.token(t, map[string]any{"iss": "https://other.example"}), WrongIssuer},
		"issuer with a slash":  {p.token(t, map[string]any{"iss": p.URL + "/"}), 0},
		"no issuer":            {p.token(t, map[string]any{"iss": nil}), WrongIssuer},
		"other client":         {p.token(t, map[string]any{"aud": "c9"}), WrongAudience},
		"azp is another":       {p.token(t, map[string]any{"azp": "c9"}), WrongAudience},
		"no aud":               {p.token(t, map[string]any{"aud": nil}), MissingClaim},
		"aud is a number":      {p.token(t, map[string]any{"aud": 1}), MissingClaim},
		"empty aud":            {p.token(t, map[string]any{"aud": ""}), MissingClaim},
		"empty azp":            {p.token(t, map[string]any{"azp": ""}), MissingClaim},
		"no sub":               {p.token(t, map[string]any{"sub": nil}), MissingClaim},
		"no exp":               {p.token(t, map[string]any{"exp": nil}), MissingClaim},
		"exp is text":          {p.token(t, map[string]any{"exp": "tomorrow"}), MissingClaim},
		"no iat":               {p.token(t, map[string]any{"iat": nil}), MissingClaim},
		"expired":              {p.token(t, map[string]any{"exp": at.Unix()}), Expired},
		"from the future":      {p.token(t, map[string]any{"iat": at.Add(61 * time.Second).Unix()}), BadTime},
		"a little ahead":       {p.token(t, map[string]any{"iat": at.Add(60 * time.Second).Unix()}), 0},
		"not before":           {p.token(t, map[string]any{"nbf": at.Add(2 * time.Minute).Unix()}), BadTime},
		"not before is text":   {p.token(t, map[string]any{"nbf": "x"}), BadTime},
		"year 60000":           {p.token(t, map[string]any{"exp": 1_830_000_000_000}), MissingClaim},
		"expired in 1969":      {p.token(t, map[string]any{"exp": -1}), MissingClaim},
		"whole good one again": {good, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := v.OIDC(t.Context(), from, c.token, 0)
			if got := kindOf(t, err); got != c.want {
				t.Errorf("kind %d, want %d: %v", got, c.want, err)
			}
		})
	}
}

func deep(n int) any {
	if n == 0 {
		return 1
	}
	return []any{deep(n - 1)}
}

// mustSign signs a text with RS256 by the key r.
func mustSign(t testing.TB, text string) []byte {
	t.Helper()
	digest := crypto.SHA256.New()
	digest.Write([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, made().rsa, crypto.SHA256, digest.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// A token of an OpenID provider is a login of an identity pool for five minutes after
// its end, and not longer (identity-pools.md A4).
func TestS037GraceOfLogins(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	from := Provider{Issuer: p.URL, Clients: []string{"c1"}}
	token := p.token(t, nil)
	for _, step := range []struct {
		to          time.Duration
		grace, none Kind
	}{
		{time.Hour - time.Second, 0, 0},
		{time.Hour, 0, Expired},
		{time.Hour + LoginGrace - time.Second, 0, Expired},
		{time.Hour + LoginGrace, Expired, Expired},
	} {
		c.moved.Store(int64(step.to))
		_, err := v.OIDC(t.Context(), from, token, LoginGrace)
		if got := kindOf(t, err); got != step.grace {
			t.Errorf("after %v with grace: %v", step.to, err)
		}
		_, err = v.OIDC(t.Context(), from, token, 0)
		if got := kindOf(t, err); got != step.none {
			t.Errorf("after %v: %v", step.to, err)
		}
	}
	var e *Error
	_, err := v.OIDC(t.Context(), from, token, 0)
	if !errors.As(err, &e) || !e.Now.Equal(c.now()) || !e.Expires.Equal(at.Add(time.Hour)) {
		t.Errorf("%+v", e)
	}
}

// Keys are read once a minute, and at once for a key that is new (security.md S118).
func TestS118KeysAreKeptForAMinute(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	from := Provider{Issuer: p.URL, Clients: []string{"c1"}}
	check := func(token string, want Kind, reads int32) {
		t.Helper()
		_, err := v.OIDC(t.Context(), from, token, 0)
		if got := kindOf(t, err); got != want || p.reads.Load() != reads {
			t.Errorf("%v after %d reads, want kind %d after %d", err, p.reads.Load(), want, reads)
		}
	}
	old, unknown := p.token(t, nil), sign(t, jose.RS256, made().rsa, "new", p.claims(nil))
	check(old, 0, 1)
	check(old, 0, 1)
	check(unknown, BadSignature, 1) // within a second of the last answer
	c.advance(2 * time.Second)
	p.set.Keys = []jose.JSONWebKey{{Key: &made().rsa.PublicKey, KeyID: "new"}}
	check(unknown, 0, 2)
	check(old, BadSignature, 2)
	c.advance(time.Minute)
	check(unknown, 0, 3)
	p.down.Store(true)
	check(unknown, 0, 3)
	c.advance(time.Minute)
	check(unknown, Unreachable, 3) // fails closed
}

func TestProvidersThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	p.down.Store(true)
	_, err := v.OIDC(t.Context(), Provider{Issuer: p.URL, Clients: []string{"c1"}}, p.token(t, nil), 0)
	if got := kindOf(t, err); got != Unreachable {
		t.Error(err)
	}
	p.down.Store(false)
	c.advance(time.Second) // for so long every answer is shared
	if _, err := v.OIDC(t.Context(), Provider{Issuer: p.URL, Clients: []string{"c1"}}, p.token(t, nil), 0); err != nil {
		t.Error(err)
	}
}

// An issuer inside the network of the server is not called, whoever has entered it.
func TestS160IssuersInsideAreNotCalled(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	v := newVerifier(p, c)
	v.Keys = &oidc.KeySets{Client: oidc.New(fetch.Policy{}, true, c.now)}
	_, err := v.OIDC(t.Context(), Provider{Issuer: p.URL, Clients: []string{"c1"}}, p.token(t, nil), 0)
	if got := kindOf(t, err); got != Unreachable || p.asked.Load() != nil {
		t.Errorf("%v, asked for %v", err, p.asked.Load())
	}
	v.Keys = &oidc.KeySets{Client: oidc.New(fetch.Policy{Allow: fetch.Loopback}, false, c.now)} // no plain http, as in serve
	_, err = v.OIDC(t.Context(), Provider{Issuer: p.URL, Clients: []string{"c1"}}, p.token(t, nil), 0)
	if got := kindOf(t, err); got != Unreachable || p.asked.Load() != nil {
		t.Errorf("%v, asked for %v", err, p.asked.Load())
	}
}

// Discovery that leads elsewhere, or nowhere, is no way to keys.
func TestS161DiscoveryOfAnotherIssuer(t *testing.T) {
	t.Parallel()
	p, c := newProvider(t), &clock{}
	for name, document := range map[string]string{
		"another issuer": `{"issuer":"https://other.example","jwks_uri":"` + p.URL + `/keys"}`,
		"no keys":        `{"issuer":"ISSUER"}`,
		"a file":         `{"issuer":"ISSUER","jwks_uri":"file:///etc/passwd"}`,
		"not JSON":       `<html>`,
		"a list":         `[]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hostile := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = w.Write([]byte(strings.ReplaceAll(document, "ISSUER", "http://"+r.Host)))
			}))
			t.Cleanup(hostile.Close)
			token := p.token(t, map[string]any{"iss": hostile.URL})
			_, err := newVerifier(p, c).OIDC(t.Context(), Provider{Issuer: hostile.URL, Clients: []string{"c1"}}, token, 0)
			if got := kindOf(t, err); got != Unreachable {
				t.Error(err)
			}
		})
	}
}

// A mutated token is never taken.
func FuzzOIDC(f *testing.F) {
	p, c := newProvider(f), &clock{}
	v := newVerifier(p, c)
	good := p.token(f, nil)
	f.Add(good)
	f.Add(sign(f, jose.ES256, made().ec, "e", p.claims(nil)))
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := v.OIDC(t.Context(), Provider{Issuer: p.URL, Clients: []string{"c1"}}, token, 0)
		if err == nil && (claims.Subject != "42" || claims.Party != "c1") {
			t.Errorf("taken as %+v", claims)
		}
	})
}
