package identitytokens

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/jwt"
	"cognate/internal/protocol/jwt/jwttest"
	"cognate/internal/store/storetest"
)

const issuer = "https://id.example.com/cognito-identity"

// ring gives two keys in turn.
type ring struct {
	mu   sync.Mutex
	next int
}

var made = sync.OnceValue(func() (keys [2]*rsa.PrivateKey) {
	for i := range keys {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		keys[i] = key
	}
	return keys
})

func (r *ring) Next(context.Context) (*rsa.PrivateKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	return made()[r.next%2], nil
}

// clock stands still until it is moved.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newTokens(t *testing.T) (*Tokens, *clock) {
	t.Helper()
	c := &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	db := storetest.Open(t, c.Now)
	return &Tokens{DB: db, Source: &ring{}, Issuer: issuer, Now: c.Now}, c
}

// node is another node over the same database.
func (t *Tokens) node() *Tokens {
	return &Tokens{DB: t.DB, Source: t.Source, Issuer: t.Issuer, Now: t.Now}
}

func sample() Token {
	return Token{
		PoolID:     "us-east-1:11111111-2222-4333-8444-555555555555",
		PoolARN:    "arn:aws:cognito-identity:us-east-1:123456789012:identitypool/us-east-1:11111111-2222-4333-8444-555555555555",
		IdentityID: "us-east-1:66666666-7777-4888-9999-aaaaaaaaaaaa",
		Methods:    Authenticated(UserPoolLogin("cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1", "u-1")),
		Tags:       map[string]string{"team": "ops", "client": "c"},
	}
}

