package api_test

import (
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/srp/srpclient"
)

// begin signs in with metadata in the first request.
func (w world) beginWith(t *testing.T, flow types.AuthFlowType, pairs ...string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	return w.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: flow, AuthParameters: w.params(pairs...), ClientMetadata: metadata,
	})
}

var laterMetadata = map[string]string{"later": "yes"}

func (w world) respondWith(t *testing.T, challenge types.ChallengeNameType, session *string, pairs ...string) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return w.s.Anonymous.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
		ClientId: &w.client, ChallengeName: challenge, Session: session, ChallengeResponses: w.params(pairs...), ClientMetadata: laterMetadata,
	})
}

const signInSources = "PreAuthentication_Authentication TokenGeneration_Authentication PostAuthentication_Authentication"

func TestPasswordSignInCallsFunctions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	h.take()
	_, err := w.beginWith(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
	wantOK(t, err)
	events := h.take()
	if got := sources(events); got != signInSources {
		t.Fatal(got)
	}
	attributes := object{
		"sub": w.attribute(t, "ana", "sub"), "email": "ana@example.com", "cognito:user_status": "CONFIRMED",
	}
	if diff := cmp.Diff(object{"userAttributes": attributes, "validationData": object{"from": "app"}}, events[0].Request); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{
		"userAttributes":     attributes,
		"groupConfiguration": object{"groupsToOverride": []any{}, "iamRolesToOverride": []any{}, "preferredRole": nil},
	}, events[1].Request); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(object{"userAttributes": attributes, "newDeviceUsed": false}, events[2].Request); diff != "" {
		t.Error(diff)
	}
}

func TestSRPSignInCallsFunctions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	h.take()
	c, _ := w.beginSRP(t, "ana")
	begun, err := w.beginWith(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", "ana", "SRP_A", c.A())
	wantOK(t, err)
	if got := sources(h.take()); got != "" {
		t.Errorf("before the proof: %s", got)
	}
	_, err = w.respondWith(t, types.ChallengeNameTypePasswordVerifier, nil, w.srpAnswer(t, c, begun.ChallengeParameters, goodPassword, h.s.Now())...)
	wantOK(t, err)
	events := h.take()
	if got := sources(events); got != signInSources {
		t.Fatal(got)
	}
	if diff := cmp.Diff(any(object{"from": "app"}), events[0].Request["validationData"]); diff != "" {
		t.Error(diff)
	}
	for _, e := range events[1:] {
		if diff := cmp.Diff(any(object{"later": "yes"}), e.Request["clientMetadata"]); diff != "" {
			t.Errorf("%s: %s", e.Kind, diff)
		}
	}
}

func TestMetadataThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	for size, fits := range map[int]bool{8000: true, 9000: false} {
		c := srpclient.New()
		begun, err := w.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
			ClientId: &w.client, AuthFlow: types.AuthFlowTypeUserSrpAuth, AuthParameters: w.params("USERNAME", "ana", "SRP_A", c.A()),
			ClientMetadata: map[string]string{"k": strings.Repeat("x", size)},
		})
		if !fits {
			wantCode(t, err, "InvalidParameterException")
			continue
		}
		wantOK(t, err)
		h.take()
		_, err = w.respondWith(t, types.ChallengeNameTypePasswordVerifier, nil, w.srpAnswer(t, c, begun.ChallengeParameters, goodPassword, h.s.Now())...)
		wantOK(t, err)
		if got := h.take()[0].Request["validationData"].(object)["k"].(string); len(got) != size {
			t.Errorf("%d characters arrived", len(got))
		}
	}
}

func TestAFunctionMayRefuseASignIn(t *testing.T) {
	t.Parallel()
	for source, message := range map[string]string{
		"PreAuthentication":  "PreAuthentication failed with error not you.",
		"TokenGeneration":    "PreTokenGeneration failed with error not you.",
		"PostAuthentication": "PostAuthentication failed with error not you.",
	} {
		h := newHost(t)
		w := h.world(t)
		h.s.CreateUser(t, w.pool, "ana", goodPassword)
		h.answer(source, "not you")
		_, err := w.tryPassword(t, "ana", goodPassword)
		wantError(t, err, "UserLambdaValidationException", message)
		_, err = w.trySRP(t, "ana", goodPassword)
		wantError(t, err, "UserLambdaValidationException", message)
	}
}

