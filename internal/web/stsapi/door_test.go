package stsapi

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/api/sts"
	"cognate/internal/cognito/access"
	"cognate/internal/protocol/sigv4"
	"cognate/internal/web/awsapi"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// service answers what a test tells it to, and remembers what it was asked.
type service struct {
	sts.Unimplemented
	asked  any
	caller *access.Principal
	origin access.Origin
	err    error
}

func (s *service) AssumeRole(ctx context.Context, in *sts.AssumeRoleRequest) (*sts.AssumeRoleResponse, error) {
	s.asked, s.caller, s.origin = in, access.CallerFrom(ctx), access.OriginFrom(ctx)
	if s.err != nil {
		return nil, s.err
	}
	return &sts.AssumeRoleResponse{
		Credentials: &sts.Credentials{
			AccessKeyId: "ASIA1", SecretAccessKey: "s<e&c", SessionToken: "t", Expiration: api.TimeOf(at.Add(time.Hour)),
		},
		AssumedRoleUser:  &sts.AssumedRoleUser{AssumedRoleId: "AROA1:ana", Arn: "arn:aws:sts::123456789012:assumed-role/r/ana"},
		PackedPolicySize: new(int32(0)),
	}, nil
}

func (s *service) AssumeRoleWithWebIdentity(_ context.Context, in *sts.AssumeRoleWithWebIdentityRequest) (*sts.AssumeRoleWithWebIdentityResponse, error) {
	s.asked = in
	return &sts.AssumeRoleWithWebIdentityResponse{}, s.err
}

func (s *service) GetCallerIdentity(context.Context, *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	if s.err != nil {
		panic(s.err)
	}
	return nil, nil
}

// callers knows one caller, or refuses.
type callers struct{ err error }

func (c callers) Authenticate(_ context.Context, signed sigv4.Request, o sigv4.Options) (*access.Principal, string, error) {
	if c.err != nil {
		return nil, "", c.err
	}
	if o.Service != "sts" || o.Skew != 15*time.Minute || !strings.HasPrefix(signed.Path, "/") {
		return nil, "", errors.New("asked otherwise than STS signs")
	}
	return &access.Principal{ARN: "arn:aws:iam::123456789012:user/ana", AccessKeyID: "AKIA1"}, "eu-west-1", nil
}

