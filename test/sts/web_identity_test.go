package sts_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	ciptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognate/internal/servertest"
)

// pools are a user pool with the user ana, and an identity pool that takes its
// tokens, by the classic flow too.
type pools struct {
	*servertest.Server
	public           *cognitoidentity.Client
	client, provider string
	pool             string
}

func newPools(t *testing.T, s *servertest.Server) *pools {
	t.Helper()
	p := &pools{Server: s, public: s.IdentityClient(aws.AnonymousCredentials{})}
	userPool := s.CreatePool(t, nil)
	p.client = s.CreateClient(t, userPool, nil)
	s.CreateUser(t, userPool, "ana", "Correct-Horse1!")
	p.provider = "cognito-idp.us-east-1.amazonaws.com/" + userPool
	made, err := s.Identity.CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("shop"), AllowUnauthenticatedIdentities: true, AllowClassicFlow: aws.Bool(true),
		CognitoIdentityProviders: []idtypes.CognitoIdentityProvider{{ProviderName: &p.provider, ClientId: &p.client}},
	})
	wantOK(t, err)
	p.pool = *made.IdentityPoolId
	return p
}

// login is the Logins of ana, who has just signed in.
func (p *pools) login(t *testing.T) map[string]string {
	t.Helper()
	out, err := p.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &p.client, AuthFlow: ciptypes.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": "Correct-Horse1!"},
	})
	wantOK(t, err)
	return map[string]string{p.provider: *out.AuthenticationResult.IdToken}
}

// openID gives an identity and its token.
func (p *pools) openID(t *testing.T, logins map[string]string) (id, token string) {
	t.Helper()
	made, err := p.public.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &p.pool, Logins: logins})
	wantOK(t, err)
	out, err := p.public.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: made.IdentityId, Logins: logins})
	wantOK(t, err)
	return *made.IdentityId, *out.Token
}

// text is a token for the SDK's provider of credentials.
type text string

func (s text) GetIdentityToken() ([]byte, error) { return []byte(s), nil }

// In dev every role exists by its name: user pool, identity pool, STS and a signed call
// work without any preparation.
func TestTheClassicFlowInDev(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, dev)
	p := newPools(t, s)
	id, token := p.openID(t, p.login(t))
	role := "arn:aws:iam::" + account + ":role/app"
	out, err := s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: &role, RoleSessionName: aws.String("web"), WebIdentityToken: &token,
	})
	wantOK(t, err)
	if *out.Provider != "cognito-identity.amazonaws.com" || *out.Audience != p.pool || *out.SubjectFromWebIdentityToken != id ||
		*out.AssumedRoleUser.Arn != "arn:aws:sts::"+account+":assumed-role/app/web" || !strings.HasPrefix(*out.AssumedRoleUser.AssumedRoleId, "AROA") {
		t.Errorf("%+v", out)
	}
	arn, err := whoIs(t, as(s, out.Credentials))
	if err != nil || arn != *out.AssumedRoleUser.Arn {
		t.Errorf("%s, %v", arn, err)
	}
	// As a program of AWS's own SDK does it, with its provider of credentials.
	provider := stscreds.NewWebIdentityRoleProvider(s.STSClient(aws.AnonymousCredentials{}), role, text(token),
		func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = "sdk" })
	if arn, err = whoIs(t, s.STSClient(provider)); err != nil || arn != "arn:aws:sts::"+account+":assumed-role/app/sdk" {
		t.Errorf("%s, %v", arn, err)
	}
	// Another role by the session, as programs do that change roles.
	next := stscreds.NewAssumeRoleProvider(as(s, out.Credentials), "arn:aws:iam::"+account+":role/next",
		func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "step" })
	if arn, err = whoIs(t, s.STSClient(next)); err != nil || arn != "arn:aws:sts::"+account+":assumed-role/next/step" {
		t.Errorf("%s, %v", arn, err)
	}
}

// In serve nobody is let in by roles that nobody has made.
func TestRolesThatNobodyHasMadeDoNotExist(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	p := newPools(t, s)
	_, token := p.openID(t, nil)
	_, err := s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/app"), RoleSessionName: aws.String("web"), WebIdentityToken: &token,
	})
	wantError(t, err, 403, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	_, err = s.STS.AssumeRole(t.Context(), &sts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/app"), RoleSessionName: aws.String("web"),
	})
	wantError(t, err, 403, "AccessDenied", "Roles may not be assumed by root accounts.")
	_, err = s.STSClient(aws.AnonymousCredentials{}).AssumeRoleWithSAML(t.Context(), &sts.AssumeRoleWithSAMLInput{
		RoleArn: aws.String("arn:aws:iam::" + account + ":role/app"), PrincipalArn: aws.String("arn:aws:iam::" + account + ":saml-provider/corp"),
		SAMLAssertion: aws.String("PHNhbWw+"),
	})
	wantError(t, err, 400, "InvalidIdentityToken", "Specified provider doesn't exist")
}
