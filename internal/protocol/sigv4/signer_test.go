package sigv4_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cognate/internal/protocol/sigv4"
)

const (
	service = "cognito-idp"
	keyID   = "AKIACOGNATETEST00001"
	secret  = "not/a+real=secret"
)

var signedAt = time.Date(2026, 3, 1, 23, 58, 30, 0, time.UTC)

func options(now time.Time) sigv4.Options {
	return sigv4.Options{Service: service, Now: now, Skew: 5 * time.Minute}
}

// toSign is a request as an SDK has it before signing.
func toSign(t testing.TB, target, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:7665/"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools")
	r.Header.Set("Amz-Sdk-Request", "attempt=1; max=3")
	return r
}

func bodyHash(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// received is what a server has of r after it went over the wire.
func received(t testing.TB, r *http.Request, body string) sigv4.Request {
	t.Helper()
	return sigv4.Request{
		Method: r.Method, Path: r.URL.EscapedPath(), RawQuery: r.URL.RawQuery,
		Header: r.Header, Host: r.Host, Body: []byte(body),
	}
}

// sdkSigned gives a request with a header signature of the SDK's signer.
func sdkSigned(t testing.TB, r *http.Request, body, token string) sigv4.Request {
	t.Helper()
	credentials := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: token}
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, bodyHash(body), service, "eu-west-1", signedAt); err != nil {
		t.Fatal(err)
	}
	return received(t, r, body)
}

// sdkPresigned gives a request with a query signature of the SDK's signer.
func sdkPresigned(t testing.TB, r *http.Request, body, token string) sigv4.Request {
	t.Helper()
	credentials := aws.Credentials{AccessKeyID: keyID, SecretAccessKey: secret, SessionToken: token}
	address, header, err := v4.NewSigner().PresignHTTP(t.Context(), credentials, r, bodyHash(body), service, "eu-west-1", signedAt)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	host := header.Get("Host")
	header.Del("Host")
	return sigv4.Request{Method: r.Method, Path: u.EscapedPath(), RawQuery: u.RawQuery, Header: header, Host: host, Body: []byte(body)}
}

func verify(r sigv4.Request, o sigv4.Options, key sigv4.Key) error {
	claim, err := sigv4.Parse(r, o)
	if err != nil {
		return err
	}
	return claim.Verify(key, claim.AccessKeyID == keyID, o.Now)
}

func TestS134AgreesWithTheSDKSigner(t *testing.T) {
	t.Parallel()
	bodies := []string{"", "{}", `{"MaxResults":10}`, "\x00\xff not utf-8"}
	for _, body := range bodies {
		for _, token := range []string{"", "FwoGZXIvYXdzE//token+with=signs"} {
			for name, sign := range map[string]func(testing.TB, *http.Request, string, string) sigv4.Request{
				"header": sdkSigned, "query": sdkPresigned,
			} {
				r := sign(t, toSign(t, "", body), body, token)
				if err := verify(r, options(signedAt), sigv4.Key{Secret: secret, SessionToken: token}); err != nil {
					t.Errorf("%s, body %q, token %q: %v", name, body, token, err)
				}
				if !sigv4.IsSigned(r) {
					t.Errorf("%s: IsSigned says no", name)
				}
				if id, region, ok := sigv4.Scope(r); id != keyID || region != "eu-west-1" || !ok {
					t.Errorf("%s: Scope = %q %q %v", name, id, region, ok)
				}
			}
		}
	}
}

