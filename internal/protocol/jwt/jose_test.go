package jwt

import (
	"crypto/rsa"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"pgregory.net/rapid"
)

var rs256 = []jose.SignatureAlgorithm{jose.RS256}

func TestOtherLibraryVerifiesOurTokens(t *testing.T) {
	t.Parallel()
	parsed, err := jose.ParseSignedCompact(mustSign(t, testClaims), rs256)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := parsed.Verify(&testKey().PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if string(payload) != testClaims || parsed.Signatures[0].Header.KeyID != testKeyID {
		t.Errorf("read %s with key %s", payload, parsed.Signatures[0].Header.KeyID)
	}
}

func TestWeVerifyTokensOfTheOtherLibrary(t *testing.T) {
	t.Parallel()
	token := joseSign(t, testKey(), testClaims)
	claims, err := Verify(token, keys)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := claims.String("token_use"); got != "access" {
		t.Errorf("token_use %q", got)
	}
}

func TestOurKeysReadTheSameInTheOtherLibrary(t *testing.T) {
	t.Parallel()
	k := NewJWK(testKeyID, &testKey().PublicKey)
	var other jose.JSONWebKey
	text := `{"alg":"` + k.Alg + `","e":"` + k.E + `","kid":"` + k.Kid + `","kty":"` + k.Kty + `","n":"` + k.N + `","use":"` + k.Use + `"}`
	if err := other.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if key, ok := other.Key.(*rsa.PublicKey); !ok || !key.Equal(&testKey().PublicKey) || other.KeyID != testKeyID {
		t.Errorf("read %T %s", other.Key, other.KeyID)
	}
}

// TestWeAcceptNothingTheOtherLibraryRefuses changes tokens at random and
// compares the verdicts. We may be the stricter one.
func TestWeAcceptNothingTheOtherLibraryRefuses(t *testing.T) {
	t.Parallel()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/\n "
	good := []string{mustSign(t, testClaims), joseSign(t, testKey(), testClaims)}
	rapid.Check(t, func(t *rapid.T) {
		token := []byte(rapid.SampledFrom(good).Draw(t, "token"))
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			at := rapid.IntRange(0, len(token)-1).Draw(t, "at")
			token[at] = alphabet[rapid.IntRange(0, len(alphabet)-1).Draw(t, "character")]
		}
		_, err := Verify(string(token), keys)
		otherErr := joseVerify(string(token))
		if err == nil && otherErr != nil {
			t.Fatalf("we accept %s, the other library says %v", token, otherErr)
		}
		if unchanged := string(token) == good[0] || string(token) == good[1]; (err == nil) != unchanged {
			t.Fatalf("verdict %v on %s (unchanged: %v)", err, token, unchanged)
		}
	})
}

func joseVerify(token string) error {
	parsed, err := jose.ParseSignedCompact(token, rs256)
	if err != nil {
		return err
	}
	_, err = parsed.Verify(&testKey().PublicKey)
	return err
}

func joseSign(t testing.TB, key *rsa.PrivateKey, claims string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: testKeyID}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}
