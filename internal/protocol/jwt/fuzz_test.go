package jwt

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// FuzzMutatedToken splices bytes into a good token. Whatever comes out, only the
// token itself is accepted.
func FuzzMutatedToken(f *testing.F) {
	good := mustSign(f, testClaims)
	f.Add(0, 1, []byte("A"))
	f.Add(len(good)-1, 1, []byte{})
	f.Add(0, 0, []byte{})
	f.Add(len(good), 0, []byte("\n"))
	f.Add(strings.IndexByte(good, '.'), 1, []byte(".."))
	f.Fuzz(func(t *testing.T, at, drop int, insert []byte) {
		at = min(max(at, 0), len(good))
		drop = min(max(drop, 0), len(good)-at)
		token := good[:at] + string(insert) + good[at+drop:]
		_, err := Verify(token, keys)
		if (err == nil) != (token == good) {
			t.Fatalf("verdict %v on %q", err, token)
		}
		if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrSignature) {
			t.Fatalf("error %v is of no kind", err)
		}
	})
}

// FuzzParse feeds arbitrary texts. None of them has been signed.
func FuzzParse(f *testing.F) {
	f.Add("")
	f.Add("eyJraWQiOiJhIiwiYWxnIjoiUlMyNTYifQ.e30.AA")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Add("eyJraWQiOiJhIiwidHlwIjoiSldTIiwiYWxnIjoiUlM1MTIifQ.e30.AA")
	f.Fuzz(func(t *testing.T, token string) {
		for _, algorithm := range []Algorithm{RS256, RS512} {
			parsed, err := algorithm.Parse(token)
			if err != nil {
				if !errors.Is(err, ErrMalformed) {
					t.Fatalf("%s: error %v is of no kind", algorithm, err)
				}
				continue
			}
			if _, err := parsed.Verify(&testKey().PublicKey); !errors.Is(err, ErrSignature) {
				t.Fatalf("%s: verdict %v on %q", algorithm, err, token)
			}
		}
	})
}

// FuzzClaims compares the strict reader with encoding/json: what it accepts,
// that package reads the same way, member for member.
func FuzzClaims(f *testing.F) {
	for _, seed := range []string{testClaims, `{"a":{"b":[1,{"c":null}]}}`, `{"a":1,"a":2}`, `{"a\"":"\\"}`, ` { } `, `[]`, `{"\ud800":1}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		before := sha256.Sum256(data)
		claims, err := ParseClaims(data)
		if sha256.Sum256(data) != before {
			t.Fatal("the input was changed")
		}
		if err != nil {
			return
		}
		var plain map[string]json.RawMessage
		if err := json.Unmarshal(data, &plain); err != nil {
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if len(plain) != len(claims.members) {
			t.Fatalf("%d members, want %d", len(claims.members), len(plain))
		}
		for name, raw := range plain {
			if !bytes.Equal(raw, claims.Raw(name)) {
				t.Fatalf("member %q is %s, want %s", name, claims.Raw(name), raw)
			}
		}
	})
}
