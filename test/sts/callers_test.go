package sts_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognate/internal/servertest"
)

func TestTheRootKeyIsTheAccount(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	out, err := s.STS.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantOK(t, err)
	if *out.Arn != "arn:aws:iam::"+account+":root" || *out.UserId != account || *out.Account != account {
		t.Errorf("%+v", out)
	}
}

// A session has the rights of the key that it was made with, until it ends.
func TestSessionsOfTheRootKey(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	s.StopClock()
	out, err := s.STS.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(900)})
	wantOK(t, err)
	if want := s.Now().Add(15 * time.Minute); out.Credentials.Expiration.Sub(want).Abs() > time.Second {
		t.Errorf("expires %v, want about %v", out.Credentials.Expiration, want)
	}
	session := as(s, out.Credentials)
	arn, err := whoIs(t, session)
	if err != nil || arn != "arn:aws:iam::"+account+":root" {
		t.Errorf("%s, %v", arn, err)
	}
	_, err = session.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	wantError(t, err, 403, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	pools := s.Client("", "", func(o *cip.Options) { o.Credentials = static(out.Credentials) })
	_, err = pools.ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	wantOK(t, err)

	s.Advance(15*time.Minute + time.Second)
	_, err = whoIs(t, session)
	wantError(t, err, 403, "ExpiredToken", "The security token included in the request is expired")
	_, err = pools.ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	wantError(t, err, 400, "ExpiredTokenException", "The security token included in the request is expired")
}

func TestS130S135KeysThatAreNotRight(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	session, err := s.STS.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	wantOK(t, err)
	c := session.Credentials
	other, err := s.STS.GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	wantOK(t, err)
	const unknown, mismatch = "The security token included in the request is invalid.", "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	for name, x := range map[string]struct {
		id, secret, token string
		code, message     string
	}{
		"unknown key":         {"AKIAUNKNOWNUNKNOWN22", "secret", "", "InvalidClientTokenId", unknown},
		"wrong secret":        {servertest.RootAccessKeyID, "secret", "", "SignatureDoesNotMatch", mismatch},
		"token with root":     {servertest.RootAccessKeyID, servertest.RootSecretAccessKey, *c.SessionToken, "InvalidClientTokenId", unknown},
		"session, no token":   {*c.AccessKeyId, *c.SecretAccessKey, "", "InvalidClientTokenId", unknown},
		"session, other's":    {*c.AccessKeyId, *c.SecretAccessKey, *other.Credentials.SessionToken, "InvalidClientTokenId", unknown},
		"session, bad secret": {*c.AccessKeyId, *other.Credentials.SecretAccessKey, *c.SessionToken, "SignatureDoesNotMatch", mismatch},
		"session, cut token":  {*c.AccessKeyId, *c.SecretAccessKey, (*c.SessionToken)[:len(*c.SessionToken)-4], "InvalidClientTokenId", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := whoIs(t, s.STSClient(credentials.NewStaticCredentialsProvider(x.id, x.secret, x.token)))
			wantError(t, err, 403, x.code, x.message)
		})
	}
	_, err = whoIs(t, s.STSClient(aws.AnonymousCredentials{}))
	wantError(t, err, 403, "MissingAuthenticationToken", "Missing Authentication Token")
}

// Requests that were signed are good for fifteen minutes here (identity-pools.md F1).
// Those in an address are what other systems pass around to show who somebody is.
func TestS133PresignedRequestsAreGoodForFifteenMinutes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	s.StopClock()
	presign := func() *http.Request {
		t.Helper()
		signed, err := sts.NewPresignClient(s.STS).PresignGetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
		wantOK(t, err)
		r, err := http.NewRequestWithContext(t.Context(), signed.Method, signed.URL, nil)
		wantOK(t, err)
		return r
	}
	do := func(r *http.Request) (int, string) {
		t.Helper()
		answer, err := s.HTTP.Do(r)
		wantOK(t, err)
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		wantOK(t, err)
		return answer.StatusCode, string(body)
	}
	signed := presign()
	if status, body := do(signed.Clone(t.Context())); status != http.StatusOK || !strings.Contains(body, "<Arn>arn:aws:iam::"+account+":root</Arn>") {
		t.Errorf("%d %s", status, body)
	}
	for name, change := range map[string]func(*http.Request){
		"version": func(r *http.Request) { r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "2011-06-15", "2011-06-16", 1) },
		"action": func(r *http.Request) {
			r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "GetCallerIdentity", "GetSessionToken", 1)
		},
		"parameter": func(r *http.Request) { r.URL.RawQuery += "&More=1" },
		"method":    func(r *http.Request) { r.Method = http.MethodPost },
		"header":    func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") },
		"signature": func(r *http.Request) { r.URL.RawQuery = r.URL.RawQuery[:len(r.URL.RawQuery)-2] + "00" },
		"host":      func(r *http.Request) { r.Host = "localhost:" + r.URL.Port() },
	} {
		r := presign()
		change(r)
		if status, body := do(r); status < 400 || status >= 500 {
			t.Errorf("%s changed: %d %s", name, status, body)
		}
	}
	s.Advance(14*time.Minute + 50*time.Second)
	if status, body := do(signed.Clone(t.Context())); status != http.StatusOK {
		t.Errorf("after 14 minutes: %d %s", status, body)
	}
	s.Advance(20 * time.Second)
	if status, body := do(signed.Clone(t.Context())); status != http.StatusForbidden || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") ||
		!strings.Contains(body, "Signature expired: ") || !strings.Contains(body, " - 15 min.)") {
		t.Errorf("after 15 minutes: %d %s", status, body)
	}
}

// A signature for one service does not open another.
func TestS130SignaturesAreForOneService(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	_, err := s.Client(servertest.RootAccessKeyID, servertest.RootSecretAccessKey, func(o *cip.Options) {
		o.HTTPSignerV4 = otherService{o.HTTPSignerV4}
	}).ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	wantError(t, err, 400, "InvalidSignatureException", "Credential should be scoped to correct service: 'cognito-idp'.")
	_, err = whoIs(t, s.STSClient(credentials.NewStaticCredentialsProvider(servertest.RootAccessKeyID, servertest.RootSecretAccessKey, ""),
		func(o *sts.Options) { o.HTTPSignerV4 = otherService{o.HTTPSignerV4} }))
	wantError(t, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'.")
}

func TestS170QueriesThatAreNone(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for form, want := range map[string]string{
		"": "<Code>MissingAction</Code>",
		"Action=GetFederationToken&Version=2011-06-15": "<Code>InvalidAction</Code><Message>Could not find operation GetFederationToken for version 2011-06-15</Message>",
		"Action=GetCallerIdentity":                     "<Code>InvalidAction</Code>",
		"Action=%":                                     "<Code>MalformedQueryString</Code>",
	} {
		answer, err := s.HTTP.Post(s.URL+"/", "application/x-www-form-urlencoded", strings.NewReader(form))
		wantOK(t, err)
		body, err := io.ReadAll(answer.Body)
		wantOK(t, err)
		wantOK(t, answer.Body.Close())
		if answer.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), want) {
			t.Errorf("%q: %d %s", form, answer.StatusCode, body)
		}
	}
}