func mint(t *testing.T, tokens *Tokens, token Token, lifetime time.Duration) string {
	t.Helper()
	text, err := tokens.Mint(t.Context(), token, lifetime)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWhatIsMintedIsVerified(t *testing.T) {
	t.Parallel()
	tokens, c := newTokens(t)
	want := sample()
	text := mint(t, tokens, want, DeveloperLifetime)
	got, err := tokens.node().Verify(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	want.IssuedAt, want.ExpiresAt = c.Now(), c.Now().Add(900*time.Second) // identity-pools.md, checklist row 8
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
}

// Another library reads the token by the published key set (identity-pools.md §C).
func TestOtherLibraryReadsATokenByTheKeySet(t *testing.T) {
	t.Parallel()
	tokens, c := newTokens(t)
	text := mint(t, tokens, sample(), PublicLifetime)
	set, err := tokens.node().KeySet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(set, &keys); err != nil {
		t.Fatal(err)
	}
	parsed, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.RS512})
	if err != nil {
		t.Fatal(err)
	}
	found := keys.Key(parsed.Signatures[0].Header.KeyID)
	if len(found) != 1 || found[0].Algorithm != "RS512" || found[0].Use != "sig" {
		t.Fatalf("%d keys in %s", len(found), set)
	}
	payload, err := parsed.Verify(found[0])
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(payload, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"iss": issuer,
		"aud": sample().PoolID,
		"sub": sample().IdentityID,
		"amr": []any{
			"authenticated", "cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1",
			"cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1:CognitoSignIn:u-1",
		},
		"exp":                         float64(c.Now().Unix() + 600),
		"iat":                         float64(c.Now().Unix()),
		"https://aws.amazon.com/tags": map[string]any{"principal_tags": map[string]any{"team": []any{"ops"}, "client": []any{"c"}}},
		"https://cognito-identity.amazonaws.com/identity-pool-arn": sample().PoolARN,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMethodsOfLogins(t *testing.T) {
	t.Parallel()
	pool := "us-east-1:11111111-2222-4333-8444-555555555555"
	oidc := "arn:aws:iam::123456789012:oidc-provider/id.example.com/a"
	saml := "arn:aws:iam::123456789012:saml-provider/office"
	for _, c := range []struct{ got, want []string }{
		{Guest(), []string{"unauthenticated"}},
		{Authenticated(OIDCLogin(oidc, "s")), []string{"authenticated", "id.example.com/a", oidc + ":OIDC:s"}},
		{Authenticated(SAMLLogin(saml, "s")), []string{"authenticated", saml, saml + ":SAML:s"}},
		{Authenticated(SocialLogin("graph.facebook.com", "app", "s")), []string{"authenticated", "graph.facebook.com", "graph.facebook.com:app:s"}},
		{Authenticated(DeveloperLogin("login.example.com", pool, "ana")), []string{"authenticated", "login.example.com", "login.example.com:" + pool + ":ana"}},
		{
			Authenticated(SocialLogin("a", "b", "c"), SocialLogin("d", "e", "f")),
			[]string{"authenticated", "a", "a:b:c", "d", "d:e:f"},
		},
	} {
		if diff := cmp.Diff(c.want, c.got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestTokensExpireToTheSecond(t *testing.T) {
	t.Parallel()
	tokens, c := newTokens(t)
	text := mint(t, tokens, sample(), PublicLifetime)
	c.advance(10*time.Minute - time.Millisecond)
	if _, err := tokens.Verify(t.Context(), text); err != nil {
		t.Error(err)
	}
	c.advance(time.Millisecond)
	_, err := tokens.Verify(t.Context(), text)
	var expired *ExpiredError
	if !errors.As(err, &expired) || !expired.Now.Equal(c.Now()) || !expired.Expires.Equal(c.Now()) {
		t.Errorf("a token at its end: %v", err)
	}
}

func TestS030ForgedIdentityTokensAreRefused(t *testing.T) {
	t.Parallel()
	tokens, _ := newTokens(t)
	good := mint(t, tokens, sample(), PublicLifetime)
	current, err := tokens.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range jwttest.Forgeries(t, good, &current.private.PublicKey) {
		if _, err := tokens.Verify(t.Context(), f.Token); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// Tokens that are signed by the right key but are not whole, or of another issuer.
func TestS030IdentityTokensOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	tokens, c := newTokens(t)
	mint(t, tokens, sample(), PublicLifetime)
	other := tokens.node()
	other.Issuer = "https://cognito-identity.amazonaws.com"
	if _, err := tokens.Verify(t.Context(), mint(t, other, sample(), PublicLifetime)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a token of another issuer: %v", err)
	}
	elsewhere, _ := newTokens(t)
	if _, err := tokens.Verify(t.Context(), mint(t, elsewhere, sample(), PublicLifetime)); !errors.Is(err, ErrInvalid) {
		t.Errorf("a token of another installation: %v", err)
	}
	current, err := tokens.current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	full := map[string]any{
		"iss": issuer, "sub": "s", "aud": "p", "amr": []string{"unauthenticated"}, claimPool: "a",
		"iat": c.Now().Unix(), "exp": c.Now().Unix() + 600, claimTags: map[string]any{"principal_tags": map[string]any{"k": []string{"v"}}},
	}
	sign := func(change func(map[string]any)) string {
		claims := maps.Clone(full)
		change(claims)
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jwt.RS512.Sign(current.private, current.kid, text)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	if _, err := tokens.Verify(t.Context(), sign(func(map[string]any) {})); err != nil {
		t.Fatal(err)
	}
	for name := range full {
		if name == claimTags {
			continue
		}
		if _, err := tokens.Verify(t.Context(), sign(func(claims map[string]any) { delete(claims, name) })); !errors.Is(err, ErrInvalid) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	for _, tags := range []any{"x", map[string]any{"principal_tags": "x"}, map[string]any{"principal_tags": map[string]any{"k": []string{"v", "w"}}}} {
		if _, err := tokens.Verify(t.Context(), sign(func(claims map[string]any) { claims[claimTags] = tags })); !errors.Is(err, ErrInvalid) {
			t.Errorf("tags %v: %v", tags, err)
		}
	}
}
