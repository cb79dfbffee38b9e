package awsapi_test

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/web/awsapi"
)

var uuidV4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// spec/errors.md §2: what is no call of an operation.
func TestUnknownOperations(t *testing.T) {
	t.Parallel()
	set := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"no target", func(r *http.Request) { r.Header.Del("X-Amz-Target") }, 400},
		{"empty target", set("X-Amz-Target", ""), 400},
		{"target without service", set("X-Amz-Target", "ListUserPools"), 400},
		{"target of another service", set("X-Amz-Target", "AWSCognitoIdentityService.ListUserPools"), 400},
		{"target in other capitals", set("X-Amz-Target", "AWSCognitoIdentityProviderService.listUserPools"), 400},
		{"unknown operation", set("X-Amz-Target", "AWSCognitoIdentityProviderService.DoEverything"), 400},
		{"two targets", set("X-Amz-Target", "AWSCognitoIdentityProviderService.GetUser", "AWSCognitoIdentityProviderService.SignUp"), 400},
		{"form", set("Content-Type", "application/x-www-form-urlencoded"), 400},
		{"text", set("Content-Type", "text/plain;charset=UTF-8"), 400},
		{"XML", set("Content-Type", "text/xml"), 400},
		{"no media type", set("Content-Type", ";;"), 400},
		{"two content types", set("Content-Type", "application/json", "application/json"), 400},
		{"GET", func(r *http.Request) { r.Method = http.MethodGet }, 404},
		{"PUT", func(r *http.Request) { r.Method = http.MethodPut }, 404},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := request(t, "GetUser", `{"AccessToken":"a"}`)
			tt.change(r)
			wantException(t, open(t).call(r), tt.status, "UnknownOperationException", "")
		})
	}
}

func TestContentTypesThatAreTaken(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"application/x-amz-json-1.1", "application/x-amz-json-1.1; charset=utf-8", "application/x-amz-json-1.1;charset=UTF-8",
		"Application/X-Amz-Json-1.1", "application/x-amz-json-1.0", "application/json", "",
	} {
		r := request(t, "GlobalSignOut", `{"AccessToken":"a"}`)
		r.Header.Set("Content-Type", value)
		if value == "" {
			r.Header.Del("Content-Type")
		}
		if w := open(t).call(r); w.Code != http.StatusOK || w.Body.String() != "{}" {
			t.Errorf("%q: %d %s", value, w.Code, w.Body)
		}
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	d := open(t, dev)
	w := d.call(request(t, "ListUserPools", `{"MaxResults":1}`))
	want := `{"UserPools":[{"CreationDate":1.594889658976E9,"Id":"eu-west-1_abc","LastModifiedDate":1.594889658976E9,"Name":"a <b> & c"}]}`
	if got := w.Body.String(); got != want {
		t.Errorf("body %s\nwant %s", got, want)
	}
	raw := w.Result().Header
	if id := first(raw, "x-amzn-RequestId"); !uuidV4.MatchString(id) {
		t.Errorf("x-amzn-RequestId = %q", id)
	}
	for name := range raw {
		if strings.HasPrefix(strings.ToLower(name), "x-amzn-error") {
			t.Errorf("a success has the header %s", name)
		}
	}
	if first(raw, "Content-Type") != "application/x-amz-json-1.1" {
		t.Errorf("Content-Type = %q", raw["Content-Type"])
	}

	w = d.call(request(t, "DeleteUserPool", `{"UserPoolId":"eu-west-1_abc"}`))
	if w.Code != http.StatusOK || w.Body.Len() != 0 || first(w.Result().Header, "Content-Length") != "0" {
		t.Errorf("operation without output: %d %q %v", w.Code, w.Body, w.Result().Header)
	}
	w = d.call(request(t, "GlobalSignOut", `{"AccessToken":"a"}`))
	if w.Code != http.StatusOK || w.Body.String() != "{}" {
		t.Errorf("output without members: %d %q", w.Code, w.Body)
	}
	w = d.call(request(t, "AdminLinkProviderForUser", `{"UserPoolId":"a_b","DestinationUser":{},"SourceUser":{}}`))
	wantException(t, w, 400, "OperationNotEnabledException", "AdminLinkProviderForUser is not enabled.")
}

