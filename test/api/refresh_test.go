package api_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/servertest"
)

// rotating switches refresh-token rotation on.
func rotating(graceSeconds int32) func(*cip.CreateUserPoolClientInput) {
	return func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth,
		}
		in.RefreshTokenRotation = &types.RefreshTokenRotationType{
			Feature: types.FeatureTypeEnabled, RetryGracePeriodSeconds: &graceSeconds,
		}
	}
}

func (a *app) refresh(t *testing.T, refreshToken *string, pairs ...string) (*types.AuthenticationResultType, error) {
	t.Helper()
	got, err := a.initiate(t, types.AuthFlowTypeRefreshTokenAuth, append([]string{"REFRESH_TOKEN", *refreshToken}, pairs...)...)
	if err != nil {
		return nil, err
	}
	return got.AuthenticationResult, nil
}

// exchange calls GetTokensFromRefreshToken.
func (a *app) exchange(t *testing.T, refreshToken *string) (*types.AuthenticationResultType, error) {
	t.Helper()
	in := &cip.GetTokensFromRefreshTokenInput{ClientId: &a.client, RefreshToken: refreshToken}
	if a.secret != "" {
		in.ClientSecret = &a.secret
	}
	got, err := a.s.Anonymous.GetTokensFromRefreshToken(t.Context(), in)
	if err != nil {
		return nil, err
	}
	return got.AuthenticationResult, nil
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, withSecret)
	a.s.CreateUser(t, a.pool, "ana", goodPassword, "name", "Ana")
	first := a.signIn(t, "ana", goodPassword)
	a.s.Advance(30 * time.Minute)
	_, err := a.s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &a.pool, Username: aws.String("ana"),
		UserAttributes: []types.AttributeType{{Name: aws.String("name"), Value: aws.String("Anna")}},
	})
	wantOK(t, err)
	_, err = a.s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &a.pool, GroupName: aws.String("staff")})
	wantOK(t, err)
	_, err = a.s.SDK.AdminAddUserToGroup(t.Context(), &cip.AdminAddUserToGroupInput{
		UserPoolId: &a.pool, GroupName: aws.String("staff"), Username: aws.String("ana"),
	})
	wantOK(t, err)
	byFlow, err := a.refresh(t, first.RefreshToken, "SECRET_HASH", a.secretHash("ana"))
	wantOK(t, err)
	byOperation, err := a.exchange(t, first.RefreshToken)
	wantOK(t, err)
	oldName, err := a.initiate(t, types.AuthFlowTypeRefreshToken, "REFRESH_TOKEN", *first.RefreshToken, "SECRET_HASH", a.secretHash("ana"))
	wantOK(t, err)
	if len(oldName.ChallengeParameters) != 0 || oldName.ChallengeParameters == nil {
		t.Errorf("ChallengeParameters %v", oldName.ChallengeParameters)
	}
	before, beforeID := claimsOf(t, first.AccessToken), claimsOf(t, first.IdToken)
	for _, got := range []*types.AuthenticationResultType{byFlow, byOperation, oldName.AuthenticationResult} {
		if got.RefreshToken != nil || got.ExpiresIn != 3600 || aws.ToString(got.TokenType) != "Bearer" {
			t.Errorf("result %+v", got)
		}
		wantOK(t, a.getUser(t.Context(), got.AccessToken))
		access, id := claimsOf(t, got.AccessToken), claimsOf(t, got.IdToken)
		for _, same := range []string{"sub", "auth_time", "origin_jti", "event_id", "acr", "username", "scope", "client_id", "iss"} {
			if access[same] != before[same] {
				t.Errorf("%s was %v, is %v", same, before[same], access[same])
			}
		}
		for _, same := range []string{"sub", "auth_time", "origin_jti", "event_id", "acr", "cognito:username", "aud"} {
			if id[same] != beforeID[same] {
				t.Errorf("%s was %v, is %v", same, beforeID[same], id[same])
			}
		}
		if access["jti"] == before["jti"] || access["jti"] == id["jti"] {
			t.Error("jti is not new")
		}
		if iat := access["iat"].(float64) - before["iat"].(float64); iat < 1800 || iat > 1830 {
			t.Errorf("iat moved by %v", iat)
		}
		if id["name"] != "Anna" { // read again
			t.Errorf("name %v", id["name"])
		}
		if groups, _ := access["cognito:groups"].([]any); len(groups) != 1 || groups[0] != "staff" {
			t.Errorf("groups %v", access["cognito:groups"])
		}
	}
}