// FuzzSDKSigner compares with the SDK's signer: what it signs verifies, and no
// longer does after one bit of the body changed.
func FuzzSDKSigner(f *testing.F) {
	f.Add("", "a=1&b=2", "X-Amz-Meta", "some  value ", `{"a":1}`, "", uint(3))
	f.Add("a/b c/%41", "b=2&b=1&a=", "My-Header", "  two  ", "", "token", uint(0))
	f.Add("é", "x=%2F+%20", "Cookie", "a;b", "x", "", uint(7))
	f.Add("", "%58-Amz-Signature=1&x-amz-date=2&a=X-Amz-Algorithm=", "A", "b", "", "", uint(0))
	f.Add("", "0=1&:=2&é=3&z=4", "A", "b", "", "", uint(0)) // sorted as they are encoded
	f.Fuzz(func(t *testing.T, path, query, name, value, body, token string, bit uint) {
		if !sameInBothSigners(path, query, name, value, token) {
			t.Skip()
		}
		for _, sign := range []func(testing.TB, *http.Request, string, string) sigv4.Request{sdkSigned, sdkPresigned} {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost:7665/", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.URL.Path, r.URL.RawQuery = "/"+path, query
			r.Header.Add(name, value)
			got := sign(t, r, body, token)
			key := sigv4.Key{Secret: secret, SessionToken: token}
			if err := verify(got, options(signedAt), key); err != nil {
				t.Fatalf("signed by the SDK, but: %v\n%+v", err, got)
			}
			if len(body) > 0 {
				changed := bytes.Clone(got.Body)
				changed[int(bit/8)%len(changed)] ^= 1 << (bit % 8)
				got.Body = changed
				if err := verify(got, options(signedAt), key); err == nil {
					t.Fatal("another body verifies too")
				}
			}
		}
	})
}

// sameInBothSigners leaves out what the SDK's signer does not do as the
// service does (it neither normalises paths nor signs some headers), and what
// HTTP cannot carry.
func sameInBothSigners(path, query, name, value, token string) bool {
	if strings.Contains("/"+path, "//") || strings.Contains("/"+path+"/", "/./") || strings.Contains("/"+path+"/", "/../") {
		return false
	}
	values, err := url.ParseQuery(query)
	if err != nil {
		return false
	}
	for k, vs := range values {
		if k == "" || len(vs) > 1 || strings.Contains(k, "X-Amz-") { // as signatures have them
			return false
		}
	}
	plain := func(c rune) bool { return c < ' ' || c > '~' }
	token2 := strings.ContainsFunc(name, func(c rune) bool {
		return !(c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z')
	})
	if token2 || name == "" || strings.ContainsFunc(value, plain) || strings.ContainsFunc(token, plain) || strings.TrimSpace(token) != token {
		return false
	}
	for _, c := range path + query {
		if c == utf8.RuneError {
			return false
		}
	}
	switch lower := strings.ToLower(name); lower {
	case "authorization", "user-agent", "x-amzn-trace-id", "expect", "transfer-encoding", "host", "content-length", "date":
		return false
	default:
		return !strings.HasPrefix(lower, "x-amz-")
	}
}

// FuzzParse: nothing that arrives makes Parse or Verify panic, and nothing
// verifies under a secret it was not made with.
func FuzzParse(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20260301/eu-west-1/cognito-idp/aws4_request, SignedHeaders=host;x-amz-date, Signature=00", "20260301T235830Z", "", "/")
	f.Add("", "", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20260301%2Feu-west-1%2Fcognito-idp%2Faws4_request&X-Amz-Date=20260301T235830Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00", "/a/../b")
	f.Fuzz(func(t *testing.T, authorization, date, query, path string) {
		r := sigv4.Request{Method: "POST", Path: path, RawQuery: query, Host: "localhost", Header: http.Header{
			"Authorization": {authorization}, "X-Amz-Date": {date},
		}}
		sigv4.Scope(r)
		claim, err := sigv4.Parse(r, options(signedAt))
		if err != nil {
			return
		}
		if claim.Verify(sigv4.Key{Secret: secret}, true, signedAt) == nil {
			t.Fatalf("a guessed signature verifies: %q %q", authorization, query)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	body := `{"MaxResults":10}`
	r := sdkSigned(b, toSign(b, "", body), body, "")
	b.ReportAllocs()
	for b.Loop() {
		if err := verify(r, options(signedAt), sigv4.Key{Secret: secret}); err != nil {
			b.Fatal(err)
		}
	}
}
