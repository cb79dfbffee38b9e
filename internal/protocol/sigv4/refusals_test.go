package sigv4_test

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognate/internal/protocol/sigv4"
)

const (
	wrong = "InvalidSignatureException: The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	unknown = "UnrecognizedClientException: The security token included in the request is invalid."
	hashed  = "(Hashed with SHA-256 and encoded with Base64) Authorization="
)

type change func(*sigv4.Request)

func edit(from, to string) change {
	return func(r *sigv4.Request) {
		r.Header.Set("Authorization", strings.ReplaceAll(r.Header.Get("Authorization"), from, to))
	}
}

func set(name string, values ...string) change {
	return func(r *sigv4.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func drop(name string) change { return func(r *sigv4.Request) { r.Header.Del(name) } }

func editQuery(from, to string) change {
	return func(r *sigv4.Request) { r.RawQuery = strings.ReplaceAll(r.RawQuery, from, to) }
}

func dropQuery(name string) change {
	return func(r *sigv4.Request) {
		r.RawQuery = regexp.MustCompile(`(^|&)`+name+`=[^&]*`).ReplaceAllString(r.RawQuery, "")
	}
}

// S130 to S134: forty requests, each broken in one way. The text is the whole
// error, or its beginning where it ends in "…".
func TestS130BrokenRequestsAreRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		presigned bool
		change    change
		want      string
	}{
		{"no signature", false, drop("Authorization"), "MissingAuthenticationTokenException: Missing Authentication Token"},
		{"empty header", false, set("Authorization", ""), "MissingAuthenticationTokenException: Missing Authentication Token"},
		{"bearer token", false, set("Authorization", "Bearer abc"), "IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " + hashed + "…"},
		{"bearer token, no date", false, func(r *sigv4.Request) { set("Authorization", "Bearer abc")(r); drop("X-Amz-Date")(r) }, "IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " + hashed + "…"},
		{"algorithm alone", false, set("Authorization", "AWS4-HMAC-SHA256"), "IncompleteSignatureException: Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. Authorization header requires 'SignedHeaders' parameter. " + hashed + "…"},
		{"no credential", false, edit("Credential=", "Principal="), "IncompleteSignatureException: Authorization header requires 'Credential' parameter. " + hashed + "…"},
		{"no signature parameter", false, edit("Signature=", "Sign="), "IncompleteSignatureException: Authorization header requires 'Signature' parameter. " + hashed + "…"},
		{"no signed headers", false, edit("SignedHeaders=", "Headers="), "IncompleteSignatureException: Authorization header requires 'SignedHeaders' parameter. " + hashed + "…"},
		{"no date", false, drop("X-Amz-Date"), "IncompleteSignatureException: Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " + hashed + "…"},
		{"no equal sign", false, edit("Signature=", "Signature "), "IncompleteSignatureException: Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '…"},
		{"parameter twice", false, edit(", Signature=", ", Credential=A/20260301/eu-west-1/cognito-idp/aws4_request, Signature="), "IncompleteSignatureException: Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded with Base64): '…"},
		{"other algorithm", false, edit("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"), "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."},
		{"short credential", false, edit("/aws4_request", ""), "IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + keyID + "/20260301/eu-west-1/cognito-idp'"},
		{"date that is none", false, set("X-Amz-Date", "yesterday"), "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got 'yesterday'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"two dates", false, set("X-Amz-Date", "20260301T235830Z", "20260301T235830Z"), "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '20260301T235830Z,20260301T235830Z'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"other date in the window", false, set("X-Amz-Date", "20260301T235831Z"), wrong},
		{"scope of another day", false, edit("/20260301/", "/20260302/"), "InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260302' != '20260301', from '20260301T235830Z'."},
		{"no region", false, edit("/eu-west-1/", "//"), "InvalidSignatureException: Credential should be scoped to a valid region, not ''."},
		{"region that is none", false, edit("/eu-west-1/", "/mars/"), "InvalidSignatureException: Credential should be scoped to a valid region, not 'mars'."},
		{"other region", false, edit("/eu-west-1/", "/eu-west-2/"), wrong},
		{"other service", false, edit("/cognito-idp/", "/sts/"), "InvalidSignatureException: Credential should be scoped to correct service: 'cognito-idp'."},
		{"other terminator", false, edit("aws4_request", "aws5_request"), "InvalidSignatureException: Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'."},
		{"whole scope wrong", false, edit("/20260301/eu-west-1/cognito-idp/", "/20250301/x/y/"), "InvalidSignatureException: Credential should be scoped to a valid region, not 'x'. Credential should be scoped to correct service: 'cognito-idp'. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20250301' != '20260301', from '20260301T235830Z'."},
		{"unknown key", false, edit(keyID, "AKIANOBODY"), unknown},
		{"signature of zeros", false, func(r *sigv4.Request) { cutSignature(r, strings.Repeat("0", 64)) }, wrong},
		{"signature cut short", false, func(r *sigv4.Request) { cutSignature(r, "ab") }, wrong},
		{"signature in capitals", false, func(r *sigv4.Request) {
			_, s, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
			cutSignature(r, strings.ToUpper(s))
		}, wrong},
		{"host not signed", false, edit("host;", ""), "InvalidSignatureException: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."},
		{"target not signed", false, edit(";x-amz-target", ""), "InvalidSignatureException: 'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization."},
		{"date not signed", false, edit("x-amz-date;", ""), "InvalidSignatureException: 'X-Amz-Date' must be a 'SignedHeader' in the AWS Authorization."},
		{"token added unsigned", false, set("X-Amz-Security-Token", "t"), "InvalidSignatureException: 'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization."},
		{"x-amz header added unsigned", false, set("X-Amz-Meta", "1"), "InvalidSignatureException: 'X-Amz-Meta' must be a 'SignedHeader' in the AWS Authorization."},
		{"signed headers unsorted", false, edit("content-type;host", "host;content-type"), wrong},
		{"signed headers in capitals", false, edit("SignedHeaders=amz", "SignedHeaders=Amz"), wrong},
		{"signed header twice", false, edit("host;", "host;host;"), wrong},
		{"other target", false, set("X-Amz-Target", "AWSCognitoIdentityProviderService.DeleteUserPool"), wrong},
		{"second target", false, func(r *sigv4.Request) { r.Header.Add("X-Amz-Target", "x") }, wrong},
		{"other host", false, func(r *sigv4.Request) { r.Host = "evil.example" }, wrong},
		{"other method", false, func(r *sigv4.Request) { r.Method = http.MethodPut }, wrong},
		{"other path", false, func(r *sigv4.Request) { r.Path = "/x" }, wrong},
		{"other query", false, func(r *sigv4.Request) { r.RawQuery = "a=b" }, wrong},
		{"other body", false, func(r *sigv4.Request) { r.Body = []byte(`{"MaxResults":11}`) }, wrong},
		{"body removed", false, func(r *sigv4.Request) { r.Body = nil }, wrong},
		{"two headers", false, func(r *sigv4.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }, wrong},
		{"header and query", false, func(r *sigv4.Request) { r.RawQuery = "X-Amz-Signature=0" }, wrong},

		{"query without credential", true, dropQuery("X-Amz-Credential"), "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Credential'. Re-examine the query-string parameters."},
		{"query without signature and date", true, func(r *sigv4.Request) { dropQuery("X-Amz-Signature")(r); dropQuery("X-Amz-Date")(r) }, "IncompleteSignatureException: AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."},
		{"query of another algorithm", true, editQuery("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"), "IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'."},
		{"query parameter twice", true, func(r *sigv4.Request) { r.RawQuery += "&X-Amz-Date=20260301T235830Z" }, wrong},
		{"query date with a fraction", true, editQuery("20260301T235830Z", "20260301T235830.5Z"), wrong},
		{"query date that is none", true, editQuery("20260301T235830Z", "0"), "IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '0'. See http://en.wikipedia.org/wiki/ISO_8601"},
		{"query target replaced", true, editQuery("ListUserPools", "DeleteUserPool"), wrong},
		{"query key unknown", true, editQuery(keyID, "AKIANOBODY"), unknown},
		{"query that cannot be read", true, func(r *sigv4.Request) { r.RawQuery += "&%zz" }, wrong},
		{"query with other body", true, func(r *sigv4.Request) { r.Body = nil }, wrong},
		{"query lifetime added", true, func(r *sigv4.Request) { r.RawQuery += "&X-Amz-Expires=60" }, wrong},
		{"query lifetime of nothing", true, func(r *sigv4.Request) { r.RawQuery += "&X-Amz-Expires=0" }, "IncompleteSignatureException: X-Amz-Expires must be a number of seconds between 1 and 604800"},
		{"query token in the header too", true, set("X-Amz-Security-Token", "t"), "InvalidSignatureException: 'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization."},
	}
	if len(tests) < 40 {
		t.Fatalf("%d cases, want at least 40", len(tests))
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := `{"MaxResults":10}`
			sign := sdkSigned
			if tt.presigned {
				sign = sdkPresigned
			}
			r := sign(t, toSign(t, "", body), body, "")
			r.Header = r.Header.Clone()
			tt.change(&r)
			err := verify(r, options(signedAt), sigv4.Key{Secret: secret})
			wantError(t, err, tt.want)
		})
	}
}