// The hash of a refresh is over the canonical name, which is the sub where
// addresses are user names (auth-flows.md §3).
func TestS074RefreshHashIsOverTheCanonicalName(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}, withSecret)
	a.s.CreateUser(t, a.pool, "ana@example.com", goodPassword)
	tokens := a.signIn(t, "ana@example.com", goodPassword)
	sub := claimsOf(t, tokens.AccessToken)["sub"].(string)
	_, err := a.refresh(t, tokens.RefreshToken, "SECRET_HASH", a.secretHash(sub))
	wantOK(t, err)
	wrong := "Unable to verify secret hash for client " + a.client
	_, err = a.refresh(t, tokens.RefreshToken, "SECRET_HASH", a.secretHash("ana@example.com"))
	wantError(t, err, "NotAuthorizedException", wrong)
	_, err = a.refresh(t, tokens.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Client "+a.client+" is configured with secret but SECRET_HASH was not received")
	// A device or client that knows no token learns nothing from the order.
	_, err = a.refresh(t, aws.String("garbage"), "SECRET_HASH", "x")
	wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token.")
	for _, secret := range []string{"", "wrongSecretOfSomeLength000000"} {
		in := &cip.GetTokensFromRefreshTokenInput{ClientId: &a.client, RefreshToken: tokens.RefreshToken}
		if secret != "" {
			in.ClientSecret = &secret
		}
		_, err = a.s.Anonymous.GetTokensFromRefreshToken(t.Context(), in)
		wantError(t, err, "NotAuthorizedException", wrong)
	}
	public := a.withClient(t, nil)
	_, err = public.refresh(t, tokens.RefreshToken, "SECRET_HASH", "x")
	wantCode(t, err, "InvalidParameterException")
	_, err = public.s.Anonymous.GetTokensFromRefreshToken(t.Context(), &cip.GetTokensFromRefreshTokenInput{
		ClientId: &public.client, RefreshToken: tokens.RefreshToken, ClientSecret: aws.String("secret000000000000000000000"),
	})
	wantCode(t, err, "InvalidParameterException")
}

func TestUnusableRefreshTokens(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := newApp(t, s, nil, nil)
	otherClient, otherPool := a.withClient(t, nil), newApp(t, s, nil, nil)
	s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	const invalid = "Invalid Refresh Token."
	token := *tokens.RefreshToken
	last := token[:len(token)-1] + "A"
	if last == token {
		last = token[:len(token)-1] + "B"
	}
	for name, text := range map[string]string{
		"garbage": "garbage", "access token": *tokens.AccessToken, "ID token": *tokens.IdToken,
		"cut off": token[:len(token)-1], "lengthened": token + "A", "changed": last,
		"two": token + "." + token, "header only": token[:64],
	} {
		for _, use := range []func() error{
			func() error { _, err := a.refresh(t, &text); return err },
			func() error { _, err := a.exchange(t, &text); return err },
		} {
			err := use()
			if err == nil {
				t.Errorf("%s was taken", name)
			}
			wantError(t, err, "NotAuthorizedException", invalid)
		}
	}
	for _, b := range []*app{otherClient, otherPool} {
		_, err := b.refresh(t, tokens.RefreshToken)
		wantError(t, err, "NotAuthorizedException", invalid)
		_, err = b.exchange(t, tokens.RefreshToken)
		wantError(t, err, "NotAuthorizedException", invalid)
	}
	s.Advance(30*24*time.Hour - time.Minute)
	_, err := a.refresh(t, tokens.RefreshToken)
	wantOK(t, err)
	s.Advance(time.Minute)
	_, err = a.refresh(t, tokens.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has expired")
	_, err = a.exchange(t, tokens.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has expired")
}

func TestRefreshIsAFlowThatClientsList(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, withFlows(types.ExplicitAuthFlowsTypeAllowUserPasswordAuth))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	const refusal = "Auth flow not enabled for this client"
	_, err := a.refresh(t, tokens.RefreshToken)
	wantError(t, err, "InvalidParameterException", refusal)
	_, err = a.exchange(t, tokens.RefreshToken)
	wantError(t, err, "InvalidParameterException", refusal)
	rotates := a.withClient(t, rotating(0))
	tokens = rotates.signIn(t, "ana", goodPassword)
	_, err = rotates.refresh(t, tokens.RefreshToken)
	wantError(t, err, "InvalidParameterException", refusal)
}

func TestRefreshFailsClosed(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	tokens := a.signIn(t, "ana", goodPassword)
	_, err := a.s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{
		UserPoolId:   &a.pool,
		LambdaConfig: &types.LambdaConfigType{PreTokenGeneration: aws.String("arn:aws:lambda:us-east-1:123456789012:function:f")},
	})
	wantOK(t, err)
	const message = "PreTokenGeneration invocation failed due to error ResourceNotFoundException."
	_, err = a.refresh(t, tokens.RefreshToken)
	wantError(t, err, "UnexpectedLambdaException", message)
	_, err = a.exchange(t, tokens.RefreshToken)
	wantError(t, err, "UnexpectedLambdaException", message)
}

// rotate exchanges a refresh token and gives the next.
func (a *app) rotate(t *testing.T, refreshToken *string) *string {
	t.Helper()
	got, err := a.exchange(t, refreshToken)
	wantOK(t, err)
	if got.RefreshToken == nil || *got.RefreshToken == *refreshToken {
		t.Fatal("no new refresh token")
	}
	wantOK(t, a.getUser(t.Context(), got.AccessToken))
	return got.RefreshToken
}

