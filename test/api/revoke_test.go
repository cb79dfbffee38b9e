package api_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

func (a *app) revoke(t *testing.T, token *string) error {
	t.Helper()
	in := &cip.RevokeTokenInput{ClientId: &a.client, Token: token}
	if a.secret != "" {
		in.ClientSecret = &a.secret
	}
	_, err := a.s.Anonymous.RevokeToken(t.Context(), in)
	return err
}

func TestRevokeTokenEndsOneSignIn(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, withSecret)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	ended, other := a.signIn(t, "ana", goodPassword), a.signIn(t, "ana", goodPassword)
	refreshed, err := a.exchange(t, ended.RefreshToken)
	wantOK(t, err)
	wantOK(t, a.revoke(t, ended.RefreshToken))
	for _, token := range []*string{ended.AccessToken, refreshed.AccessToken} {
		wantError(t, a.getUser(t.Context(), token), "NotAuthorizedException", "Access Token has been revoked")
	}
	_, err = a.exchange(t, ended.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	wantOK(t, a.getUser(t.Context(), other.AccessToken))
	_, err = a.exchange(t, other.RefreshToken)
	wantOK(t, err)
	wantOK(t, a.revoke(t, ended.RefreshToken)) // once more is success
}

func TestRevokeTokenOfARotatedFamily(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, rotating(0))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	first := a.signIn(t, "ana", goodPassword)
	second := a.rotate(t, first.RefreshToken)
	wantOK(t, a.revoke(t, first.RefreshToken))
	_, err := a.exchange(t, second)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	wantError(t, a.getUser(t.Context(), first.AccessToken), "NotAuthorizedException", "Access Token has been revoked")
}

func TestS011RevocationMisuse(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, nil, nil)
	otherClient := a.withClient(t, nil)
	confidential := a.withClient(t, withSecret)
	final := a.withClient(t, func(in *cip.CreateUserPoolClientInput) { in.EnableTokenRevocation = aws.Bool(false) })
	otherPool := newApp(t, s, nil, nil)
	s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)

	wantCode(t, otherClient.revoke(t, tokens.RefreshToken), "UnauthorizedException")
	wantCode(t, confidential.revoke(t, tokens.RefreshToken), "UnauthorizedException")
	wantOK(t, otherPool.revoke(t, tokens.RefreshToken)) // unknown there, so nothing to do
	wantOK(t, a.getUser(t.Context(), tokens.AccessToken))

	secretive := *confidential
	secretive.secret = "wrongSecretOfSomeLength000000"
	wantCode(t, secretive.revoke(t, tokens.RefreshToken), "UnauthorizedException")
	secretive.secret = ""
	wantCode(t, secretive.revoke(t, tokens.RefreshToken), "UnauthorizedException")
	withNone := *a
	withNone.secret = "wrongSecretOfSomeLength000000"
	wantCode(t, withNone.revoke(t, tokens.RefreshToken), "UnauthorizedException")
	unknown := *a
	unknown.client = "doesnotexist0000000000000a"
	wantCode(t, unknown.revoke(t, tokens.RefreshToken), "UnauthorizedException")

	for _, token := range []*string{tokens.AccessToken, tokens.IdToken} {
		wantError(t, a.revoke(t, token), "UnsupportedTokenTypeException", "Unsupported token type")
	}
	wantCode(t, final.revoke(t, final.signIn(t, "ana", goodPassword).RefreshToken), "UnsupportedOperationException")

	for _, unknown := range []string{"garbage", *tokens.RefreshToken + "A", (*tokens.RefreshToken)[:1000]} {
		wantOK(t, a.revoke(t, &unknown))
	}
	wantOK(t, a.getUser(t.Context(), tokens.AccessToken))
	wantOK(t, a.revoke(t, tokens.RefreshToken))
	wantError(t, a.getUser(t.Context(), tokens.AccessToken), "NotAuthorizedException", "Access Token has been revoked")
}

// Switching revocation off revives nothing.
func TestRevokedStaysRevoked(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	wantOK(t, a.revoke(t, tokens.RefreshToken))
	_, err := a.s.SDK.UpdateUserPoolClient(t.Context(), &cip.UpdateUserPoolClientInput{
		UserPoolId: &a.pool, ClientId: &a.client, EnableTokenRevocation: aws.Bool(false),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
	})
	wantOK(t, err)
	wantError(t, a.getUser(t.Context(), tokens.AccessToken), "NotAuthorizedException", "Access Token has been revoked")
	_, err = a.refresh(t, tokens.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
}

func TestGlobalSignOutEndsAllClients(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	b := a.withClient(t, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.s.CreateUser(t, a.pool, "ben", goodPassword)
	here, there, ben := a.signIn(t, "ana", goodPassword), b.signIn(t, "ana", goodPassword), a.signIn(t, "ben", goodPassword)
	_, err := a.s.Anonymous.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: here.AccessToken})
	wantOK(t, err)
	for _, token := range []*string{here.AccessToken, there.AccessToken} {
		wantError(t, a.getUser(t.Context(), token), "NotAuthorizedException", "Access Token has been revoked")
	}
	_, err = b.refresh(t, there.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	wantOK(t, a.getUser(t.Context(), ben.AccessToken))
	again := a.signIn(t, "ana", goodPassword) // signing in again works at once
	wantOK(t, a.getUser(t.Context(), again.AccessToken))
	_, err = a.s.Anonymous.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: here.AccessToken})
	wantError(t, err, "NotAuthorizedException", "Access Token has been revoked")
}

func TestAdminUserGlobalSignOut(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
	}, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	for _, name := range []string{"ana", "ana@example.com"} {
		tokens := a.signIn(t, "ana", goodPassword)
		_, err := a.s.SDK.AdminUserGlobalSignOut(t.Context(), &cip.AdminUserGlobalSignOutInput{UserPoolId: &a.pool, Username: &name})
		wantOK(t, err)
		wantError(t, a.getUser(t.Context(), tokens.AccessToken), "NotAuthorizedException", "Access Token has been revoked")
	}
	_, err := a.s.SDK.AdminUserGlobalSignOut(t.Context(), &cip.AdminUserGlobalSignOutInput{UserPoolId: &a.pool, Username: aws.String("nobody")})
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	_, err = a.s.SDK.AdminUserGlobalSignOut(t.Context(), &cip.AdminUserGlobalSignOutInput{
		UserPoolId: aws.String("us-east-1_nowhere12"), Username: aws.String("ana"),
	})
	wantError(t, err, "ResourceNotFoundException", "User pool us-east-1_nowhere12 does not exist.")
}
