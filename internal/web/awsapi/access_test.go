package awsapi_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
	"cognate/internal/web/awsapi"
)

type recorder = httptest.ResponseRecorder

const list = `{"MaxResults":1}`

// S130: no signed operation runs without a signature in serve; the public ones
// get as far as their constraints.
func TestS130UnsignedOperations(t *testing.T) {
	t.Parallel()
	d := open(t)
	signedOps := 0
	for name, o := range api.Operations {
		w := d.call(request(t, name, "[]"))
		if o.Access == api.Public {
			wantException(t, w, 400, "SerializationException", "Start of list found where not expected")
			continue
		}
		signedOps++
		wantException(t, w, 400, "MissingAuthenticationTokenException", "Missing Authentication Token")
	}
	if signedOps != 105 {
		t.Errorf("%d signed operations, want 105", signedOps)
	}
}

func TestS130SignaturesInServe(t *testing.T) {
	t.Parallel()
	const mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	body := func(r *http.Request) *http.Request { return r }
	tests := []struct {
		name, id, secret, region string
		change                   func(*http.Request) *http.Request
		code, message            string
	}{
		{"good", rootID, rootSecret, "eu-west-1", body, "", ""},
		{"unknown key", "AKIANOBODY", rootSecret, "eu-west-1", body, "UnrecognizedClientException", "The security token included in the request is invalid."},
		{"wrong secret", rootID, "wrong", "eu-west-1", body, "InvalidSignatureException", mismatch},
		{"no region", rootID, rootSecret, "nowhere", body, "InvalidSignatureException", "Credential should be scoped to a valid region, not 'nowhere'."},
		{"other target", rootID, rootSecret, "eu-west-1", func(r *http.Request) *http.Request {
			r.Header.Set("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserImportJobs")
			return r
		}, "InvalidSignatureException", mismatch},
		{"other host", rootID, rootSecret, "eu-west-1", func(r *http.Request) *http.Request { r.Host = "elsewhere"; return r }, "InvalidSignatureException", mismatch},
		{"other body", rootID, rootSecret, "eu-west-1", func(r *http.Request) *http.Request {
			r2 := request(t, "ListUserPools", `{"MaxResults":2}`)
			r2.Header = r.Header
			return r2
		}, "InvalidSignatureException", mismatch},
		{"session token added", rootID, rootSecret, "eu-west-1", func(r *http.Request) *http.Request { r.Header.Set("X-Amz-Security-Token", "x"); return r }, "InvalidSignatureException", "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization."},
		{"keys cannot be read", "AKIABROKENSTORE00001", rootSecret, "eu-west-1", body, "InternalErrorException", "Something went wrong"},
		{"default credentials of dev", "test", "test", "us-east-1", body, "UnrecognizedClientException", "The security token included in the request is invalid."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := signed(t, request(t, "ListUserPools", list), list, tt.id, tt.secret, tt.region)
			w := open(t).call(tt.change(r))
			switch tt.code {
			case "":
				if w.Code != http.StatusOK {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			case "InternalErrorException":
				wantException(t, w, 500, tt.code, tt.message)
			default:
				wantException(t, w, 400, tt.code, tt.message)
			}
		})
	}
}

func TestS133SkewOverTheDoor(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *awsapi.Config) { c.Now = func() time.Time { return now.Add(6 * time.Minute) } })
	w := d.call(signed(t, request(t, "ListUserPools", list), list, rootID, rootSecret, "eu-west-1"))
	wantException(t, w, 400, "InvalidSignatureException",
		"Signature expired: 20260301T120000Z is now earlier than 20260301T120100Z (20260301T120600Z - 5 min.)")
}

