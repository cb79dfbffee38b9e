package sts_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"cognate/internal/protocol/saml/samltest"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

// operate sends a signed request of the first administrator.
func operate(t *testing.T, s *servertest.Server, method, path string, in, out any) {
	t.Helper()
	body, err := json.Marshal(in)
	wantOK(t, err)
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader(body))
	wantOK(t, err)
	sum := sha256.Sum256(body)
	root := aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
	wantOK(t, v4.NewSigner().SignHTTP(t.Context(), root, r, hex.EncodeToString(sum[:]), "cognito-idp", s.Region, s.Now()))
	answer, err := s.HTTP.Do(r)
	wantOK(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	wantOK(t, err)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, answer.StatusCode, text)
	}
	if out != nil {
		wantOK(t, json.Unmarshal(text, out))
	}
}

// putRole makes a role and gives its ARN.
func putRole(t *testing.T, s *servertest.Server, name, trust string, policies ...string) string {
	t.Helper()
	var role struct {
		ARN string `json:"arn"`
	}
	operate(t, s, http.MethodPut, "/_cognate/v1/roles", map[string]any{"name": name, "trust": trust, "policies": policies}, &role)
	return role.ARN
}

// newKey makes a user with a key.
func newKey(t *testing.T, s *servertest.Server, user string, policies ...string) aws.CredentialsProvider {
	t.Helper()
	var key struct {
		ID     string `json:"accessKeyId"`
		Secret string `json:"secretAccessKey"`
	}
	operate(t, s, http.MethodPost, "/_cognate/v1/access-keys", map[string]any{"user": user, "policies": policies}, &key)
	return credentials.NewStaticCredentialsProvider(key.ID, key.Secret, "")
}

func policy(effect, action string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"*"}]}`
}

func trusting(principal, action, condition string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":` + principal + `,"Action":"` + action + `","Condition":{` + condition + `}}]}`
}

func listPools(t *testing.T, s *servertest.Server, c aws.CredentialsProvider) error {
	t.Helper()
	_, err := s.Client("", "", func(o *cip.Options) { o.Credentials = c }).ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	return err
}

// From a sign-in at a user pool to a call that the role allows, and one that it does
// not, by the classic flow.
func TestAUserOfAPoolGetsWhatTheRoleAllows(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	p := newPools(t, s)
	_, token := p.openID(t, p.login(t))
	role := putRole(t, s, "app", trusting(`{"Federated":"cognito-identity.amazonaws.com"}`, "sts:AssumeRoleWithWebIdentity",
		`"StringEquals":{"cognito-identity.amazonaws.com:aud":"`+p.pool+`"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}`),
		policy("Allow", "cognito-idp:ListUserPools"))
	public := s.STSClient(aws.AnonymousCredentials{})
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("web"), WebIdentityToken: &token, DurationSeconds: aws.Int32(900)}
	out, err := public.AssumeRoleWithWebIdentity(t.Context(), in)
	wantOK(t, err)
	session := static(out.Credentials)
	wantOK(t, listPools(t, s, session))
	_, err = s.Client("", "", func(o *cip.Options) { o.Credentials = session }).CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("x")})
	wantError(t, err, 400, "AccessDeniedException", "User: arn:aws:sts::"+account+":assumed-role/app/web is not authorized to perform: "+
		"cognito-idp:CreateUserPool on resource: * because no identity-based policy allows the cognito-idp:CreateUserPool action")

	// A session policy takes away, and gives nothing.
	in.Policy = aws.String(policy("Allow", "cognito-idp:CreateUserPool"))
	out, err = public.AssumeRoleWithWebIdentity(t.Context(), in)
	wantOK(t, err)
	if err := listPools(t, s, static(out.Credentials)); err == nil {
		t.Error("the session policy did not count")
	}
	// A guest of the same pool is somebody else.
	_, guest := p.openID(t, nil)
	in.WebIdentityToken = &guest
	_, err = public.AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")

	s.Advance(15*time.Minute + time.Second)
	wantError(t, listPools(t, s, session), 400, "ExpiredTokenException", "The security token included in the request is expired")
	in.WebIdentityToken = &token
	_, err = public.AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 400, "ExpiredTokenException", "")
}

// ID tokens of a user pool open roles by themselves where the pool is entered as an
// OpenID provider, whatever form its issuer has. Nobody is called for its keys.
func TestAUserPoolAsAnOpenIDProvider(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.IssuerURL = "https://id.example.com/{userPoolId}" })
	p := newPools(t, s)
	userPool := strings.TrimPrefix(p.provider, "cognito-idp.us-east-1.amazonaws.com/")
	name := "id.example.com/" + userPool
	operate(t, s, http.MethodPut, "/_cognate/v1/account-providers", map[string]any{"url": "https://" + name, "clientIds": []string{p.client}}, nil)
	arn := "arn:aws:iam::" + account + ":oidc-provider/" + name
	role := putRole(t, s, "app", trusting(`{"Federated":"`+arn+`"}`, "sts:AssumeRoleWithWebIdentity",
		`"StringEquals":{"`+name+`:aud":"`+p.client+`"}`), policy("Allow", "cognito-idp:ListUserPools"))
	token := p.login(t)[p.provider]
	in := &sts.AssumeRoleWithWebIdentityInput{RoleArn: &role, RoleSessionName: aws.String("web"), WebIdentityToken: &token}
	public := s.STSClient(aws.AnonymousCredentials{})
	out, err := public.AssumeRoleWithWebIdentity(t.Context(), in)
	wantOK(t, err)
	if *out.Provider != arn || *out.Audience != p.client {
		t.Errorf("%+v", out)
	}
	wantOK(t, listPools(t, s, static(out.Credentials)))

	other := s.CreateClient(t, userPool, nil)
	p.client = other
	token = p.login(t)[p.provider]
	_, err = public.AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 400, "InvalidIdentityToken", "Incorrect token audience")

	operate(t, s, http.MethodDelete, "/_cognate/v1/account-providers?arn="+url.QueryEscape(arn), nil, nil)
	if err := listPools(t, s, static(out.Credentials)); err == nil {
		t.Error("the session outlived its provider")
	}
	_, err = public.AssumeRoleWithWebIdentity(t.Context(), in)
	wantError(t, err, 400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://"+name)
}

