package sts_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/go-jose/go-jose/v4"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// elsewhere is a Security Token Service that trusts the tokens of identity pools by
// the published keys of their issuer, as MinIO's does.
type elsewhere struct {
	*httptest.Server
	t       *testing.T
	cognate *servertest.Server
	form    atomic.Pointer[url.Values] // of the last request
	status  int                        // to refuse with, 0: none
}

func (e *elsewhere) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	form, err := url.ParseQuery(string(body))
	if err != nil || r.Header.Get("Authorization") != "" {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	e.form.Store(&form)
	if e.status != 0 {
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code>`+
			`<Message>no</Message></Error><RequestId>r</RequestId></ErrorResponse>`)
		return
	}
	claims, err := e.verify(form.Get("WebIdentityToken"))
	if err != nil {
		e.t.Errorf("the token: %v", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	subject, _ := claims["sub"].(string)
	_, _ = io.WriteString(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult>`+
		`<Credentials><AccessKeyId>MINIO`+subject+`</AccessKeyId><SecretAccessKey>their secret</SecretAccessKey><SessionToken>their token</SessionToken>`+
		`<Expiration>2026-12-24T18:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>`+
		`<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleWithWebIdentityResponse>`)
}

// verify finds the keys by discovery.
func (e *elsewhere) verify(token string) (map[string]any, error) {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS512})
	if err != nil {
		return nil, err
	}
	var discovery struct {
		Keys string `json:"jwks_uri"`
	}
	if err := e.get(e.cognate.URL+"/cognito-identity/.well-known/openid-configuration", &discovery); err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	if err := e.get(discovery.Keys, &set); err != nil {
		return nil, err
	}
	payload, err := signed.Verify(set)
	if err != nil {
		return nil, err
	}
	var claims map[string]any
	return claims, json.Unmarshal(payload, &claims)
}

func (e *elsewhere) get(address string, into any) error {
	r, err := http.NewRequestWithContext(e.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	return json.NewDecoder(answer.Body).Decode(into)
}

// With a service elsewhere, the credentials of the enhanced flow are that service's
// (identity-pools.md D7), and its refusals those of B2.
func TestCredentialsOfAnSTSElsewhere(t *testing.T) {
	t.Parallel()
	e := &elsewhere{t: t}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	s := servertest.Start(t, func(c *server.Config) { c.STSURL = e.URL })
	e.cognate = s
	p := newPools(t, s)
	roles := map[string]string{"authenticated": "arn:minio:iam:::role/shop-users", "unauthenticated": "arn:minio:iam:::role/shop-guests"}
	_, err := s.Identity.SetIdentityPoolRoles(t.Context(), &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: &p.pool, Roles: roles})
	wantOK(t, err)

	credentials := func(logins map[string]string) (*cognitoidentity.GetCredentialsForIdentityOutput, error) {
		t.Helper()
		made, err := p.public.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &p.pool, Logins: logins})
		wantOK(t, err)
		return p.public.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: made.IdentityId, Logins: logins})
	}
	login := p.login(t)
	out, err := credentials(login)
	wantOK(t, err)
	c := out.Credentials
	if *c.AccessKeyId != "MINIO"+*out.IdentityId || *c.SecretKey != "their secret" || *c.SessionToken != "their token" ||
		!c.Expiration.Equal(time.Date(2026, 12, 24, 18, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", c)
	}
	form := *e.form.Load()
	for name, want := range map[string]string{
		"RoleArn": roles["authenticated"], "RoleSessionName": "CognitoIdentityCredentials", "DurationSeconds": "3600", "Policy": "",
	} {
		if got := form.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if _, err = credentials(nil); err != nil { // a guest is scoped down there, too
		t.Fatal(err)
	}
	form = *e.form.Load()
	if form.Get("RoleArn") != roles["unauthenticated"] || !strings.Contains(form.Get("Policy"), "cognito-idp:*") ||
		form.Get("PolicyArns.member.1.arn") != "arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy" {
		t.Errorf("guest: %v", form)
	}
	e.status = http.StatusForbidden
	_, err = credentials(login)
	wantError(t, err, 400, "InvalidIdentityPoolConfigurationException", "Invalid identity pool configuration. Check assigned IAM roles for this pool.")
	e.status = http.StatusServiceUnavailable
	_, err = credentials(login)
	wantError(t, err, 400, "ExternalServiceException", "")
}