func TestUnknownUsersAreShownToPreAuthentication(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t, func(in *cip.CreateUserPoolInput) { in.LambdaConfig = everything("UserMigration") })
	_, err := w.tryPassword(t, "nobody", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	if got := sources(h.take()); got != "" {
		t.Error(got)
	}
	_, err = w.hidden(t).tryPassword(t, "nobody", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	e := h.one(t, "PreAuthentication_Authentication")
	if diff := cmp.Diff(object{"userAttributes": object{}, "validationData": nil, "userNotFound": true}, e.Request); diff != "" || e.Name != "nobody" {
		t.Errorf("%s %s", e.Name, diff)
	}
}

func TestNewPasswordCallsFunctions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	w.invite(t, "ana")
	h.take()
	begun := w.challenged(t, "ana")
	h.one(t, "PreAuthentication_Authentication")
	_, err := w.choose(t, begun.Session, "ana", betterPassword)
	wantOK(t, err)
	if got := sources(h.take()); got != "TokenGeneration_NewPasswordChallenge PostAuthentication_Authentication" {
		t.Error(got)
	}
}

// v2 is a configuration with a function of a later version.
func v2(version types.PreTokenGenerationLambdaVersionType) func(*cip.CreateUserPoolInput) {
	return func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{PreTokenGenerationConfig: &types.PreTokenGenerationVersionConfigType{
			LambdaArn: new(functionARN), LambdaVersion: version,
		}}
	}
}