// Whatever an SDK signs is bound: no signed header can be changed, doubled or taken away.
func TestS131EverySignedHeaderIsBound(t *testing.T) {
	t.Parallel()
	const body = `{"MaxResults":10}`
	signed := func() sigv4.Request {
		r := sdkSigned(t, toSign(t, "", body), body, "token")
		r.Header = r.Header.Clone()
		return r
	}
	key := sigv4.Key{Secret: secret, SessionToken: "token"}
	good := signed()
	if err := verify(good, options(signedAt), key); err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(good.Header.Get("Authorization"), "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	tampered := 0
	for name := range strings.SplitSeq(list, ";") {
		name = http.CanonicalHeaderKey(name)
		if name == "Host" || name == "Content-Length" { // of the request itself, see TestS130
			continue
		}
		for how, change := range map[string]change{
			"changed":   set(name, good.Header.Get(name)+"x"),
			"doubled":   func(r *sigv4.Request) { r.Header.Add(name, "x") },
			"taken off": drop(name),
		} {
			r := signed()
			change(&r)
			if err := verify(r, options(signedAt), key); err == nil {
				t.Errorf("%s %s: the signature still counts", name, how)
			}
			tampered++
		}
	}
	if tampered < 3*5 {
		t.Errorf("%d changes, of %s", tampered, list)
	}
}

func cutSignature(r *sigv4.Request, signature string) {
	before, _, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	r.Header.Set("Authorization", before+"Signature="+signature)
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if _, ok := errors.AsType[*sigv4.Error](err); !ok {
		t.Fatalf("error = %v, want %s", err, want)
	}
	start, open := strings.CutSuffix(want, "…")
	if got := err.Error(); got != want && (!open || !strings.HasPrefix(got, start)) {
		t.Errorf("error = %q\nwant    %q", got, want)
	}
}

func TestS131HarmlessHeadersMayStayUnsigned(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"X-Amz-Cf-Id", "X-Amz-User-Agent", "X-Amzn-Trace-Id", "Amz-Sdk-Invocation-Id", "User-Agent", "X-Forwarded-For"} {
		r := sdkSigned(t, toSign(t, "", "{}"), "{}", "")
		set(name, "added on the way")(&r)
		if err := verify(r, options(signedAt), sigv4.Key{Secret: secret}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestS132StatedPayloadHashesAreNotBelieved(t *testing.T) {
	t.Parallel()
	for _, stated := range []string{"UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "STREAMING-UNSIGNED-PAYLOAD-TRAILER", bodyHash("other")} {
		for _, sign := range []func(testing.TB, *http.Request, string, string) sigv4.Request{sdkSigned, sdkPresigned} {
			hr := toSign(t, "", "{}")
			hr.Header.Set("X-Amz-Content-Sha256", stated)
			r := sign(t, hr, "{}", "")
			wantError(t, verify(r, options(signedAt), sigv4.Key{Secret: secret}), wrong)
		}
	}
	hr := toSign(t, "", "{}")
	hr.Header.Set("X-Amz-Content-Sha256", bodyHash("{}"))
	if err := verify(sdkSigned(t, hr, "{}", ""), options(signedAt), sigv4.Key{Secret: secret}); err != nil {
		t.Errorf("the right hash: %v", err)
	}
}

func TestS133WindowOfFiveMinutes(t *testing.T) {
	t.Parallel()
	const mid = "20260301T235830Z"
	tests := []struct {
		now  time.Time
		skew time.Duration
		want string // empty: accepted
	}{
		{signedAt.Add(5 * time.Minute), 5 * time.Minute, ""},
		{signedAt.Add(5*time.Minute + 999*time.Millisecond), 5 * time.Minute, ""},
		{signedAt.Add(-5 * time.Minute), 5 * time.Minute, ""},
		{signedAt.Add(5*time.Minute + time.Second), 5 * time.Minute, "InvalidSignatureException: Signature expired: " + mid + " is now earlier than 20260301T235831Z (20260302T000331Z - 5 min.)"},
		{signedAt.Add(-5*time.Minute - time.Second), 5 * time.Minute, "InvalidSignatureException: Signature not yet current: " + mid + " is still later than 20260301T235829Z (20260301T235329Z + 5 min.)"},
		{signedAt.Add(14 * time.Minute), 15 * time.Minute, ""},
		{signedAt.Add(15*time.Minute + time.Second), 15 * time.Minute, "InvalidSignatureException: Signature expired: " + mid + " is now earlier than 20260301T235831Z (20260302T001331Z - 15 min.)"},
		{signedAt.AddDate(900, 0, 0), 5 * time.Minute, "InvalidSignatureException: Signature expired: …"},
	}
	for _, tt := range tests {
		for _, sign := range []func(testing.TB, *http.Request, string, string) sigv4.Request{sdkSigned, sdkPresigned} {
			r := sign(t, toSign(t, "", "{}"), "{}", "")
			err := verify(r, sigv4.Options{Service: service, Now: tt.now, Skew: tt.skew}, sigv4.Key{Secret: secret})
			if tt.want == "" {
				if err != nil {
					t.Errorf("at %v: %v", tt.now, err)
				}
				continue
			}
			wantError(t, err, tt.want)
		}
	}
}

func TestPresignedLifetimeShortensTheWindow(t *testing.T) {
	t.Parallel()
	r := sdkPresigned(t, toSign(t, "?X-Amz-Expires=60", "{}"), "{}", "")
	if err := verify(r, options(signedAt.Add(time.Minute)), sigv4.Key{Secret: secret}); err != nil {
		t.Errorf("at its end: %v", err)
	}
	wantError(t, verify(r, options(signedAt.Add(61*time.Second)), sigv4.Key{Secret: secret}),
		"InvalidSignatureException: Signature expired: 20260301T235830Z is now earlier than 20260301T235831Z (20260301T235931Z - 60 sec.)")

	long := sdkPresigned(t, toSign(t, "?X-Amz-Expires=86400", "{}"), "{}", "")
	wantError(t, verify(long, options(signedAt.Add(6*time.Minute)), sigv4.Key{Secret: secret}),
		"InvalidSignatureException: Signature expired: 20260301T235830Z is now earlier than 20260301T235930Z (20260302T000430Z - 5 min.)")
}

func TestTemporaryCredentials(t *testing.T) {
	t.Parallel()
	key := sigv4.Key{Secret: secret, SessionToken: "the token", Expires: signedAt.Add(time.Minute)}
	r := sdkSigned(t, toSign(t, "", "{}"), "{}", "the token")
	if err := verify(r, options(signedAt), key); err != nil {
		t.Errorf("before their end: %v", err)
	}
	wantError(t, verify(r, options(signedAt.Add(time.Minute)), key), "ExpiredTokenException: The security token included in the request is expired")
	wantError(t, verify(sdkSigned(t, toSign(t, "", "{}"), "{}", "other token"), options(signedAt), key), unknown)
	wantError(t, verify(sdkSigned(t, toSign(t, "", "{}"), "{}", ""), options(signedAt), key), unknown)
	wantError(t, verify(r, options(signedAt), sigv4.Key{Secret: secret}), unknown)
}

func TestDateHeaderTakesThePlaceOfXAmzDate(t *testing.T) {
	t.Parallel()
	r := sdkSigned(t, toSign(t, "", "{}"), "{}", "")
	r.Header.Set("Date", r.Header.Get("X-Amz-Date"))
	r.Header.Del("X-Amz-Date")
	wantError(t, verify(r, options(signedAt), sigv4.Key{Secret: secret}),
		"InvalidSignatureException: 'Date' must be a 'SignedHeader' in the AWS Authorization.")
}

// An unknown key takes the same steps as a wrong signature.
func TestS135UnknownKeyCostsAsMuchAsAWrongSignature(t *testing.T) {
	r := sdkSigned(t, toSign(t, "", "{}"), "{}", "")
	claim, err := sigv4.Parse(r, options(signedAt))
	if err != nil {
		t.Fatal(err)
	}
	known := testing.AllocsPerRun(100, func() { _ = claim.Verify(sigv4.Key{Secret: "wrong" + secret}, true, signedAt) })
	unknown := testing.AllocsPerRun(100, func() { _ = claim.Verify(sigv4.Key{}, false, signedAt) })
	if diff := known - unknown; diff > 1 || diff < -1 {
		t.Errorf("allocations: wrong signature %v, unknown key %v", known, unknown)
	}
}

func TestMessagesHoldNoSignature(t *testing.T) {
	t.Parallel()
	r := sdkSigned(t, toSign(t, "", "{}"), "{}", "")
	_, signature, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	for _, c := range []change{edit("Credential=", "X="), edit("SignedHeaders=", "SignedHeaders "), edit("/eu-west-1/", "//"), edit("host;", "")} {
		broken := r
		broken.Header = r.Header.Clone()
		c(&broken)
		if err := verify(broken, options(signedAt), sigv4.Key{Secret: secret}); err == nil || strings.Contains(err.Error(), signature) {
			t.Errorf("error = %v", err)
		}
	}
}
