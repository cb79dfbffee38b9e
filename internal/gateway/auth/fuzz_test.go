package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"cognate/internal/gateway/seal"
	"cognate/internal/protocol/jwt"
)

// No value opens but those that were sealed, as they were.
func FuzzOpenSession(f *testing.F) {
	ring, err := seal.Parse([]byte(strings.Repeat("A", 43) + "="))
	if err != nil {
		f.Fatal(err)
	}
	// The same for every run, so that workers agree on it.
	s := &session{Issuer: "https://id.example.com", ClientID: "c", Started: 1, Timeout: 60, AccessToken: "at", Claims: []byte(`{"sub":"u"}`)}
	value, err := sealSession(ring, "Name", s)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(value, "Name")
	f.Add(value[:len(value)-4], "Name")
	f.Add("AAAA", "Name")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, text, name string) {
		got, err := openSession(ring, name, text)
		if err == nil && (got.AccessToken != "at" || got.subject != "u" || name != "Name") {
			t.Errorf("%q opened as %+v", text, got)
		}
		if _, err := openState(ring, text, time.Unix(1, 0)); err == nil {
			t.Errorf("%q opened as a state", text)
		}
	})
}

// Whatever cookies a request has, the pieces are taken in a row or not at all.
func FuzzReadCookies(f *testing.F) {
	f.Add("AWSELBAuthSessionCookie-0=a; AWSELBAuthSessionCookie-1=b; AWSALBAuthNonce=c")
	f.Add("AWSELBAuthSessionCookie-0=a; AWSELBAuthSessionCookie-2=b")
	f.Add("AWSELBAuthSessionCookie-4=a; AWSELBAuthSessionCookie-00=b; AWSELBAuthSessionCookie-=c")
	f.Fuzz(func(t *testing.T, cookies string) {
		p := readCookies(http.Header{"Cookie": {cookies}}, DefaultCookieName)
		if len(p.shards) > maxShards {
			t.Errorf("%d pieces", len(p.shards))
		}
		joined := ""
		for _, index := range []string{"0", "1", "2", "3"}[:len(p.shards)] {
			joined += p.shards[index]
		}
		if !p.broken && p.value != joined {
			t.Errorf("%q is read as %q of %v", cookies, p.value, p.shards)
		}
		if len(p.shards) > 0 && !p.broken && p.value == "" {
			t.Error("an empty session")
		}
	})
}

// What is left of the headers of a request, no server takes for an identity: not
// those that make an underscore of a hyphen (as CGI does, RFC 3875 section 4.1.18),
// and not those that make one of every byte but letters and digits.
func FuzzRemoveIdentity(f *testing.F) {
	f.Add("X-Amzn-Oidc-Data", "x_amzn_oidc_identity")
	f.Add("X-Amzn-Oidc", "X-Amzn-OidcData")
	f.Add("X AmZn oidC ", "x.amzn~oidc!data")
	f.Add("X-\u00c0mzn-Oidc-Data", "X-Amzn-Oidc\u00a0Data")
	f.Fuzz(func(t *testing.T, first, second string) {
		h := http.Header{first: {"a"}, second: {"b"}}
		RemoveIdentity(h)
		for _, name := range []string{first, second} {
			_, left := h[name]
			if left == strings.HasPrefix(cgiVariable(name), "X_AMZN_OIDC_") {
				t.Errorf("%q is left: %t", name, left)
			}
		}
	})
}

func cgiVariable(header string) string {
	const kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	variable := []byte(header)
	for i, c := range variable {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		if strings.IndexByte(kept, c) < 0 {
			c = '_'
		}
		variable[i] = c
	}
	return string(variable)
}

// Whatever a provider claims, the token says its own exp and iss, once, and the
// rest as it came.
func FuzzDataPayload(f *testing.F) {
	f.Add(`{"sub":"a","exp":1,"iss":"x"}`)
	f.Add(`{"sub":"a","\u0065xp":1,"a":{"exp":[1,{"iss":2}]},"":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		claims, err := jwt.ParseClaims([]byte(text))
		if err != nil {
			return // refused at the sign-in
		}
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(text)); err != nil {
			t.Fatal(err)
		}
		payload, err := dataPayload(compact.Bytes(), "https://id.example.com", 7)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var before, after map[string]json.RawMessage
		if err := errors.Join(json.Unmarshal([]byte(text), &before), json.Unmarshal(payload, &after)); err != nil {
			t.Fatalf("%s becomes %s: %v", text, payload, err)
		}
		if _, err := jwt.ParseClaims(payload); err != nil {
			t.Errorf("%s becomes %s: %v", text, payload, err)
		}
		if string(after["exp"]) != "7" || string(after["iss"]) != `"https://id.example.com"` {
			t.Errorf("%s becomes %s", text, payload)
		}
		sub, _ := claims.String("sub")
		kept, _ := jwt.ParseClaims(payload)
		if again, _ := kept.String("sub"); again != sub {
			t.Errorf("sub %q becomes %q", sub, again)
		}
		delete(before, "exp")
		delete(before, "iss")
		if len(after) != len(before)+2 {
			t.Errorf("%s becomes %s", text, payload)
		}
	})
}