func TestUsersOfKeysTakeOnRoles(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	ana, ben := newKey(t, s, "ana", policy("Allow", "sts:AssumeRole")), newKey(t, s, "ben", policy("Deny", "sts:*"))
	role := putRole(t, s, "admin", trusting(`{"AWS":"`+account+`"}`, "sts:AssumeRole", `"StringEquals":{"sts:ExternalId":"secret"}`),
		policy("Allow", "cognito-idp:*"))
	if err := listPools(t, s, ana); err == nil {
		t.Error("ana needs no role")
	}
	in := &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("work"), ExternalId: aws.String("secret")}
	out, err := s.STSClient(ana).AssumeRole(t.Context(), in)
	wantOK(t, err)
	wantOK(t, listPools(t, s, static(out.Credentials)))
	_, err = s.STSClient(ben).AssumeRole(t.Context(), in)
	wantError(t, err, 403, "AccessDenied", "User: arn:aws:iam::"+account+":user/ben is not authorized to perform: sts:AssumeRole on resource: "+role)
	arn, err := whoIs(t, s.STSClient(ben)) // which no policy can forbid (identity-pools.md D3)
	if err != nil || arn != "arn:aws:iam::"+account+":user/ben" {
		t.Errorf("%s, %v", arn, err)
	}
	in.ExternalId = nil
	_, err = s.STSClient(ana).AssumeRole(t.Context(), in)
	wantError(t, err, 403, "AccessDenied", "")

	operate(t, s, http.MethodDelete, "/_cognate/v1/roles/admin", nil, nil)
	wantError(t, listPools(t, s, static(out.Credentials)), 400, "UnrecognizedClientException", "The security token included in the request is invalid.")
}

func TestSAMLResponsesOpenARole(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	idp, err := samltest.New("https://idp.example", 2048, s.Now())
	wantOK(t, err)
	operate(t, s, http.MethodPut, "/_cognate/v1/account-providers", map[string]any{"name": "corp", "metadata": string(idp.Metadata())}, nil)
	provider := "arn:aws:iam::" + account + ":saml-provider/corp"
	role := putRole(t, s, "dev", trusting(`{"Federated":"`+provider+`"}`, "sts:AssumeRoleWithSAML", `"StringEquals":{"SAML:aud":"`+s.PublicURL+`"}`),
		policy("Allow", "cognito-idp:ListUserPools"))
	response, err := idp.Response(samltest.Answer{
		ACS: s.PublicURL, Audience: s.PublicURL, Now: s.Now(), NameID: "ana", SignAssertion: true,
		Attributes: []samltest.Attribute{
			{Name: "https://aws.amazon.com/SAML/Attributes/Role", Values: []string{role + "," + provider}},
			{Name: "https://aws.amazon.com/SAML/Attributes/RoleSessionName", Values: []string{"ana"}},
		},
	})
	wantOK(t, err)
	in := &sts.AssumeRoleWithSAMLInput{RoleArn: &role, PrincipalArn: &provider, SAMLAssertion: aws.String(samltest.Post(response))}
	out, err := s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithSAML(t.Context(), in)
	wantOK(t, err)
	if *out.Subject != "ana" || *out.Audience != s.PublicURL || *out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/dev/ana" {
		t.Errorf("%+v", out)
	}
	wantOK(t, listPools(t, s, static(out.Credentials)))
	*in.SAMLAssertion = (*in.SAMLAssertion)[:len(*in.SAMLAssertion)-8]
	_, err = s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithSAML(t.Context(), in)
	wantError(t, err, 400, "InvalidIdentityToken", "")
}

// What was tampered with in a session's credentials opens nothing.
func TestS125SessionsAreWhatTheyWereGivenFor(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	ana := newKey(t, s, "ana", policy("Allow", "sts:GetCallerIdentity"))
	trust := trusting(`{"AWS":"arn:aws:iam::`+account+`:user/ana"}`, "sts:AssumeRole", "")
	weak, strong := putRole(t, s, "weak", trust), putRole(t, s, "strong", trust, policy("Allow", "*"))
	take := func(role string) *types.Credentials {
		t.Helper()
		out, err := s.STSClient(ana).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &role, RoleSessionName: aws.String("work")})
		wantOK(t, err)
		return out.Credentials
	}
	low, high := take(weak), take(strong)
	wantOK(t, listPools(t, s, static(high)))
	wantError(t, listPools(t, s, static(low)), 400, "AccessDeniedException", "")
	mixed := *low
	mixed.SessionToken = high.SessionToken
	wantError(t, listPools(t, s, static(&mixed)), 400, "UnrecognizedClientException", "")
	mixed.AccessKeyId = high.AccessKeyId
	wantError(t, listPools(t, s, static(&mixed)), 400, "InvalidSignatureException", "")
	for i := 0; i < len(*high.SessionToken); i += 1 + len(*high.SessionToken)/40 {
		changed := []byte(*high.SessionToken)
		changed[i] ^= 1
		mixed = *high
		mixed.SessionToken = aws.String(string(changed))
		if err := listPools(t, s, static(&mixed)); err == nil {
			t.Errorf("character %d of the token does not count", i)
		}
	}
}
