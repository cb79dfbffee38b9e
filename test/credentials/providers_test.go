package credentials_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// S136: whoever writes a provider decides for whom it vouches, and so who comes into
// the roles of the identity pools that go by it. Their sessions go no further than he
// does, and end with the provider.
func TestS136ProvidersBoundSessionsOfIdentityPools(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.IssuerURL = "https://id.example.com/{userPoolId}" })
	var provider, arn string
	a := newApp(t, s, allow("*", "cognito-idp:*"), func(in *cognitoidentity.CreateIdentityPoolInput) {
		_, pool, _ := strings.Cut(*in.CognitoIdentityProviders[0].ProviderName, "/")
		provider = "id.example.com/" + pool
		arn = "arn:aws:iam::" + account + ":oidc-provider/" + provider
		in.CognitoIdentityProviders, in.OpenIdConnectProviderARNs = nil, []string{arn}
	})
	entry, err := json.Marshal(map[string]any{"url": "https://" + provider, "clientIds": []string{a.client}})
	wantOK(t, err)
	limited := newKey(t, s, allow("*", "cognate:PutProvider", "cognito-idp:ListUsers"))
	operateAs(t, s, limited, http.MethodPut, "/_cognate/v1/account-providers", string(entry), nil)

	a.provider = provider
	logins := a.logins(a.signIn(t).IdToken)
	identity := a.identity(t, logins)
	got, err := a.open.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: &identity, Logins: logins})
	wantOK(t, err)
	basic, err := s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &a.userRole, RoleSessionName: aws.String("basic"), WebIdentityToken: got.Token,
	})
	wantOK(t, err)
	sessions := map[string]aws.Credentials{
		"enhanced": a.credentialsOf(t, identity, logins),
		"basic": {
			AccessKeyID: *basic.Credentials.AccessKeyId, SecretAccessKey: *basic.Credentials.SecretAccessKey, SessionToken: *basic.Credentials.SessionToken,
		},
	}
	for flow, c := range sessions {
		if _, err := a.as(c).ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &a.pool}); err != nil {
			t.Errorf("%s: %v", flow, err)
		}
		if a.describe(t, a.as(c)) == nil {
			t.Errorf("%s: the session goes further than who wrote its provider", flow)
		}
	}
	operate(t, s, http.MethodPut, "/_cognate/v1/account-providers", string(entry))
	for flow, c := range sessions {
		if err := a.describe(t, a.as(c)); err != nil {
			t.Errorf("%s, by a provider of the first administrator: %v", flow, err)
		}
	}
	operate(t, s, http.MethodDelete, "/_cognate/v1/account-providers?arn="+url.QueryEscape(arn), "")
	for flow, c := range sessions {
		if a.describe(t, a.as(c)) == nil {
			t.Errorf("%s: the session outlived its provider", flow)
		}
	}
}

// newKey makes a user with a policy and gives its key.
func newKey(t *testing.T, s *servertest.Server, policy string) aws.Credentials {
	t.Helper()
	body, err := json.Marshal(map[string]any{"user": "limited", "policies": []string{policy}})
	wantOK(t, err)
	var key struct {
		ID     string `json:"accessKeyId"`
		Secret string `json:"secretAccessKey"`
	}
	root := aws.Credentials{AccessKeyID: servertest.RootAccessKeyID, SecretAccessKey: servertest.RootSecretAccessKey}
	operateAs(t, s, root, http.MethodPost, "/_cognate/v1/access-keys", string(body), &key)
	return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}
}

// operateAs is operate with somebody's credentials, and reads the answer into out.
func operateAs(t *testing.T, s *servertest.Server, who aws.Credentials, method, path, body string, out any) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	wantOK(t, err)
	sum := sha256.Sum256([]byte(body))
	wantOK(t, v4.NewSigner().SignHTTP(t.Context(), who, r, hex.EncodeToString(sum[:]), "cognito-idp", s.Region, s.Now()))
	answer := s.Do(t, r)
	if answer.Status != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, answer.Status, answer.Body)
	}
	if out != nil {
		wantOK(t, json.Unmarshal([]byte(answer.Body), out))
	}
}