func signIn(user string) string {
	return `{"AuthFlow":"USER_PASSWORD_AUTH","ClientId":"client1","AuthParameters":{"USERNAME":"` + user + `","PASSWORD":"hunter2hunter2"}}`
}

func TestExceptions(t *testing.T) {
	t.Parallel()
	d := open(t)
	w := d.call(request(t, "InitiateAuth", signIn("ana")))
	if got, want := w.Body.String(), `{"__type":"NotAuthorizedException","message":"Incorrect username or password."}`; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if got := first(w.Result().Header, "x-amzn-ErrorMessage"); got != "Incorrect username or password." {
		t.Errorf("x-amzn-ErrorMessage = %q", got)
	}
	wantException(t, w2(d, t, "fault"), 500, "InternalErrorException", "Something went wrong")
	wantException(t, w2(d, t, "cause"), 400, "InvalidParameterException", "Told.")
	if got, want := w2(d, t, "reason").Body.String(), `{"__type":"InvalidParameterException","message":"Told.","reasonCode":"Because"}`; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	log := d.logged()
	for _, cause := range []string{"the disk is full", "not told"} {
		if !strings.Contains(log, cause) {
			t.Errorf("the log lacks %q:\n%s", cause, log)
		}
	}
}

// S176: nothing of a message ends a header or a log line.
func TestS176MessagesInHeadersAndLog(t *testing.T) {
	t.Parallel()
	d := open(t)
	for user, want := range map[string]string{
		"lines": "", "long": "", "words": "=?utf-8?q?Ung=C3=BCltig:_=E5=90=8D?=",
	} {
		w := w2(d, t, user)
		//nolint:staticcheck // the service's own capitals are what is tested
		if got := w.Result().Header["x-amzn-ErrorMessage"]; want == "" && got != nil || want != "" && (len(got) != 1 || got[0] != want) {
			t.Errorf("%s: x-amzn-ErrorMessage = %q, want %q", user, got, want)
		}
	}
	r := request(t, "DescribeUserPool", `{"UserPoolId":"x"}`)
	r.Header.Set("User-Agent", "a\nlevel=ERROR")
	d.call(r)
	if n := strings.Count(d.logged(), "\n"); n != 4 {
		t.Errorf("%d lines for 4 requests:\n%s", n, d.logged())
	}
}

func w2(d *door, t *testing.T, user string) *recorder {
	t.Helper()
	return d.call(request(t, "InitiateAuth", signIn(user)))
}

// S197: a panic ends one request, not the server.
func TestS197PanicIsAnInternalError(t *testing.T) {
	t.Parallel()
	d := open(t)
	wantException(t, w2(d, t, "panic"), 500, "InternalErrorException", "Something went wrong")
	if log := d.logged(); !strings.Contains(log, "a fault with this text") || !strings.Contains(log, "door_test.go") {
		t.Errorf("the log lacks panic and stack:\n%s", log)
	}
	want := []awsapi.Observation{{Service: "cognito-idp", Operation: "InitiateAuth", Code: "InternalErrorException", Status: 500, Panicked: true}}
	if diff := cmp.Diff(want, d.seen); diff != "" {
		t.Error(diff)
	}
	if w := w2(d, t, "ana"); w.Code != 400 {
		t.Errorf("the next request: %d", w.Code)
	}
}

