package jwt

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/jwt/jwttest"
)

const (
	testKeyID  = "Kb4kqGm1ZlxQ3Tz0/bX6yJp9nRrEw+8cDdVfUuAsHhM="
	testClaims = `{"sub":"70f8c1a2-1111-70a1-2222-333333333333","iss":"https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1",` +
		`"client_id":"abc","token_use":"access","scope":"aws.cognito.signin.user.admin","auth_time":1700000000,"exp":1700003600,` +
		`"iat":1700000000,"jti":"0f3f2a9e-aaaa-4bbb-8ccc-dddddddddddd","username":"ana"}`
)

var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func keys(kid string) *rsa.PublicKey {
	if kid != testKeyID {
		return nil
	}
	return &testKey().PublicKey
}

func mustSign(t testing.TB, claims string) string {
	t.Helper()
	token, err := Sign(testKey(), testKeyID, []byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// signRaw signs any header and payload with the right key, to show that a right
// signature does not excuse a wrong form.
func signRaw(t testing.TB, header, payload string) string {
	t.Helper()
	token, err := RS256.signParts(testKey(), []byte(header), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSignWritesTheRecordedHeader(t *testing.T) {
	t.Parallel()
	token := mustSign(t, testClaims)
	header, rest, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(header)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(raw), `{"kid":"`+testKeyID+`","alg":"RS256"}`; got != want {
		t.Errorf("header %s, want %s", got, want)
	}
	payload, _, _ := strings.Cut(rest, ".")
	if raw, err = base64.RawURLEncoding.DecodeString(payload); err != nil || string(raw) != testClaims {
		t.Errorf("claims %s, %v", raw, err)
	}
	claims, err := Verify(token, keys)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := claims.String("username"); got != "ana" {
		t.Errorf("username %q", got)
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	for _, kid := range []string{"", `a"b`, `a\`, "a b", "é", "a\n"} {
		if _, err := Sign(testKey(), kid, []byte("{}")); err == nil {
			t.Errorf("key id %q is accepted", kid)
		}
	}
	long := `{"a":"` + strings.Repeat("x", MaxLength) + `"}`
	if _, err := Sign(testKey(), testKeyID, []byte(long)); err == nil {
		t.Error("a token longer than readers take is signed")
	}
}

func TestKeyIDsLookLikeCognitos(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		kid := NewKeyID()
		if len(kid) != 44 || kid[43] != '=' || seen[kid] || !validKeyID(kid) {
			t.Fatalf("key id %q", kid)
		}
		seen[kid] = true
	}
}

func TestJWKMembersAreInOrder(t *testing.T) {
	t.Parallel()
	key := &rsa.PublicKey{N: new(big.Int).SetBytes([]byte{0xfb, 0xff, 0xbf}), E: 65537}
	got, err := json.Marshal(NewJWK("a+b/c=", key))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"alg":"RS256","e":"AQAB","kid":"a+b/c=","kty":"RSA","n":"-_-_","use":"sig"}`; string(got) != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestS030ForgedTokensAreRefused(t *testing.T) {
	t.Parallel()
	good := mustSign(t, testClaims)
	forgeries := jwttest.Forgeries(t, good, keys(testKeyID))
	if len(forgeries) < 40 {
		t.Fatalf("%d forgeries, want 40 or more", len(forgeries))
	}
	names := map[string]bool{}
	for _, f := range forgeries {
		if names[f.Name] || f.Token == good {
			t.Errorf("%s: not a forgery of its own", f.Name)
		}
		names[f.Name] = true
		claims, err := Verify(f.Token, keys)
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: error %v", f.Name, err)
		}
		if claims.Has("sub") {
			t.Errorf("%s: claims are given out", f.Name)
		}
	}
}

// TestS030RightlySignedButWrongHeaders has tokens whose signature is right.
func TestS030RightlySignedButWrongHeaders(t *testing.T) {
	t.Parallel()
	start := `{"kid":"` + testKeyID + `","alg":"RS256"`
	for _, extra := range []string{
		`,"crit":[]`, `,"crit":["b64"],"b64":false`, `,"b64":true`, `,"jwk":{}`, `,"jwk":null`, `,"jku":""`, `,"x5u":""`, `,"x5c":[]`,
		`,"alg":"RS256"`, `,"\u0061lg":"RS256"`, `,"kid":"x"`, `,"a":1,"a":1`, `,"a":{"b":1,"b":2}`,
	} {
		if _, err := Verify(signRaw(t, start+extra+"}", testClaims), keys); !errors.Is(err, ErrMalformed) {
			t.Errorf("header with %s: %v, want ErrMalformed", extra, err)
		}
	}
	for _, header := range []string{
		`{"alg":"RS256"}`, `{"kid":"","alg":"RS256"}`, `{"kid":1,"alg":"RS256"}`, `{"kid":"` + testKeyID + `"}`,
		`{"kid":"` + testKeyID + `","alg":"RS512"}`, `{"kid":"` + testKeyID + `","Alg":"RS256"}`, `[]`, `""`, ``, start + "}}", start + "} x",
	} {
		if _, err := Verify(signRaw(t, header, testClaims), keys); !errors.Is(err, ErrMalformed) {
			t.Errorf("header %s: %v, want ErrMalformed", header, err)
		}
	}
	// Harmless members do no harm, in any order.
	for _, header := range []string{start + `,"typ":"JWT"}`, `{"alg":"RS256","kid":"` + testKeyID + `"}`} {
		if _, err := Verify(signRaw(t, header, testClaims), keys); err != nil {
			t.Errorf("header %s: %v", header, err)
		}
	}
}

func TestS032ClaimsAreReadStrictly(t *testing.T) {
	t.Parallel()
	nest := func(n int) string { return `{"a":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}` }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, text := range []string{
		`{"sub":"a","sub":"a"}`, `{"sub":"a","s\u0075b":"b"}`, `{"a":[{"b":1,"b":1}]}`, `{"":1,"":2}`, `{"a":1 , "a" : 2}`,
		nest(17), objects(17), objects(1000), `{}{}`, `{} x`, `{},`, `[]`, `"x"`, `1`, `null`, `true`, ``, ` `, `{`, `{"a"}`, `{"a":}`,
		`{"a":1,}`, `{a:1}`, `{'a':1}`, `{"a":01}`, `{"a":+1}`, `{"a":NaN}`, `{"a":.5}`, "{\"a\":\"\xff\"}", "\ufeff{}", "{\"a\":\"\n\"}",
		`{"a":"\x"}`, `{"a":tru}`, `/**/{}`, "{}\x00",
	} {
		if _, err := ParseClaims([]byte(text)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%.40s: %v, want ErrMalformed", text, err)
		}
		if _, err := Verify(signRaw(t, `{"kid":"`+testKeyID+`","alg":"RS256"}`, text), keys); !errors.Is(err, ErrMalformed) {
			t.Errorf("signed %.40s: %v, want ErrMalformed", text, err)
		}
	}
	for _, text := range []string{
		`{}`, " {\t}\r\n", nest(16), objects(16), `{"a":1,"A":2,"b":{"a":1},"c":[{"a":1},{"a":1}]}`,
		`{"a\\":1,"a\"":2,"a":"}\\","b":["]","\"]"]}`, `{"a" : [ ] , "b" : { } , "c" : -1.5e+3 , "d":null}`,
	} {
		if _, err := ParseClaims([]byte(text)); err != nil {
			t.Errorf("%.40s: %v", text, err)
		}
	}
}

func TestClaimsGivesValuesOfTheRightTypeOnly(t *testing.T) {
	t.Parallel()
	c, err := ParseClaims([]byte(`{ "s" : "a\u00e9\"" , "n" : 12 , "f":1.5e0, "big":1e30, "neg":-1, "b":true, "l":["x","y"], "m":["x",null], "e":[], "z":null, "o":{"k": [1, 2]} }`))
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		S  string
		SO bool
		N  int64
		NO bool
		B  bool
		BO bool
		L  []string
		LO bool
		TO bool
	}
	want := map[string]row{
		"s": {S: `aé"`, SO: true}, "n": {N: 12, NO: true, TO: true}, "f": {TO: true}, "big": {}, "neg": {N: -1, NO: true},
		"b": {B: true, BO: true}, "l": {L: []string{"x", "y"}, LO: true}, "m": {}, "e": {L: []string{}, LO: true}, "z": {}, "o": {}, "absent": {},
	}
	for name, w := range want {
		var got row
		got.S, got.SO = c.String(name)
		got.N, got.NO = c.Int64(name)
		got.B, got.BO = c.Bool(name)
		got.L, got.LO = c.Strings(name)
		_, got.TO = c.Time(name)
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	if got := string(c.Raw("o")); got != `{"k": [1, 2]}` {
		t.Errorf("raw %s", got)
	}
	if !c.Has("z") || c.Has("absent") || c.Raw("absent") != nil {
		t.Error("Has or Raw is wrong about null and absent members")
	}
	if at, _ := c.Time("n"); at.Unix() != 12 {
		t.Errorf("time %v", at)
	}
}

func TestS037TimesAreChecked(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_700_000_000, 0)
	tests := []struct {
		claims string
		skew   time.Duration
		want   error
	}{
		{`{"exp":1700000001}`, 0, nil},
		{`{"exp":1700000000}`, 0, ErrExpired},
		{`{"exp":1699999999}`, 0, ErrExpired},
		{`{"exp":1699999950}`, time.Minute, nil},
		{`{"exp":1699999940}`, time.Minute, ErrExpired},
		{`{"exp":1700000001,"iat":1700000000,"nbf":1700000000}`, 0, nil},
		{`{"exp":1700000100,"iat":1700000001}`, 0, ErrNotYetValid},
		{`{"exp":1700000100,"nbf":1700000001}`, 0, ErrNotYetValid},
		{`{"exp":1700000100,"iat":1700000060,"nbf":1700000060}`, time.Minute, nil},
		{`{"exp":1700000100,"iat":1700000061}`, time.Minute, ErrNotYetValid},
		{`{}`, 0, ErrMalformed},
		{`{"exp":null}`, 0, ErrMalformed},
		{`{"exp":"1700000001"}`, 0, ErrMalformed},
		{`{"exp":-1}`, 0, ErrMalformed},
		{`{"exp":1e300}`, 0, ErrMalformed},
		{`{"exp":1e999}`, 0, ErrMalformed},
		{`{"exp":253402300800}`, 0, ErrMalformed},
		{`{"exp":[1700000001]}`, 0, ErrMalformed},
		{`{"exp":1700000001,"iat":"0"}`, 0, ErrMalformed},
		{`{"exp":1700000001,"nbf":null}`, 0, ErrMalformed},
	}
	for _, tt := range tests {
		c, err := ParseClaims([]byte(tt.claims))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.CheckTime(now, tt.skew); !errors.Is(err, tt.want) || (tt.want == nil && err != nil) {
			t.Errorf("%s, skew %v: %v, want %v", tt.claims, tt.skew, err, tt.want)
		}
	}
}

func TestErrorsTellFormFromSignature(t *testing.T) {
	t.Parallel()
	good := mustSign(t, testClaims)
	parsed, err := Parse(good)
	if err != nil {
		t.Fatal(err)
	}
	if parsed.KeyID != testKeyID || parsed.UnverifiedIssuer() != "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Ab1" {
		t.Errorf("parsed %q of %q", parsed.KeyID, parsed.UnverifiedIssuer())
	}
	if _, err := parsed.Verify(nil); !errors.Is(err, ErrUnknownKey) || !errors.Is(err, ErrSignature) {
		t.Errorf("no key: %v, want ErrUnknownKey", err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parsed.Verify(&other.PublicKey); !errors.Is(err, ErrSignature) || errors.Is(err, ErrUnknownKey) {
		t.Errorf("other key: %v, want ErrSignature", err)
	}
	for _, text := range []string{"", "a.b", "not a token", good + ".", strings.Repeat("a", MaxLength+1)} {
		if _, err := Parse(text); !errors.Is(err, ErrMalformed) || errors.Is(err, ErrSignature) {
			t.Errorf("%.20q: %v, want ErrMalformed", text, err)
		}
	}
	cut := strings.LastIndexByte(good, '.')
	if _, err := Verify(good[:cut]+".", keys); !errors.Is(err, ErrSignature) {
		t.Errorf("no signature: %v, want ErrSignature", err)
	}
}