// S133: a signed request that could be overheard is refused, a public one not.
func TestS133PlainHTTPFromElsewhere(t *testing.T) {
	t.Parallel()
	const refused = "Signed requests are accepted over https only, because a request that is overheard can be repeated."
	for _, tt := range []struct {
		origin awsapi.Origin
		ok     bool
	}{
		{awsapi.Origin{IP: netip.MustParseAddr("192.0.2.1")}, false},
		{awsapi.Origin{IP: netip.MustParseAddr("2001:db8::1")}, false},
		{awsapi.Origin{}, false},
		{awsapi.Origin{IP: netip.MustParseAddr("192.0.2.1"), TLS: true}, true},
		{awsapi.Origin{IP: netip.MustParseAddr("127.0.0.2")}, true},
		{awsapi.Origin{IP: netip.MustParseAddr("::1")}, true},
	} {
		tt.origin.Host = "localhost:7665"
		at := func(c *awsapi.Config) { c.Origin = func(*http.Request) awsapi.Origin { return tt.origin } }
		w := open(t, at).call(signed(t, request(t, "ListUserPools", list), list, rootID, rootSecret, "eu-west-1"))
		if tt.ok && w.Code != http.StatusOK {
			t.Errorf("%+v: %d %s", tt.origin, w.Code, w.Body)
		}
		if !tt.ok {
			wantException(t, w, 400, "AccessDeniedException", refused)
		}
		if w := open(t, at).call(request(t, "GlobalSignOut", `{"AccessToken":"a"}`)); w.Code != http.StatusOK {
			t.Errorf("public operation from %+v: %d %s", tt.origin, w.Code, w.Body)
		}
		if w := open(t, at, dev).call(request(t, "ListUserPools", list)); w.Code != http.StatusOK {
			t.Errorf("dev from %+v: %d %s", tt.origin, w.Code, w.Body)
		}
	}
}

func TestDirectOrigin(t *testing.T) {
	t.Parallel()
	r := request(t, "", "")
	r.Header.Set("X-Forwarded-For", "127.0.0.1")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.RemoteAddr = "[::ffff:192.0.2.1]:99"
	if got, want := awsapi.DirectOrigin(r), (awsapi.Origin{IP: netip.MustParseAddr("192.0.2.1"), Host: "localhost:7665"}); got != want {
		t.Errorf("DirectOrigin = %+v, want %+v", got, want)
	}
	r.RemoteAddr = "@" // a Unix socket
	if got := awsapi.DirectOrigin(r); got.IP.IsValid() || got.TLS {
		t.Errorf("DirectOrigin = %+v", got)
	}
}

func TestAuthorizationIsAskedAboutThePool(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ operation, body, resource string }{
		{"ListUserPools", list, "*"},
		{"DescribeUserPool", `{"UserPoolId":"ap-south-1_xyz"}`, "arn:aws:cognito-idp:ap-south-1:123456789012:userpool/ap-south-1_xyz"},
		{"ListTagsForResource", `{"ResourceArn":"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a"}`, "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a"},
	} {
		var asked [3]string
		d := open(t, func(c *awsapi.Config) {
			c.Access = &fakeAccess{policy: func(who *access.Principal, r access.Request) error {
				asked = [3]string{who.AccessKeyID, r.Action, r.Resource}
				return errors.New("no")
			}}
		})
		w := d.call(signed(t, request(t, tt.operation, tt.body), tt.body, guestID, rootSecret, "eu-west-1"))
		if want := [3]string{guestID, "cognito-idp:" + tt.operation, tt.resource}; asked != want {
			t.Errorf("asked %q, want %q", asked, want)
		}
		// An authorizer that fails refuses.
		wantException(t, w, 500, "InternalErrorException", "Something went wrong")
		if d.in != nil {
			t.Errorf("%s ran", tt.operation)
		}
	}
}

func TestRefusedOperationsDoNotRun(t *testing.T) {
	t.Parallel()
	body := `{"UserPoolId":"eu-west-1_abc"}`
	d := open(t)
	w := d.call(signed(t, request(t, "DeleteUserPool", body), body, guestID, rootSecret, "eu-west-1"))
	wantException(t, w, 400, "AccessDeniedException", "User: arn:aws:iam::123456789012:user/guest may not")
	if d.in != nil {
		t.Error("the operation ran")
	}
	if w := d.call(signed(t, request(t, "DeleteUserPool", body), body, rootID, rootSecret, "eu-west-1")); w.Code != http.StatusOK {
		t.Errorf("root: %d %s", w.Code, w.Body)
	}
}

func TestDevAcceptsAnyCredentials(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		authorization string
		region, id    string
	}{
		"none":              {"", "us-east-1", ""},
		"any key":           {"AWS4-HMAC-SHA256 Credential=test/20200101/eu-central-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0", "eu-central-1", "test"},
		"no valid region":   {"AWS4-HMAC-SHA256 Credential=test/20200101/mars/cognito-idp/aws4_request, SignedHeaders=host, Signature=0", "us-east-1", ""},
		"no signature":      {"Bearer x", "us-east-1", ""},
		"only a credential": {"AWS4-HMAC-SHA256 Credential=test/1/us-west-2/x/y", "us-west-2", "test"},
	} {
		d := open(t, dev)
		r := request(t, "ListUserPools", list)
		if tt.authorization != "" {
			r.Header.Set("Authorization", tt.authorization)
		}
		if w := d.call(r); w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
			continue
		}
		if info := api.RequestFrom(d.ctx); info.Region != tt.region || info.AccessKeyID != tt.id || info.Signed != (tt.id != "") {
			t.Errorf("%s: %+v", name, info)
		}
	}
}

