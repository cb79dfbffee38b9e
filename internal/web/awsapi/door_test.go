package awsapi_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/access"
	"cognate/internal/protocol/sigv4"
	"cognate/internal/web/awsapi"
)

const (
	rootID     = "AKIACOGNATEROOT00001"
	rootSecret = "the root secret of these tests"
	guestID    = "AKIACOGNATEGUEST0001"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// service is behind the door in these tests: a few operations with answers of
// every form.
type service struct {
	api.Unimplemented
	seen func(context.Context, any)
}

func (s service) saw(ctx context.Context, in any) {
	if s.seen != nil {
		s.seen(ctx, in)
	}
}

func (s service) ListUserPools(ctx context.Context, in *api.ListUserPoolsRequest) (*api.ListUserPoolsResponse, error) {
	s.saw(ctx, in)
	at := api.TimeOf(time.UnixMilli(1594889658976))
	return &api.ListUserPoolsResponse{UserPools: []api.UserPoolDescriptionType{
		{Id: "eu-west-1_abc", Name: "a <b> & c", CreationDate: at, LastModifiedDate: at},
	}}, nil
}

func (s service) DescribeUserPool(ctx context.Context, in *api.DescribeUserPoolRequest) (*api.DescribeUserPoolResponse, error) {
	s.saw(ctx, in)
	return nil, api.ResourceNotFoundException("User pool %s does not exist.", in.UserPoolId)
}

func (s service) DeleteUserPool(ctx context.Context, in *api.DeleteUserPoolRequest) error {
	s.saw(ctx, in)
	return nil
}

func (s service) GlobalSignOut(ctx context.Context, in *api.GlobalSignOutRequest) (*api.GlobalSignOutResponse, error) {
	s.saw(ctx, in)
	return nil, nil //nolint:nilnil // an answer without members
}

func (s service) InitiateAuth(ctx context.Context, in *api.InitiateAuthRequest) (*api.InitiateAuthResponse, error) {
	s.saw(ctx, in)
	switch in.AuthParameters["USERNAME"] {
	case "panic":
		panic("a fault with this text")
	case "fault":
		return nil, errors.New("the disk is full")
	case "cause":
		return nil, api.InvalidParameterException("Told.").Because(errors.New("not told"))
	case "reason":
		e := api.InvalidParameterException("Told.")
		e.Reason = "Because"
		return nil, e
	case "lines":
		return nil, api.InvalidParameterException("two\r\nlines")
	case "words":
		return nil, api.InvalidParameterException("Ungültig: 名")
	case "long":
		return nil, api.InvalidParameterException("%s", strings.Repeat("x", 10_000))
	}
	return nil, api.NotAuthorizedException("Incorrect username or password.")
}

func (s service) SetUICustomization(ctx context.Context, in *api.SetUICustomizationRequest) (*api.SetUICustomizationResponse, error) {
	s.saw(ctx, in)
	return nil, nil //nolint:nilnil // an answer without members
}

// identityService is the second service behind the door.
type identityService struct{ identity.Unimplemented }

func (identityService) GetId(_ context.Context, in *identity.GetIdInput) (*identity.GetIdResponse, error) {
	return nil, identity.ResourceNotFoundException("IdentityPool '%s' not found", in.IdentityPoolId)
}

func (identityService) DescribeIdentityPool(_ context.Context, in *identity.DescribeIdentityPoolInput) (*identity.IdentityPool, error) {
	return &identity.IdentityPool{IdentityPoolId: in.IdentityPoolId, IdentityPoolName: "shop"}, nil
}

// fakeAccess is an Access of two keys: the root key, and one that may do nothing
// unless there is a policy.
type fakeAccess struct {
	dev    bool
	policy func(who *access.Principal, r access.Request) error
}

func (f *fakeAccess) Authenticate(_ context.Context, signed sigv4.Request, o sigv4.Options) (*access.Principal, string, error) {
	root := &access.Principal{Kind: access.Root, ARN: "arn:aws:iam::123456789012:root"}
	if f.dev {
		id, region, _ := sigv4.Scope(signed)
		root.AccessKeyID = id
		return root, region, nil
	}
	claim, err := sigv4.Parse(signed, o)
	if err != nil {
		return nil, "", err
	}
	who, known := root, true
	switch claim.AccessKeyID {
	case rootID:
	case guestID:
		who = &access.Principal{Kind: access.User, ARN: "arn:aws:iam::123456789012:user/guest"}
	case "AKIABROKENSTORE00001":
		return nil, "", errors.New("no connection to the database")
	default:
		known = false
	}
	who.AccessKeyID = claim.AccessKeyID
	return who, claim.Region, claim.Verify(sigv4.Key{Secret: rootSecret}, known, o.Now)
}

func (f *fakeAccess) Authorize(_ context.Context, who *access.Principal, r access.Request) error {
	switch {
	case f.policy != nil:
		return f.policy(who, r)
	case who.Unrestricted():
		return nil
	}
	return api.AccessDeniedException("User: %s may not", who.ARN)
}

// door is a Handler under test and what it told about.
type door struct {
	*awsapi.Handler
	mu   sync.Mutex
	log  bytes.Buffer
	seen []awsapi.Observation
	ctx  context.Context
	in   any
}

func (d *door) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.Write(p)
}