func newHandler(t testing.TB, s sts.Service, c Callers) *Handler {
	t.Helper()
	h, err := New(Config{Service: s, Callers: c, Region: "us-east-1", Now: func() time.Time { return at }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func post(t testing.TB, h http.Handler, form string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return do(h, r)
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	r.RemoteAddr = "127.0.0.1:999"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

type errorDocument struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ ErrorResponse"`
	Type      string   `xml:"Error>Type"`
	Code      string   `xml:"Error>Code"`
	Message   string   `xml:"Error>Message"`
	RequestID string   `xml:"RequestId"`
}

func wantRefusal(t *testing.T, w *httptest.ResponseRecorder, status int, code, message string) {
	t.Helper()
	var got errorDocument
	if err := xml.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	kind := "Sender"
	if status >= 500 {
		kind = "Receiver"
	}
	if w.Code != status || got.Code != code || got.Type != kind || got.RequestID == "" || message != "*" && got.Message != message {
		t.Errorf("%d %+v, want %d %s: %s", w.Code, got, status, code, message)
	}
}

const good = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName=ana"

func TestAFormBecomesTheInputOfItsOperation(t *testing.T) {
	t.Parallel()
	s := &service{}
	h := newHandler(t, s, callers{})
	w := post(t, h, good+"&DurationSeconds=900&Policy=%7B%7D+x&PolicyArns.member.1.arn=arn%3Aaws%3Aiam%3A%3Aaws%3Apolicy%2Fa"+
		"&Tags.member.2.Key=b&Tags.member.2.Value=&Tags.member.1.Key=a&Tags.member.1.Value=%C3%A9&TransitiveTagKeys.member.1=a&Unknown=1")
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	want := &sts.AssumeRoleRequest{
		RoleArn: "arn:aws:iam::123456789012:role/r", RoleSessionName: "ana", DurationSeconds: new(int32(900)), Policy: "{} x",
		PolicyArns:        []sts.PolicyDescriptorType{{Arn: "arn:aws:iam::aws:policy/a"}},
		Tags:              []sts.Tag{{Key: "a", Value: "é"}, {Key: "b", Value: ""}},
		TransitiveTagKeys: []string{"a"},
	}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Error(diff)
	}
	if s.caller == nil || s.caller.AccessKeyID != "AKIA1" || s.origin.Region != "eu-west-1" || !s.origin.IP.IsLoopback() {
		t.Errorf("called by %+v from %+v", s.caller, s.origin)
	}
}

// The document is compared as text: its form is the contract (identity-pools.md D1).
func TestAnswersAreWrittenAsTheServiceWritesThem(t *testing.T) {
	t.Parallel()
	w := post(t, newHandler(t, &service{}, callers{}), good)
	id := w.Header()["x-amzn-RequestId"][0] //nolint:staticcheck // the service's own capitals
	want := `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>` +
		`<Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s&lt;e&amp;c</SecretAccessKey><SessionToken>t</SessionToken>` +
		`<Expiration>2026-03-01T13:00:00Z</Expiration></Credentials>` +
		`<AssumedRoleUser><AssumedRoleId>AROA1:ana</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/ana</Arn></AssumedRoleUser>` +
		`<PackedPolicySize>0</PackedPolicySize></AssumeRoleResult>` +
		`<ResponseMetadata><RequestId>` + id + `</RequestId></ResponseMetadata></AssumeRoleResponse>`
	if got := strings.ReplaceAll(w.Body.String(), "\n", ""); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := w.Header().Get("Content-Type"); got != "text/xml" {
		t.Errorf("content type %s", got)
	}
	if got := w.Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("cache control %s", got)
	}
}

func TestRequestsInTheAddressAreServedToo(t *testing.T) {
	t.Parallel()
	s := &service{}
	h := newHandler(t, s, callers{})
	w := do(h, httptest.NewRequest(http.MethodGet, "/?"+good+"&X-Amz-Signature=1&X-Amz-Credential=2", nil))
	if w.Code != http.StatusOK || s.asked.(*sts.AssumeRoleRequest).RoleSessionName != "ana" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestPublicOperationsAskForNoSignature(t *testing.T) {
	t.Parallel()
	s := &service{}
	h := newHandler(t, s, callers{err: errors.New("nobody may be asked")})
	w := post(t, h, strings.Replace(good, "AssumeRole&", "AssumeRoleWithWebIdentity&", 1)+"&WebIdentityToken=abcd")
	if w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFormsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &service{}, callers{})
	var many strings.Builder
	for range mostParameters + 1 {
		many.WriteString("a=b&")
	}
	for name, c := range map[string]struct {
		form    string
		status  int
		code    string
		message string
	}{
		"nothing":         {"", 400, "MissingAction", "The request is missing an action or a required parameter."},
		"no action":       {"Version=2011-06-15", 400, "MissingAction", "*"},
		"unknown action":  {"Action=Nap&Version=2011-06-15", 400, "InvalidAction", "Could not find operation Nap for version 2011-06-15"},
		"not built":       {"Action=GetFederationToken&Version=2011-06-15&Name=ana", 400, "InvalidAction", "Could not find operation GetFederationToken for version 2011-06-15"},
		"no version":      {strings.Replace(good, "&Version=2011-06-15", "", 1), 400, "InvalidAction", "Could not find operation AssumeRole for version "},
		"other version":   {strings.Replace(good, "2011-06-15", "2010-01-01", 1), 400, "InvalidAction", "Could not find operation AssumeRole for version 2010-01-01"},
		"twice":           {good + "&RoleSessionName=ben", 400, "MalformedQueryString", "*"},
		"action twice":    {good + "&Action=GetCallerIdentity", 400, "MalformedQueryString", "*"},
		"percent":         {good + "&Policy=%zz", 400, "MalformedQueryString", "*"},
		"percent in name": {good + "&%zz=1", 400, "MalformedQueryString", "*"},
		"not UTF-8":       {good + "&Policy=%ff", 400, "MalformedQueryString", "*"},
		"many":            {good + "&" + many.String(), 400, "MalformedQueryString", "*"},
		"deep":            {good + "&a.b.c.d.e.f.g=1", 400, "MalformedQueryString", "*"},
		"no number":       {good + "&DurationSeconds=soon", 400, "MalformedInput", "*"},
		"large number":    {good + "&DurationSeconds=3000000000", 400, "MalformedInput", "*"},
		"huge number":     {good + "&DurationSeconds=99999999999999999999", 400, "MalformedInput", "*"},
		"list as value":   {good + "&Tags=x", 400, "MalformedInput", "*"},
		"no such element": {good + "&Tags.member.0.Key=x", 400, "MalformedInput", "*"},
		"element name":    {good + "&Tags.member.x.Key=x", 400, "MalformedInput", "*"},
		"element number":  {good + "&Tags.member.1001.Key=x&Tags.member.1001.Value=y", 400, "MalformedInput", "*"},
		"value as list":   {good + "&Policy.member.1=x", 400, "MalformedInput", "*"},
		"value and parts": {good + "&Policy=1&Policy.a=x", 400, "MalformedInput", "*"},
		"structure":       {good + "&PolicyArns.member.1=x", 400, "MalformedInput", "*"},
		"other part":      {good + "&Tags.entry.1.Key=x", 400, "MalformedInput", "*"},
		"missing": {
			"Action=AssumeRole&Version=2011-06-15&RoleSessionName=ana", 400, "ValidationError",
			"1 validation error detected: Value null at 'roleArn' failed to satisfy constraint: Member must not be null",
		},
		"short": {
			good + "&ExternalId=x", 400, "ValidationError",
			"1 validation error detected: Value 'x' at 'externalId' failed to satisfy constraint: Member must have length greater than or equal to 2",
		},
		"low": {
			good + "&DurationSeconds=899", 400, "ValidationError",
			"1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
		},
		"zero byte": {good + "&ExternalId=ab%00", 400, "ValidationError", "*"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantRefusal(t, post(t, h, c.form), c.status, c.code, c.message)
		})
	}
}