func TestS034TokensAreChangedWithinBounds(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t, func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{PreTokenGeneration: new(functionARN)}
	})
	h.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "name", "Ana")
	plain := claimsOf(t, w.signIn(t, "ana", goodPassword).IdToken)
	h.answer("TokenGeneration", object{"claimsOverrideDetails": object{
		"claimsToAddOrOverride": object{"tenant": "acme", "name": "Bea", "sub": "x", "iss": "x", "cognito:username": "x", "token_use": "x", "aud": "x"},
		"claimsToSuppress":      []string{"email", "exp", "sub"},
		"groupOverrideDetails":  object{"groupsToOverride": []string{"staff"}, "iamRolesToOverride": []string{"arn:aws:iam::1:role/r"}, "preferredRole": "arn:aws:iam::1:role/r"},
	}})
	got := w.signIn(t, "ana", goodPassword)
	id, access := claimsOf(t, got.IdToken), claimsOf(t, got.AccessToken)
	if id["tenant"] != "acme" || id["name"] != "Bea" || id["email"] != nil || id["cognito:preferred_role"] != "arn:aws:iam::1:role/r" {
		t.Errorf("ID token %v", id)
	}
	for _, name := range []string{"sub", "iss", "cognito:username", "token_use", "aud"} {
		if diff := cmp.Diff(plain[name], id[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if id["exp"] == nil || access["tenant"] != nil {
		t.Errorf("exp %v, tenant in the access token %v", id["exp"], access["tenant"])
	}
	for _, claims := range []map[string]any{id, access} {
		if diff := cmp.Diff(any([]any{"staff"}), claims["cognito:groups"]); diff != "" {
			t.Error(diff)
		}
	}
	h.answer("TokenGeneration", object{"claimsOverrideDetails": object{"claimsToAddOrOverride": object{"n": 7}}})
	_, err := w.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "InvalidLambdaResponseException", "Unrecognizable lambda output")
}

func TestLaterVersionsChangeBothTokens(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	for version, number := range map[types.PreTokenGenerationLambdaVersionType]string{"V2_0": "2", "V3_0": "3"} {
		w := h.world(t, v2(version))
		h.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
		h.answer("TokenGeneration", object{"claimsAndScopeOverrideDetails": object{
			"idTokenGeneration": object{"claimsToAddOrOverride": object{"level": 7, "flags": []bool{true}}, "claimsToSuppress": []string{"email"}},
			"accessTokenGeneration": object{
				"claimsToAddOrOverride": object{"tenant": object{"id": 1}, "client_id": "x"}, "scopesToAdd": []string{"shop/read"},
				"scopesToSuppress": []string{"aws.cognito.signin.user.admin"}, "claimsToSuppress": []string{"username"},
			},
		}})
		h.take()
		got := w.signIn(t, "ana", goodPassword)
		e := h.one(t, "TokenGeneration_Authentication")
		if e.Version != number {
			t.Errorf("%s: version %s", version, e.Version)
		}
		if diff := cmp.Diff(any([]any{"aws.cognito.signin.user.admin"}), e.Request["scopes"]); diff != "" {
			t.Error(diff)
		}
		id, access := claimsOf(t, got.IdToken), claimsOf(t, got.AccessToken)
		want := object{"level": 7.0, "flags": []any{true}, "email": nil}
		if diff := cmp.Diff(want, object{"level": id["level"], "flags": id["flags"], "email": id["email"]}); diff != "" {
			t.Error(diff)
		}
		want = object{"tenant": object{"id": 1.0}, "client_id": w.client, "scope": "shop/read", "username": "ana"}
		if diff := cmp.Diff(want, object{"tenant": access["tenant"], "client_id": access["client_id"], "scope": access["scope"], "username": access["username"]}); diff != "" {
			t.Error(diff)
		}
	}
}

func TestRefreshCallsAFunction(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.s.CreateUser(t, w.pool, "ana", goodPassword)
	tokens := w.signIn(t, "ana", goodPassword)
	h.take()
	h.answer("TokenGeneration_RefreshTokens", object{"claimsOverrideDetails": object{"claimsToAddOrOverride": object{"again": "yes"}}})
	_, err := w.beginWith(t, types.AuthFlowTypeRefreshTokenAuth, "REFRESH_TOKEN", *tokens.RefreshToken)
	wantOK(t, err)
	if e := h.one(t, "TokenGeneration_RefreshTokens"); e.Request["clientMetadata"] != nil {
		t.Errorf("metadata %v", e.Request["clientMetadata"])
	}
	got, err := h.s.Anonymous.GetTokensFromRefreshToken(t.Context(), &cip.GetTokensFromRefreshTokenInput{
		ClientId: &w.client, RefreshToken: tokens.RefreshToken, ClientMetadata: metadata,
	})
	wantOK(t, err)
	if e := h.one(t, "TokenGeneration_RefreshTokens"); e.Request["clientMetadata"] == nil {
		t.Error("no metadata")
	}
	if claimsOf(t, got.AuthenticationResult.IdToken)["again"] != "yes" {
		t.Error("the answer had no effect")
	}
	// A function that fails costs a rotating client no token.
	r := w.withClient(t, rotating(0))
	tokens = r.signIn(t, "ana", goodPassword)
	h.answer("TokenGeneration_RefreshTokens", "not now")
	_, err = r.exchange(t, tokens.RefreshToken)
	wantError(t, err, "UserLambdaValidationException", "PreTokenGeneration failed with error not now.")
	h.answer("TokenGeneration_RefreshTokens", nil)
	_, err = r.exchange(t, tokens.RefreshToken)
	wantOK(t, err)
}

func TestUsersAreMigratedAtSignIn(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.answer("UserMigration_Authentication", object{
		"userAttributes": object{"email": "ana@example.com", "email_verified": "true"}, "finalUserStatus": "CONFIRMED", "messageAction": "SUPPRESS",
	})
	_, err := w.beginWith(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
	wantOK(t, err)
	events := h.take()
	if got := sources(events); got != "UserMigration_Authentication "+signInSources {
		t.Fatal(got)
	}
	want := object{"password": goodPassword, "validationData": object{"from": "app"}}
	if diff := cmp.Diff(want, events[0].Request); diff != "" || events[0].Name != "ana" {
		t.Errorf("%s %s", events[0].Name, diff)
	}
	if w.status(t, "ana") != "CONFIRMED" || w.attribute(t, "ana", "email_verified") != "true" {
		t.Error("the user is not as the function said")
	}
	// Now the user is there: nobody asks again, and SRP works.
	_, err = w.trySRP(t, "ana", goodPassword)
	wantOK(t, err)
	_, err = w.tryPassword(t, "ana", "Wrong-Horse1!")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	if got := sources(h.take()); strings.Contains(got, "UserMigration") {
		t.Error(got)
	}
	h.answer("UserMigration_Authentication", object{"userAttributes": object{}})
	_, err = w.tryPassword(t, "ben", goodPassword)
	wantError(t, err, "PasswordResetRequiredException", "Password reset required for the user")
	_, err = w.initiate(t, types.AuthFlowTypeUserSrpAuth, "USERNAME", "nobody", "SRP_A", srpclient.New().A())
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestUsersAreMigratedWhenTheyForgotTheirPassword(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.answer("UserMigration_ForgotPassword", known())
	_, err := w.forgot(t, "ana")
	wantOK(t, err)
	events := h.take()
	if got := sources(events); got != "UserMigration_ForgotPassword CustomMessage_ForgotPassword" {
		t.Fatal(got)
	}
	if events[0].Request["password"] != nil {
		t.Errorf("password %v", events[0].Request["password"])
	}
	wantOK(t, w.confirmForgot(t, "ana", h.s.Code(t, w.pool, "ana"), betterPassword))
	w.signIn(t, "ana", betterPassword)
}

// TestS075HostileMigrations are answers that make no user.
func TestS075HostileMigrations(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t, func(in *cip.CreateUserPoolInput) { in.AliasAttributes = []types.AliasAttributeType{"email"} })
	h.s.CreateUser(t, w.pool, "owner", goodPassword, "email", "owner@example.com", "email_verified", "true")
	hidden := w.hidden(t)
	confirmed := func(attributes object) object {
		return object{"userAttributes": attributes, "finalUserStatus": "CONFIRMED"}
	}
	for name, c := range map[string]struct {
		answer any
		code   string
	}{
		"throws":       {"no such user", "UserLambdaValidationException"},
		"nothing":      {object{}, "InvalidLambdaResponseException"},
		"null":         {object{"userAttributes": nil, "finalUserStatus": "CONFIRMED"}, "InvalidLambdaResponseException"},
		"numbers":      {confirmed(object{"email": 7}), "InvalidLambdaResponseException"},
		"own-sub":      {confirmed(object{"sub": "11111111-1111-1111-1111-111111111111"}), "InvalidParameterException"},
		"identities":   {confirmed(object{"identities": "[]"}), "InvalidParameterException"},
		"unknown":      {confirmed(object{"custom:admin": "1"}), "InvalidParameterException"},
		"other-name":   {confirmed(object{"username": "owner"}), "InvalidLambdaResponseException"},
		"bad-email":    {confirmed(object{"email": "nonsense"}), "InvalidParameterException"},
		"taken-alias":  {confirmed(object{"email": "owner@example.com", "email_verified": "true"}), "AliasExistsException"},
		"no-phone-mfa": {object{"userAttributes": object{}, "finalUserStatus": "CONFIRMED", "enableSMSMFA": true}, "InvalidLambdaResponseException"},
	} {
		h.answer("UserMigration", c.answer)
		_, err := w.tryPassword(t, name, goodPassword)
		wantCode(t, err, c.code)
		w.missing(t, name)
		_, err = hidden.tryPassword(t, name, goodPassword)
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		w.missing(t, name)
	}
	// Guessing is slowed down like any other: a lock keeps the function from
	// being asked.
	h.answer("UserMigration", "no such user")
	for range 6 {
		_, _ = hidden.tryPassword(t, "guess", goodPassword)
	}
	h.take()
	_, err := hidden.tryPassword(t, "guess", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Password attempts exceeded")
	if got := sources(h.take()); got != "" {
		t.Errorf("asked during the lock: %s", got)
	}
	// Names that nobody could have are asked about neither.
	_, err = w.tryPassword(t, "two words", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	if got := sources(h.take()); got != "" {
		t.Errorf("asked: %s", got)
	}
}