// A client that goes away is no fault of the server: not in the log, not in the
// metrics. A panic stays one.
func TestAbandonedRequests(t *testing.T) {
	t.Parallel()
	for user, code := range map[string]string{
		"fault": "RequestAbandoned", "panic": "InternalErrorException", "ana": "NotAuthorizedException",
	} {
		d := open(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		d.call(request(t, "InitiateAuth", signIn(user)).WithContext(ctx))
		if got := d.seen[0].Code; got != code {
			t.Errorf("%s: counted as %q, want %q", user, got, code)
		}
		if isError := strings.Contains(d.logged(), `"level":"ERROR"`); isError != (user == "panic") {
			t.Errorf("%s: %s", user, d.logged())
		}
	}
	waits := open(t)
	w2(waits, t, "fault")
	if got := waits.seen[0].Code; got != "InternalErrorException" {
		t.Errorf("with a client that waits: counted as %q", got)
	}
}

func TestLogLineAndNoSecrets(t *testing.T) {
	t.Parallel()
	clock := now
	d := open(t, func(c *awsapi.Config) {
		c.Now = func() time.Time { clock = clock.Add(time.Millisecond); return clock }
	})
	w := d.call(request(t, "InitiateAuth", signIn("ana")))
	id := first(w.Result().Header, "x-amzn-RequestId")
	line := d.logged()
	for _, part := range []string{
		`"level":"INFO"`, `"operation":"InitiateAuth"`, `"pool":""`, `"client":"client1"`, `"request_id":"` + id + `"`,
		`"duration_ms":1`, `"status":400`, `"code":"NotAuthorizedException"`,
	} {
		if !strings.Contains(line, part) {
			t.Errorf("the line lacks %s: %s", part, line)
		}
	}
	for _, user := range []string{"fault", "cause", "panic"} {
		w2(d, t, user)
	}
	d.call(request(t, "InitiateAuth", `{"ClientId":"hunter2hunter2","AuthFlow":"hunter2hunter2 ana"}`))
	for _, secret := range []string{"hunter2", "ana"} {
		if strings.Contains(d.logged(), secret) {
			t.Errorf("the log has %q:\n%s", secret, d.logged())
		}
	}
}

// spec/errors.md §1, row CORS; spec/recorded.md §1, row Browser call.
func TestBrowsers(t *testing.T) {
	t.Parallel()
	d := open(t)
	r := request(t, "", "")
	r.Method = http.MethodOptions
	r.Header = http.Header{
		"Origin": {"https://shop.example"}, "Access-Control-Request-Method": {"POST"},
		"Access-Control-Request-Headers": {"content-type,x-amz-target,x-amz-user-agent"},
	}
	w := d.call(r)
	if w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("preflight: %d %q", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin":   "*",
		"Access-Control-Allow-Methods":  "POST",
		"Access-Control-Allow-Headers":  "content-type,x-amz-target,x-amz-user-agent,cache-control,amz-sdk-invocation-id,amz-sdk-request,authorization,x-amz-date,x-amz-security-token",
		"Access-Control-Expose-Headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("preflight: %s = %q, want %q", name, got, want)
		}
	}
	for _, operation := range []string{"GlobalSignOut", "NoSuchOperation"} {
		r := request(t, operation, `{"AccessToken":"a"}`)
		r.Header.Set("Origin", "https://shop.example")
		w := d.call(r)
		if w.Header().Get("Access-Control-Allow-Origin") != "*" ||
			w.Header().Get("Access-Control-Expose-Headers") != "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date" ||
			w.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: %v", operation, w.Header())
		}
		if got := d.call(request(t, operation, "{}")).Header().Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s without a page: Access-Control-Allow-Origin = %q", operation, got)
		}
	}
}