// The pattern of ARNs is written with \u in the model.
func TestARNsMayHaveEveryCharacterOfTheirPattern(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &service{}, callers{})
	form := func(arn string) string {
		return "Action=AssumeRole&Version=2011-06-15&RoleSessionName=ana&RoleArn=" + url.QueryEscape(arn)
	}
	if w := post(t, h, form("arn:aws:iam::1:role/\u0085é\uE000\U00010000\U0010FFFF")); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantRefusal(t, post(t, h, form("arn:aws:iam::123456:role/\u0001")), 400, "ValidationError", "*")
	wantRefusal(t, post(t, h, form("arn:aws:iam::123456:role/\uFFFE")), 400, "ValidationError", "*")
}

func TestSecretsAreNotRepeatedInRefusals(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &service{}, callers{})
	w := post(t, h, strings.Replace(good, "AssumeRole&", "AssumeRoleWithWebIdentity&", 1)+"&WebIdentityToken="+strings.Repeat("secret", 4000))
	wantRefusal(t, w, 400, "ValidationError", "1 validation error detected: Value at 'webIdentityToken' failed to satisfy constraint: "+
		"Member must have length less than or equal to 20000")
}

func TestSignaturesFailInTheWordsOfSTS(t *testing.T) {
	t.Parallel()
	for kind, code := range map[sigv4.Kind]string{
		sigv4.Missing: "MissingAuthenticationToken", sigv4.Incomplete: "IncompleteSignature", sigv4.Unrecognized: "InvalidClientTokenId",
		sigv4.Expired: "ExpiredToken", sigv4.Invalid: "SignatureDoesNotMatch",
	} {
		h := newHandler(t, &service{}, callers{err: &sigv4.Error{Kind: kind, Message: "words"}})
		wantRefusal(t, post(t, h, good), 403, code, "words")
	}
	h := newHandler(t, &service{}, callers{err: errors.New("the database is gone")})
	wantRefusal(t, post(t, h, good), 500, "InternalFailure", "Something went wrong")
}

func TestErrorsOfTheService(t *testing.T) {
	t.Parallel()
	s := &service{err: api.AccessDeniedException("User: <ana>")}
	h := newHandler(t, s, callers{})
	wantRefusal(t, post(t, h, good), 403, "AccessDenied", "User: <ana>")
	s.err = sts.IDPRejectedClaimException("no")
	wantRefusal(t, post(t, h, good), 403, "IDPRejectedClaim", "no")
	s.err = io.ErrUnexpectedEOF
	wantRefusal(t, post(t, h, good), 500, "InternalFailure", "Something went wrong")
}

