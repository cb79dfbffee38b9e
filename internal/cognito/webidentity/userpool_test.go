package webidentity

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/tokens"
	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const ownPool = "eu-west-1_AbCdEf123"

// withPool gives a verifier in an installation that has a pool, and what signs
// tokens of the pool for a use.
func withPool(t *testing.T) (*Verifier, func(use string, changes map[string]any) string) {
	t.Helper()
	now := func() time.Time { return at }
	db := storetest.Open(t, now)
	private := map[string]*rsa.PrivateKey{store.KeyUseID: made().rsa, store.KeyUseAccess: made().other}
	var keys []store.SigningKey
	for use, key := range private {
		k := store.SigningKey{ID: "key-" + use, Use: use, CreatedAt: at.Add(-time.Hour), SignsAt: at.Add(-time.Hour)}
		var err error
		if k.Private, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
			t.Fatal(err)
		}
		if k.Public, err = x509.MarshalPKIXPublicKey(&key.PublicKey); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	if _, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertPool(ctx, &store.Pool{ID: ownPool, Region: "eu-west-1", CreatedAt: at, ModifiedAt: at}, keys)
	}); err != nil {
		t.Fatal(err)
	}
	v := &Verifier{Now: now, Pools: &tokens.Tokens{
		DB: db, Directory: directory.New(db, now), Issuer: func(id string) string { return "https://cognate.example/" + id }, Now: now, Cores: limits.NewCores(),
	}}
	return v, func(use string, changes map[string]any) string {
		claims := map[string]any{
			"iss": "https://cognate.example/" + ownPool, "sub": "ana", "aud": "client", "token_use": use,
			"iat": at.Unix(), "exp": at.Add(time.Hour).Unix(),
		}
		for name, value := range changes {
			if claims[name] = value; value == nil {
				delete(claims, name)
			}
		}
		text, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jwt.Sign(private[use], "key-"+use, text)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
}

// Access tokens are no logins, also those that a function has given an aud.
func TestS031S121OnlyIDTokensOfUserPoolsAreLogins(t *testing.T) {
	t.Parallel()
	v, sign := withPool(t)
	got, err := v.UserPool(t.Context(), ownPool, sign(store.KeyUseID, nil))
	if err != nil || got.Subject != "ana" || len(got.Audience) != 1 || got.Audience[0] != "client" {
		t.Fatalf("an ID token: %+v, %v", got, err)
	}
	for what, c := range map[string]struct {
		pool  string
		token string
		kind  Kind
	}{
		"an access token":                 {ownPool, sign(store.KeyUseAccess, map[string]any{"aud": nil}), MissingClaim},
		"an access token with aud":        {ownPool, sign(store.KeyUseAccess, nil), Malformed},
		"an ID token of the other key":    {ownPool, sign(store.KeyUseAccess, map[string]any{"token_use": store.KeyUseID}), BadSignature},
		"an ID token without aud":         {ownPool, sign(store.KeyUseID, map[string]any{"aud": nil}), MissingClaim},
		"an ID token that has ended":      {ownPool, sign(store.KeyUseID, map[string]any{"exp": at.Unix()}), Expired},
		"an ID token of another pool":     {"eu-west-1_Other12345", sign(store.KeyUseID, nil), WrongIssuer},
		"an ID token of a pool elsewhere": {ownPool, sign(store.KeyUseID, map[string]any{"iss": "https://other.example/" + ownPool}), WrongIssuer},
	} {
		got, err := v.UserPool(t.Context(), c.pool, c.token)
		if refused, ok := errors.AsType[*Error](err); !ok || refused.Kind != c.kind {
			t.Errorf("%s: %+v, %v, want %s", what, got, err, kindTexts[c.kind])
		}
	}
}