const reused = "RefreshTokenReuseException"

func TestS010RotationEndsTheOldTokenAtOnce(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, rotating(0))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	first := a.signIn(t, "ana", goodPassword).RefreshToken
	second := a.rotate(t, first)
	_, err := a.exchange(t, first)
	wantCode(t, err, reused)
	a.s.Advance(5 * time.Second)
	_, err = a.exchange(t, first)
	wantCode(t, err, reused)
	// A retry or a second tab does not sign the user out.
	third := a.rotate(t, second)
	// Now the successor has been used: somebody has a copy.
	_, err = a.exchange(t, first)
	wantCode(t, err, reused)
	_, err = a.exchange(t, third)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	_, err = a.exchange(t, first)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
}

func TestS010LateReuseRevokesTheFamily(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, rotating(0))
	a.s.StopClock()
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	for _, tt := range []struct {
		after   time.Duration
		revokes bool
	}{{5 * time.Second, false}, {59 * time.Second, false}, {61 * time.Second, true}} {
		signedIn := a.signIn(t, "ana", goodPassword)
		second := a.rotate(t, signedIn.RefreshToken)
		a.s.Advance(tt.after)
		_, err := a.exchange(t, signedIn.RefreshToken)
		wantCode(t, err, reused)
		access := a.getUser(t.Context(), signedIn.AccessToken)
		if !tt.revokes {
			wantOK(t, access)
			a.rotate(t, second)
			continue
		}
		wantError(t, access, "NotAuthorizedException", "Access Token has been revoked")
		_, err = a.exchange(t, second)
		wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
	}
}

// Inside the grace period the old token gives further successors of the same
// family; the period counts from the first use (newest-features.md §16).
func TestS010GracePeriod(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, rotating(30))
	a.s.StopClock()
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	first := a.signIn(t, "ana", goodPassword).RefreshToken
	second := a.rotate(t, first)
	a.s.Advance(20 * time.Second)
	again, err := a.exchange(t, first)
	wantOK(t, err)
	if *again.RefreshToken == *second {
		t.Error("the same successor came twice")
	}
	a.s.Advance(11 * time.Second) // 31 s after the first use, 11 s after the second
	_, err = a.exchange(t, first)
	wantCode(t, err, reused)
	a.rotate(t, second)
	a.rotate(t, again.RefreshToken)
}

func TestS010ReuseAfterTheGracePeriodRevokes(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, rotating(60))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	first := a.signIn(t, "ana", goodPassword).RefreshToken
	second := a.rotate(t, first)
	a.s.Advance(61 * time.Second)
	_, err := a.exchange(t, first)
	wantCode(t, err, reused)
	_, err = a.exchange(t, second)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has been revoked")
}

// A family ends when its first token would have, however often it rotates.
func TestS010RotationDoesNotSlide(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Start(t), nil, func(in *cip.CreateUserPoolClientInput) {
		rotating(0)(in)
		in.RefreshTokenValidity = 2
		in.TokenValidityUnits = &types.TokenValidityUnitsType{RefreshToken: types.TimeUnitsTypeHours}
	})
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	token := a.signIn(t, "ana", goodPassword).RefreshToken
	for range 3 {
		a.s.Advance(35 * time.Minute)
		token = a.rotate(t, token)
	}
	a.s.Advance(16 * time.Minute)
	_, err := a.exchange(t, token)
	wantError(t, err, "NotAuthorizedException", "Refresh Token has expired")
}

func TestS010OfManyParallelRefreshesOneWins(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, rotating(0))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	first := a.signIn(t, "ana", goodPassword).RefreshToken
	var mu sync.Mutex
	var next []*string
	refusals := 0
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			got, err := a.s.Anonymous.GetTokensFromRefreshToken(t.Context(), &cip.GetTokensFromRefreshTokenInput{ClientId: &a.client, RefreshToken: first})
			mu.Lock()
			defer mu.Unlock()
			var refused smithy.APIError
			switch {
			case err == nil:
				next = append(next, got.AuthenticationResult.RefreshToken)
			case errors.As(err, &refused) && refused.ErrorCode() == reused:
				refusals++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(next) != 1 || refusals != 49 {
		t.Fatalf("%d won and %d were refused", len(next), refusals)
	}
	a.rotate(t, next[0]) // the family lives
}

// recorded.md §2.3: what an administrator's sign-in by password gives is of no
// use at a rotating client.
func TestAdminPasswordTokensDoNotRotate(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), nil, rotating(0))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	got, err := a.adminInitiate(t, types.AuthFlowTypeAdminNoSrpAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
	wantOK(t, err)
	_, err = a.exchange(t, got.AuthenticationResult.RefreshToken)
	wantError(t, err, "NotAuthorizedException", "Invalid Refresh Token.")
}