func TestS197APanicIsOneFailedRequest(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &service{err: errors.New("broken")}, callers{})
	panics := 0
	h.Observe = func(o awsapi.Observation) {
		if o.Panicked {
			panics++
		}
	}
	wantRefusal(t, post(t, h, "Action=GetCallerIdentity&Version=2011-06-15"), 500, "InternalFailure", "Something went wrong")
	if panics != 1 {
		t.Errorf("%d panics", panics)
	}
}

func TestS133SignedRequestsOverPlainHTTPFromElsewhereAreRefused(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &service{}, callers{})
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(good))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = "192.0.2.7:999"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	wantRefusal(t, w, 403, "AccessDenied", "*")
}

// Where any credentials are accepted, pages of other sites may call only what needs no
// signature.
func TestS191PagesOfOtherSitesAreRefusedInDev(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &service{}, callers{})
	h.AcceptAnyCredentials = true
	call := func(action, origin string) *httptest.ResponseRecorder {
		t.Helper()
		form := strings.Replace(good, "AssumeRole&", action+"&", 1) + "&WebIdentityToken=abcd"
		r := httptest.NewRequest(http.MethodGet, "/?"+form, nil)
		r.Header.Set("Origin", origin)
		return do(h, r)
	}
	wantRefusal(t, call("AssumeRole", "https://evil.example"), 403, "AccessDenied", "*")
	for _, w := range []*httptest.ResponseRecorder{
		call("AssumeRoleWithWebIdentity", "https://evil.example"), call("AssumeRole", "http://localhost:3000"),
	} {
		if w.Code != http.StatusOK || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%d %s %v", w.Code, w.Body, w.Header())
		}
	}
}

func TestS170LargeFormsAreRefused(t *testing.T) {
	t.Parallel()
	h := newHandler(t, &service{}, callers{})
	wantRefusal(t, post(t, h, good+"&Policy="+strings.Repeat("x", bodyLimit)), 413, "RequestEntityTooLarge", "*")
}

func TestIsQuery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		method, target, kind, header string
		want                         bool
	}{
		{"POST", "/", "application/x-www-form-urlencoded", "", true},
		{"POST", "/", "application/x-www-form-urlencoded; charset=utf-8", "", true},
		{"POST", "/", "application/x-www-form-urlencoded", "AWSCognitoIdentityProviderService.SignUp", false},
		{"POST", "/", "application/x-amz-json-1.1", "", false},
		{"POST", "/?Action=GetCallerIdentity", "", "", true},
		{"GET", "/?Version=1&Action=GetCallerIdentity", "", "", true},
		{"GET", "/?Reaction=1", "", "", false},
		{"GET", "/", "", "", false},
	} {
		r := httptest.NewRequest(c.method, c.target, nil)
		if c.kind != "" {
			r.Header.Set("Content-Type", c.kind)
		}
		if c.header != "" {
			r.Header.Set("X-Amz-Target", c.header)
		}
		if got := IsQuery(r); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// Whatever a form holds, it is answered by a document, and never by a failure of the
// server.
func FuzzForm(f *testing.F) {
	for _, form := range []string{
		good, good + "&Tags.member.1.Key=a&Tags.member.1.Value=b", good + "&PolicyArns=", "Action=GetCallerIdentity&Version=2011-06-15",
		"Action=AssumeRoleWithWebIdentity&Version=2011-06-15", "&&=&.=.&%2e=1", good + "&Tags.member.1=&Tags.member.1.=", "Action=AssumeRole&Version=2011-06-15&RoleArn.x=1",
	} {
		f.Add(form)
	}
	h := newHandler(f, &service{}, callers{})
	f.Fuzz(func(t *testing.T, form string) {
		w := post(t, h, form)
		if w.Code >= 500 {
			t.Fatalf("%d %s to %q", w.Code, w.Body, form)
		}
		d := xml.NewDecoder(w.Body)
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("%v: %s", err, w.Body)
			}
		}
	})
}