func (d *door) logged() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.log.String()
}

// open makes a door as serve has it; change may make it another.
func open(t *testing.T, change ...func(*awsapi.Config)) *door {
	t.Helper()
	d := &door{}
	config := awsapi.Config{
		Services: []awsapi.Service{
			awsapi.UserPools(service{seen: func(ctx context.Context, in any) { d.ctx, d.in = ctx, in }}),
			awsapi.IdentityPools(identityService{}),
		},
		Region: "us-east-1", AccountID: "123456789012", Now: func() time.Time { return now },
		Log:     slog.New(slog.NewJSONHandler(d, nil)),
		Access:  &fakeAccess{},
		Observe: func(o awsapi.Observation) { d.mu.Lock(); defer d.mu.Unlock(); d.seen = append(d.seen, o) },
	}
	for _, c := range change {
		c(&config)
	}
	h, err := awsapi.New(config)
	if err != nil {
		t.Fatal(err)
	}
	d.Handler = h
	return d
}

func dev(c *awsapi.Config) { c.AcceptAnyCredentials, c.Access = true, &fakeAccess{dev: true} }

// request is a call of an operation from this machine, not signed.
func request(t *testing.T, operation, body string) *http.Request {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4711"
	r.Host = "localhost:7665"
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService."+operation)
	return r
}

// signed signs a request as the SDK does.
func signed(t *testing.T, r *http.Request, body, id, secret, region string) *http.Request {
	t.Helper()
	sum := sha256.Sum256([]byte(body))
	credentials := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret}
	if err := v4.NewSigner().SignHTTP(t.Context(), credentials, r, hex.EncodeToString(sum[:]), "cognito-idp", region, now); err != nil {
		t.Fatal(err)
	}
	return r
}

func (d *door) call(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w
}

// wantException checks a whole error answer (spec/errors.md §1).
func wantException(t *testing.T, w *httptest.ResponseRecorder, status int, code, message string) {
	t.Helper()
	if w.Code != status {
		t.Errorf("status %d, want %d", w.Code, status)
	}
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]string
	if err := json.Unmarshal(body, &got); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	if got["__type"] != code || got["message"] != message {
		t.Errorf("body %s\nwant  %s: %s", body, code, message)
	}
	if _, sent := got["message"]; sent != (message != "") {
		t.Errorf("body %s", body)
	}
	raw := w.Result().Header
	if got := first(raw, "x-amzn-ErrorType"); got != code+":" {
		t.Errorf("x-amzn-ErrorType = %q", got)
	}
	if got := first(raw, "Content-Type"); got != "application/x-amz-json-1.1" {
		t.Errorf("Content-Type = %q", got)
	}
}

func first(h http.Header, name string) string {
	if v := h[name]; len(v) == 1 {
		return v[0]
	}
	return ""
}

func TestTheOriginIsToldByTheServer(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *awsapi.Config) {
		c.Origin = func(*http.Request) awsapi.Origin {
			return awsapi.Origin{IP: netip.MustParseAddr("203.0.113.9"), TLS: true, Host: "auth.example.com"}
		}
	})
	r := request(t, "ListUserPools", `{"MaxResults":1}`)
	r.Host = "auth.example.com"
	signed(t, r, `{"MaxResults":1}`, rootID, rootSecret, "eu-west-1")
	r.Host = "10.0.0.7:7665" // as the proxy calls us
	if w := d.call(r); w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if got := api.RequestFrom(d.ctx).SourceIP; got != "203.0.113.9" {
		t.Errorf("SourceIP = %q", got)
	}
}
