package security_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cognate/internal/api"
	"cognate/internal/servertest"
)

// signing is how a request is signed and what is done to it afterwards.
type signing struct {
	id, secret, token, service, region string
	at                                 time.Duration // from the server's time
	hash                               string        // stated instead of the body's
	before, after                      func(*http.Request)
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

// send calls an operation with a signature of that kind.
func (g signing) send(t *testing.T, s *servertest.Server, operation, body string) servertest.Answer {
	t.Helper()
	return g.sendAs(t, s, operation, body, body)
}

// sendAs signs one body and sends another.
func (g signing) sendAs(t *testing.T, s *servertest.Server, operation, signed, sent string) servertest.Answer {
	t.Helper()
	r := s.NewRequest(t, operation, sent)
	if g.before != nil {
		g.before(r)
	}
	or := func(value, usual string) string {
		if value == "" {
			return usual
		}
		return value
	}
	credentials := aws.Credentials{
		AccessKeyID: or(g.id, servertest.RootAccessKeyID), SecretAccessKey: or(g.secret, servertest.RootSecretAccessKey), SessionToken: g.token,
	}
	err := v4.NewSigner().SignHTTP(context.Background(), credentials, r, or(g.hash, digest(signed)),
		or(g.service, "cognito-idp"), or(g.region, s.Region), s.Now().Add(g.at))
	if err != nil {
		t.Fatal(err)
	}
	if g.after != nil {
		g.after(r)
	}
	return s.Do(t, r)
}

func header(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func authorization(from, to string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
	}
}

const (
	missing    = "MissingAuthenticationTokenException"
	incomplete = "IncompleteSignatureException"
	unknownKey = "UnrecognizedClientException"
	mismatch   = "InvalidSignatureException"
)

// Every attempt tries to delete a pool. None may succeed.
func TestS130BrokenSignaturesDeleteNothing(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	body := encode(t, doc{"UserPoolId": pool})
	for name, c := range map[string]struct {
		signing
		want string
	}{
		"no signature":            {signing{after: func(r *http.Request) { r.Header.Del("Authorization") }}, missing},
		"empty":                   {signing{after: header("Authorization", "")}, missing},
		"basic":                   {signing{after: header("Authorization", "Basic cm9vdDpyb290")}, incomplete},
		"bearer":                  {signing{after: header("Authorization", "Bearer token")}, incomplete},
		"algorithm none":          {signing{after: authorization("AWS4-HMAC-SHA256", "AWS4-NONE")}, incomplete},
		"asymmetric":              {signing{after: authorization("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")}, incomplete},
		"no credential":           {signing{after: authorization("Credential=", "C=")}, incomplete},
		"no signature value":      {signing{after: authorization("Signature=", "S=")}, incomplete},
		"empty signature value":   {signing{after: func(r *http.Request) { cut(r, "") }}, incomplete},
		"zero signature":          {signing{after: func(r *http.Request) { cut(r, strings.Repeat("0", 64)) }}, mismatch},
		"no date":                 {signing{after: func(r *http.Request) { r.Header.Del("X-Amz-Date") }}, incomplete},
		"wrong secret":            {signing{secret: "wrong"}, mismatch},
		"secret with a space":     {signing{secret: servertest.RootSecretAccessKey + " "}, mismatch},
		"unknown key":             {signing{id: "AKIANOBODY"}, unknownKey},
		"key id in small letters": {signing{id: strings.ToLower(servertest.RootAccessKeyID)}, unknownKey},
		"keys of dev":             {signing{id: "cognate", secret: "cognate-dev"}, unknownKey},
		"keys of local stacks":    {signing{id: "test", secret: "test"}, unknownKey},
		"session token":           {signing{token: "token"}, unknownKey},
		"other service":           {signing{service: "cognito-identity"}, mismatch},
		"s3":                      {signing{service: "s3"}, mismatch},
		"no region":               {signing{region: "nowhere"}, mismatch},
		"region replaced":         {signing{after: authorization("/us-east-1/", "/eu-west-1/")}, mismatch},
		"service replaced":        {signing{after: authorization("/cognito-idp/", "/sts/")}, mismatch},
		"terminator replaced":     {signing{after: authorization("aws4_request", "aws3_request")}, mismatch},
		"two headers":             {signing{after: func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) }}, mismatch},
		"header and query":        {signing{after: func(r *http.Request) { r.URL.RawQuery = "X-Amz-Algorithm=AWS4-HMAC-SHA256" }}, mismatch},
	} {
		if answer := c.send(t, s, "DeleteUserPool", body); answer.Status != 400 || answer.ErrorType() != c.want {
			t.Errorf("%s: %d %s, want %s", name, answer.Status, answer.Body, c.want)
		}
	}
	do(t, s, "DescribeUserPool", doc{"UserPoolId": pool})
}