// S190, S191: a page of another site cannot administer a developer's server.
func TestS191PagesOfOtherSitesMayNotAdministerDev(t *testing.T) {
	t.Parallel()
	d := open(t, dev)
	for page, ok := range map[string]bool{
		"http://localhost:3000": true, "http://127.0.0.1:5173": true, "http://shop.localhost:7665": true, "http://[::1]": true,
		"https://evil.example": false, "null": false, "http://localhost.evil.example": false, "http://127.0.0.1.nip.io": false,
	} {
		r := request(t, "ListUserPools", list)
		r.Header.Set("Origin", page)
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20200101/eu-central-1/cognito-idp/aws4_request, SignedHeaders=host, Signature=0")
		if w := d.call(r); (w.Code == http.StatusOK) != ok {
			t.Errorf("%s: %d %s", page, w.Code, w.Body)
		}
		r = request(t, "GlobalSignOut", `{"AccessToken":"a"}`)
		r.Header.Set("Origin", page)
		if w := d.call(r); w.Code != http.StatusOK {
			t.Errorf("public operation from %s: %d %s", page, w.Code, w.Body)
		}
	}
	r := request(t, "ListUserPools", list)
	r.Host = "cognate.lan:7665"
	r.Header.Set("Origin", "http://cognate.lan:7665")
	if w := d.call(r); w.Code != http.StatusOK {
		t.Errorf("its own page: %d %s", w.Code, w.Body)
	}
}

// Signers move X-Amz-Target into the query when they presign.
func TestPresignedRequest(t *testing.T) {
	t.Parallel()
	d := open(t)
	sum := sha256.Sum256([]byte(list))
	r := request(t, "ListUserPools", list)
	r.URL = &url.URL{Scheme: "http", Host: r.Host, Path: "/"}
	address, header, err := v4.NewSigner().PresignHTTP(t.Context(), aws.Credentials{AccessKeyID: rootID, SecretAccessKey: rootSecret},
		r, hex.EncodeToString(sum[:]), "cognito-idp", "eu-west-1", now)
	if err != nil {
		t.Fatal(err)
	}
	send := func(address string) *recorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(list))
		r.RemoteAddr, r.Header = "127.0.0.1:1", header.Clone()
		r.RequestURI = r.URL.RequestURI()
		r.Header.Del("Host")
		return d.call(r)
	}
	if w := send(address); w.Code != http.StatusOK {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	wantException(t, send(strings.Replace(address, "ListUserPools", "CreateUserPool", 1)), 400, "InvalidSignatureException",
		"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
}

// The real client, over the wire.
func TestSDKClient(t *testing.T) {
	t.Parallel()
	d := open(t, func(c *awsapi.Config) { c.Now = time.Now })
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	client := func(secret string) *cip.Client {
		return cip.New(cip.Options{
			BaseEndpoint: &s.URL, Region: "eu-west-1", RetryMaxAttempts: 1,
			Credentials: credentials.NewStaticCredentialsProvider(rootID, secret, ""),
		})
	}
	out, err := client(rootSecret).ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: new(int32(1))})
	if err != nil {
		t.Fatal(err)
	}
	if got := out.UserPools[0].CreationDate.UnixMilli(); *out.UserPools[0].Name != "a <b> & c" || got != 1594889658976 {
		t.Errorf("%+v", out.UserPools[0])
	}
	_, err = client("wrong").ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: new(int32(1))})
	var coded interface{ ErrorCode() string }
	if !errors.As(err, &coded) || coded.ErrorCode() != "InvalidSignatureException" {
		t.Errorf("wrong secret: %v", err)
	}
	_, err = client(rootSecret).DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: new("eu-west-1_x")})
	if !errors.As(err, &coded) || coded.ErrorCode() != "ResourceNotFoundException" || !strings.Contains(err.Error(), "User pool eu-west-1_x does not exist.") {
		t.Errorf("unknown pool: %v", err)
	}
	if _, err = client(rootSecret).DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: new("eu-west-1_x")}); err != nil {
		t.Errorf("empty answer: %v", err)
	}
}
