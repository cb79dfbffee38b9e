package jwt

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"cognate/internal/protocol/jwt/jwttest"
)

func mustSign512(t testing.TB) string {
	t.Helper()
	token, err := RS512.Sign(testKey(), testKeyID, []byte(testClaims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestOtherLibraryVerifiesRS512(t *testing.T) {
	t.Parallel()
	token := mustSign512(t)
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS512})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := parsed.Verify(&testKey().PublicKey)
	if err != nil || string(payload) != testClaims {
		t.Errorf("read %s, %v", payload, err)
	}
	header, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(header)
	if want := `{"kid":"` + testKeyID + `","typ":"JWS","alg":"RS512"}`; err != nil || string(raw) != want {
		t.Errorf("header %s, want %s", raw, want)
	}
	claims, err := RS512.Verify(token, keys)
	if name, _ := claims.String("username"); err != nil || name != "ana" {
		t.Errorf("claims of %q, %v", name, err)
	}
	if alg := RS512.JWK(testKeyID, &testKey().PublicKey).Alg; alg != "RS512" {
		t.Errorf("key for %s", alg)
	}
}

// A reader takes the algorithm that it expects and no other one, although one
// key has signed by both.
func TestS030AlgorithmsAreNotMixed(t *testing.T) {
	t.Parallel()
	if _, err := RS256.Verify(mustSign512(t), keys); !errors.Is(err, ErrMalformed) {
		t.Errorf("RS512 where RS256 is expected: %v", err)
	}
	if _, err := RS512.Verify(mustSign(t, testClaims), keys); !errors.Is(err, ErrMalformed) {
		t.Errorf("RS256 where RS512 is expected: %v", err)
	}
	// A header of RS512 over a signature of RS256, and the reverse.
	header := segment.EncodeToString([]byte(`{"kid":"` + testKeyID + `","alg":"RS512"}`))
	_, rest, _ := strings.Cut(mustSign(t, testClaims), ".")
	if _, err := RS512.Verify(header+"."+rest, keys); !errors.Is(err, ErrSignature) {
		t.Errorf("a signature of RS256 under RS512: %v", err)
	}
}

func TestS030ForgedRS512TokensAreRefused(t *testing.T) {
	t.Parallel()
	for _, f := range jwttest.Forgeries(t, mustSign512(t), keys(testKeyID)) {
		if _, err := RS512.Verify(f.Token, keys); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: error %v", f.Name, err)
		}
	}
}