func cut(r *http.Request, signature string) {
	before, _, _ := strings.Cut(r.Header.Get("Authorization"), "Signature=")
	r.Header.Set("Authorization", before+"Signature="+signature)
}

// No operation that must be signed runs without a signature; the list of those
// that need none is the model's.
func TestS130NothingButPublicOperationsRunsUnsigned(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, o := range api.Operations {
		answer := s.Do(t, s.NewRequest(t, name, "{}"))
		if isMissing := answer.ErrorType() == missing; isMissing != (o.Access == api.Signed) {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
}

// A signature for a harmless call is turned into another one by headers that
// it does not cover.
func TestS131UnsignedHeadersChangeNoMeaning(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	body := encode(t, doc{"UserPoolId": pool})
	deletion := api.TargetPrefix + ".DeleteUserPool"
	for name, g := range map[string]signing{
		"target replaced":      {after: header("X-Amz-Target", deletion)},
		"second target":        {after: func(r *http.Request) { r.Header.Add("X-Amz-Target", deletion) }},
		"target first":         {after: header("X-Amz-Target", deletion, api.TargetPrefix+".DescribeUserPool")},
		"target in the query":  {after: func(r *http.Request) { r.URL.RawQuery = "X-Amz-Target=" + deletion }},
		"target not covered":   {before: func(r *http.Request) { r.Header.Del("X-Amz-Target") }, after: header("X-Amz-Target", deletion)},
		"date replaced":        {after: header("X-Amz-Date", s.Now().UTC().Add(time.Second).Format("20060102T150405Z"))},
		"token added":          {after: header("X-Amz-Security-Token", "token")},
		"x-amz header added":   {after: header("X-Amz-Anything", "1")},
		"host replaced":        {after: func(r *http.Request) { r.Host = "localhost:1" }},
		"content type changed": {after: header("Content-Type", "application/json")},
		"query added":          {after: func(r *http.Request) { r.URL.RawQuery = "a=b" }},
	} {
		answer := g.send(t, s, "DescribeUserPool", body)
		if answer.Status == 200 {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
	for _, added := range []string{"X-Amz-Cf-Id", "X-Amzn-Trace-Id", "X-Forwarded-For"} {
		if answer := (signing{after: header(added, "1")}).send(t, s, "DescribeUserPool", body); answer.Status != 200 {
			t.Errorf("%s, which is added on the way: %d %s", added, answer.Status, answer.Body)
		}
	}
}

func TestS132TheBodyIsPartOfTheSignature(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	mine, other := s.CreatePool(t, nil), s.CreatePool(t, nil)
	signed, sent := encode(t, doc{"UserPoolId": mine}), encode(t, doc{"UserPoolId": other})
	for name, g := range map[string]signing{
		"as it is":           {},
		"unsigned payload":   {hash: "UNSIGNED-PAYLOAD", before: header("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")},
		"streaming":          {hash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", before: header("X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")},
		"streaming, trailer": {hash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER", before: header("X-Amz-Content-Sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")},
		"hash as signed":     {before: header("X-Amz-Content-Sha256", digest(signed))},
		"hash of the sent":   {before: header("X-Amz-Content-Sha256", digest(signed)), after: header("X-Amz-Content-Sha256", digest(sent))},
		"chunked":            {after: func(r *http.Request) { r.ContentLength = -1 }},
	} {
		if answer := g.sendAs(t, s, "DeleteUserPool", signed, sent); answer.ErrorType() != mismatch {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
	do(t, s, "DescribeUserPool", doc{"UserPoolId": other})
}

func TestS133SignaturesLiveFiveMinutes(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for offset, ok := range map[time.Duration]bool{
		0: true, 4*time.Minute + 50*time.Second: true, -4*time.Minute - 50*time.Second: true,
		5*time.Minute + 10*time.Second: false, -5*time.Minute - 10*time.Second: false,
		24 * time.Hour: false, -365 * 24 * time.Hour: false, 290 * 365 * 24 * time.Hour: false,
	} {
		answer := signing{at: offset}.send(t, s, "ListUserPools", `{"MaxResults":1}`)
		if got := answer.Status == 200; got != ok || !ok && answer.ErrorType() != mismatch {
			t.Errorf("signed %v from now: %d %s", offset, answer.Status, answer.Body)
		}
	}
}

// Inside the window a repeat is accepted, as by the service: its SDKs send a
// request again as it is when the connection breaks.
func TestS133ARepeatWithinTheWindowIsAccepted(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	const body = `{"MaxResults":1}`
	r := s.NewRequest(t, "ListUserPools", body)
	s.Sign(t, r, body)
	repeat := func() servertest.Answer {
		again := s.NewRequest(t, "ListUserPools", body)
		again.Header = r.Header.Clone()
		return s.Do(t, again)
	}
	for range 2 {
		if answer := repeat(); answer.Status != 200 {
			t.Fatalf("%d %s", answer.Status, answer.Body)
		}
	}
	s.Advance(5*time.Minute + 2*time.Second)
	if answer := repeat(); answer.ErrorType() != mismatch || !strings.HasPrefix(answer.Message(), "Signature expired: ") {
		t.Errorf("after five minutes: %d %s", answer.Status, answer.Body)
	}
}

// What signers write differently and what the way changes: each is signed by the
// SDK and arrives in another form.
func TestS134CanonicalForms(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, c := range map[string]struct {
		body string
		signing
	}{
		"utf-8 body":             {`{"MaxResults":1,"Ü":"名 "}`, signing{}},
		"spaces in a header":     {`{"MaxResults":1}`, signing{before: header("X-Amz-User-Agent", "  a   b  c ")}},
		"empty header":           {`{"MaxResults":1}`, signing{before: header("X-Amz-User-Agent", "")}},
		"header twice":           {`{"MaxResults":1}`, signing{before: header("X-Amz-User-Agent", "b", "a")}},
		"query":                  {`{"MaxResults":1}`, signing{before: func(r *http.Request) { r.URL.RawQuery = "b=2&a=1&a=0&c" }}},
		"query with encodings":   {`{"MaxResults":1}`, signing{before: func(r *http.Request) { r.URL.RawQuery = "a=%20%2F~%C3%BC&b=x%2By" }}},
		"long body":              {`{"MaxResults":1,"X":"` + strings.Repeat("x", 1<<19) + `"}`, signing{}},
		"header name in capital": {`{"MaxResults":1}`, signing{before: func(r *http.Request) { r.Header["X-AMZ-USER-AGENT"] = []string{"a"} }}},
	} {
		if answer := c.send(t, s, "ListUserPools", c.body); answer.Status != 200 {
			t.Errorf("%s: %d %.300s", name, answer.Status, answer.Body)
		}
	}
}

// Whether a key exists shows in the exception, as at AWS; nothing else about
// the two answers differs but their wording.
func TestS135AnUnknownKeyAndAWrongSecretLookAlike(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	wrong := signing{secret: "wrong"}.send(t, s, "ListUserPools", `{"MaxResults":1}`)
	unknown := signing{id: "AKIANOBODY"}.send(t, s, "ListUserPools", `{"MaxResults":1}`)
	for name := range wrong.Header {
		if _, ok := unknown.Header[name]; !ok {
			t.Errorf("only a wrong secret is answered with %s", name)
		}
	}
	if wrong.Status != unknown.Status || len(wrong.Header) != len(unknown.Header) {
		t.Errorf("%d %v and %d %v", wrong.Status, wrong.Header, unknown.Status, unknown.Header)
	}
	for _, answer := range []servertest.Answer{wrong, unknown} {
		if strings.Contains(answer.Body, servertest.RootSecretAccessKey) || strings.Contains(answer.Body, digest(`{"MaxResults":1}`)) {
			t.Errorf("the answer helps to find the signature: %s", answer.Body)
		}
	}
}