// S170: size and form of bodies, over the door.
func TestS170Bodies(t *testing.T) {
	t.Parallel()
	d := open(t, dev)
	padded := func(prefix string, size int) string { return prefix + strings.Repeat(" ", size-len(prefix)) }
	signOut, image := `{"AccessToken":"a"}`, `{"UserPoolId":"a_b","ImageFile":"AAAA"}`

	if w := d.call(request(t, "GlobalSignOut", padded(signOut, 1<<20))); w.Code != http.StatusOK {
		t.Errorf("1 MiB: %d %s", w.Code, w.Body)
	}
	if w := d.call(request(t, "SetUICustomization", padded(image, 2<<20))); w.Code != http.StatusOK {
		t.Errorf("upload of 2 MiB: %d %s", w.Code, w.Body)
	}
	for operation, body := range map[string]string{
		"GlobalSignOut": padded(signOut, 1<<20+1), "SetUICustomization": padded(image, 2<<20+1),
	} {
		limit := map[string]string{"GlobalSignOut": "1048576", "SetUICustomization": "2097152"}[operation]
		for _, stated := range []bool{true, false} {
			r := request(t, operation, body)
			if !stated {
				r.ContentLength = -1
			}
			w := d.call(r)
			wantException(t, w, 400, "SerializationException", "The request is larger than "+limit+" bytes")
			if w.Header().Get("Connection") != "close" {
				t.Errorf("%s: the connection stays open", operation)
			}
		}
	}
	wantException(t, d.call(request(t, "GlobalSignOut", `{"AccessToken":"`)), 400, "SerializationException", "Unexpected end-of-input")
	wantException(t, d.call(request(t, "GlobalSignOut", `{"AccessToken":1}`)), 400, "SerializationException", "NUMBER_VALUE can not be converted to a String")
	wantException(t, d.call(request(t, "GlobalSignOut", `{}`)), 400, "InvalidParameterException",
		"1 validation error detected: Value null at 'accessToken' failed to satisfy constraint: Member must not be null")
	if w := d.call(request(t, "GlobalSignOut", `{"AccessToken":"a","Other":[]}`)); w.Code != http.StatusOK {
		t.Errorf("unknown member: %d %s", w.Code, w.Body)
	}
}

func TestRequestInfo(t *testing.T) {
	t.Parallel()
	d := open(t)
	body := `{"MaxResults":1}`
	r := request(t, "ListUserPools", body)
	r.Header.Set("User-Agent", "tests/1")
	w := d.call(signed(t, r, body, rootID, rootSecret, "ap-southeast-2"))
	want := &api.RequestInfo{
		RequestID: first(w.Result().Header, "x-amzn-RequestId"), Operation: "ListUserPools", Region: "ap-southeast-2", Signed: true,
		AccessKeyID: rootID, SourceIP: "127.0.0.1", UserAgent: "tests/1",
	}
	if diff := cmp.Diff(want, api.RequestFrom(d.ctx)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&api.ListUserPoolsRequest{MaxResults: 1}, d.in); diff != "" {
		t.Error(diff)
	}
	// A public operation's signature is not looked at.
	r = request(t, "GlobalSignOut", `{"AccessToken":"a"}`)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=X/20260301/ap-southeast-2/cognito-idp/aws4_request, SignedHeaders=host, Signature=0")
	if w := d.call(r); w.Code != http.StatusOK {
		t.Errorf("public operation: %d %s", w.Code, w.Body)
	}
	if info := api.RequestFrom(d.ctx); info.Signed || info.Region != "us-east-1" || info.AccessKeyID != "" {
		t.Errorf("public operation: %+v", info)
	}
}

func TestNewRefusesWhatIsIncomplete(t *testing.T) {
	t.Parallel()
	whole := open(t).Config
	for name, change := range map[string]func(*awsapi.Config){
		"no service": func(c *awsapi.Config) { c.Services = nil },
		"no clock":   func(c *awsapi.Config) { c.Now = nil },
		"no log":     func(c *awsapi.Config) { c.Log = nil },
		"no access":  func(c *awsapi.Config) { c.Access = nil },
	} {
		c := whole
		change(&c)
		if _, err := awsapi.New(c); err == nil {
			t.Errorf("%s: New succeeds", name)
		}
	}
}
