package sts

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/outbound/fetch"
	"cognate/internal/outbound/oidc"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const (
	account = "123456789012"
	iamARN  = "arn:aws:iam::" + account + ":"
	rootID  = "AKIAROOTROOTROOTROOT"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// keys gives the same key again and again.
type keys struct{}

var theKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func (keys) Next(context.Context) (*rsa.PrivateKey, error) { return theKey(), nil }

// world is the operations with a database, and a provider of tokens.
type world struct {
	*Operations
	t     *testing.T
	db    *store.DB
	idp   *httptest.Server
	moved atomic.Int64
}

func (w *world) now() time.Time { return start.Add(time.Duration(w.moved.Load())) }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	db := storetest.Open(t, w.now)
	a, err := access.New(access.Config{DB: db, Now: w.now, AccountID: account, Root: access.RootKey{ID: rootID, Secret: "root secret"}})
	if err != nil {
		t.Fatal(err)
	}
	w.idp = newIssuer(t)
	client := oidc.New(fetch.Policy{Allow: fetch.Loopback}, true, w.now)
	elsewhere := map[string]string{webidentity.Google: w.idp.URL, webidentity.Facebook: w.idp.URL, webidentity.Amazon: w.idp.URL}
	w.db = db
	w.Operations = &Operations{
		DB: db, Access: a, AccountID: account, Now: w.now,
		Identities: &identitytokens.Tokens{DB: db, Source: keys{}, Issuer: "https://id.example/cognito-identity", Now: w.now, Cores: limits.NewCores()},
		Verifier: &webidentity.Verifier{
			Now: w.now, Pools: &tokens.Tokens{Issuer: func(id string) string { return "https://pools.example/" + id }},
			Keys: &oidc.KeySets{Client: client}, Social: &oidc.AccessTokens{Client: client, Elsewhere: elsewhere},
			Endpoints: []string{"https://sts.example/"},
		},
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.InsertIdentityPool(ctx, &store.IdentityPool{ID: poolID, Region: "us-east-1", CreatedAt: start, ModifiedAt: start}); err != nil {
			return err
		}
		return tx.InsertIdentity(ctx, &store.Identity{ID: identityID, PoolID: poolID, State: store.IdentityLinked, CreatedAt: start, ModifiedAt: start})
	})
	return w
}

func newIssuer(t *testing.T) *httptest.Server {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			_ = json.NewEncoder(rw).Encode(map[string]any{"issuer": s.URL, "jwks_uri": s.URL + "/keys"})
		case "/keys", "/oauth2/v3/certs":
			_ = json.NewEncoder(rw).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &theKey().PublicKey, KeyID: "k"}}})
		case "/app":
			_, _ = rw.Write([]byte(`{"id":"app7"}`))
		case "/me":
			_, _ = rw.Write([]byte(`{"id":"1007"}`))
		default:
			rw.WriteHeader(http.StatusBadRequest)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (w *world) write(f func(ctx context.Context, tx *store.Tx) error) {
	w.t.Helper()
	_, err := store.Write(w.t.Context(), w.db, func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, f(ctx, tx) })
	if err != nil {
		w.t.Fatal(err)
	}
	w.Access.Forget()
}

// role makes a role with a trust policy, and gives its ARN.
func (w *world) role(name, trust string, change func(*store.RoleSettings)) string {
	w.t.Helper()
	s := store.RoleSettings{Path: "/team/", Trust: trust, Policies: []string{allowing("*")}, MaxSession: 7200}
	if change != nil {
		change(&s)
	}
	w.write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertRole(ctx, &store.Role{Name: name, ID: "AROAROLEROLE" + name, CreatedAt: start, ModifiedAt: start, Settings: s})
		return err
	})
	return iamARN + "role/team/" + name
}

// user makes a user with a key, and gives the context of its calls.
func (w *world) user(name string, policies ...string) context.Context {
	w.t.Helper()
	id := "AKIAUSERUSERUSERUSER"[:20-len(name)] + upper(name)
	w.write(func(ctx context.Context, tx *store.Tx) error {
		u := &store.AccessUser{Name: name, ID: "AIDA" + name, CreatedAt: start, ModifiedAt: start, Settings: store.AccessUserSettings{Policies: policies}}
		if _, err := tx.InsertAccessUser(ctx, u); err != nil {
			return err
		}
		_, err := tx.InsertAccessKey(ctx, store.AccessKey{ID: id, UserName: name, Secret: "secret", Active: true, CreatedAt: start})
		return err
	})
	return w.as(id, "")
}

func upper(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] -= 'a' - 'A'
	}
	return string(b)
}

// as gives the context of calls that are signed with a key.
func (w *world) as(id, token string) context.Context {
	w.t.Helper()
	_, who, known, err := w.Access.Key(w.t.Context(), id, token)
	if err != nil || !known {
		w.t.Fatalf("key %s: %v, %v", id, known, err)
	}
	return access.WithCaller(w.t.Context(), who)
}

func (w *world) provider(arn string, s store.AccountProviderSettings) {
	w.t.Helper()
	w.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutAccountProvider(ctx, &store.AccountProvider{ARN: arn, CreatedAt: start, ModifiedAt: start, Settings: s})
	})
}

func allowing(action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"*"}]}`
}

// trusting is a trust policy: a principal, an action, and a condition or nothing.
func trusting(principal, action, condition string) string {
	if condition == "" {
		condition = "{}"
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":` + action + `,"Condition":` + condition + `}]}`
}

func (w *world) sign(claims map[string]any) string {
	w.t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: theKey()}, (&jose.SignerOptions{}).WithHeader("kid", "k"))
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := json.Marshal(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		w.t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

func wantError(t *testing.T, err error, status int, code, message string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != code || e.Status != status || message != "*" && e.Message != message {
		t.Errorf("got  %v\nwant %d %s: %s", err, status, code, message)
	}
}
