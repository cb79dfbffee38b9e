package api_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/webauthn/passkeytest"
	"cognate/internal/servertest"
)

const (
	level1 = "urn:cognito:loa:1"
	level2 = "urn:cognito:loa:2"
	level3 = "urn:cognito:loa:3"
	level4 = "urn:cognito:loa:4"
)

// levelApp is an application with passkeys and authenticator apps.
func levelApp(t *testing.T, s *servertest.Server, change func(*types.WebAuthnConfigurationType)) *app {
	t.Helper()
	a := newApp(t, s, firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn, types.AuthFactorTypeEmailOtp), func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = append(in.ExplicitAuthFlows, types.ExplicitAuthFlowsTypeAllowUserAuth)
	})
	c := &types.WebAuthnConfigurationType{RelyingPartyId: aws.String(passkeyParty), UserVerification: types.UserVerificationTypePreferred}
	if change != nil {
		change(c)
	}
	in := tokensOnly(types.UserPoolMfaTypeOptional)
	in.WebAuthnConfiguration = c
	a.setMFA(t, in)
	return a
}

// wantLevel checks acr and amr of both tokens.
func wantLevel(t *testing.T, got *types.AuthenticationResultType, acr string, amr ...any) {
	t.Helper()
	wantTokens(t, got)
	for _, token := range []*string{got.AccessToken, got.IdToken} {
		claims := claimsOf(t, token)
		if diff := cmp.Diff(amr, claims["amr"]); claims["acr"] != acr || diff != "" {
			t.Errorf("acr %v, want %s; amr %s", claims["acr"], acr, diff)
		}
	}
}

func (a *app) stepUp(t *testing.T, username string, token *string, targets string, more ...string) (*cip.InitiateAuthOutput, error) {
	t.Helper()
	pairs := append([]string{"USERNAME", username, "TARGET_ACR_VALUES", targets}, more...)
	if token != nil {
		pairs = append(pairs, "ACCESS_TOKEN", *token)
	}
	return a.initiate(t, choiceFlow, pairs...)
}

// With a token only what is missing is asked for (newest-features.md §10.3).
func TestStepUpAsksForWhatIsMissing(t *testing.T) {
	t.Parallel()
	a := levelApp(t, servertest.Shared(t), nil)
	t.Run("an app after a password", func(t *testing.T) {
		a.s.CreateUser(t, a.pool, "ana", goodPassword)
		low := a.signIn(t, "ana", goodPassword)
		wantLevel(t, low, level1, "pwd")
		device := a.enrol(t, low.AccessToken)
		wantOK(t, a.prefer(t, "ana", tokenPreferred))
		asked, err := a.stepUp(t, "ana", low.AccessToken, level4)
		wantOK(t, err)
		if asked.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
			t.Fatalf("%+v", asked)
		}
		_, err = a.answerToken(t, asked.Session, device.wrong(t))
		wantCode(t, err, "CodeMismatchException")
		done, err := a.answerToken(t, asked.Session, device.next(t))
		wantOK(t, err)
		wantLevel(t, done.AuthenticationResult, level4, "pwd", "otp", "mfa")
		if *done.AuthenticationResult.RefreshToken == *low.RefreshToken {
			t.Error("no refresh token of its own")
		}
		wantOK(t, a.getUser(t.Context(), low.AccessToken)) // the old token is not revoked
		again, err := a.initiate(t, types.AuthFlowTypeRefreshTokenAuth, "REFRESH_TOKEN", *done.AuthenticationResult.RefreshToken)
		wantOK(t, err)
		claims := claimsOf(t, again.AuthenticationResult.AccessToken)
		if diff := cmp.Diff([]any{"pwd", "otp", "mfa"}, claims["amr"]); diff != "" || claims["acr"] != level4 {
			t.Errorf("after a refresh: %v %s", claims["acr"], diff)
		}
		for _, targets := range []string{level4, level1, "x " + level3} {
			_, err = a.stepUp(t, "ana", done.AuthenticationResult.AccessToken, targets)
			wantCode(t, err, "InvalidParameterException") // it has that already
		}
	})
	t.Run("a passkey after a password", func(t *testing.T) {
		a.s.CreateUser(t, a.pool, "bo", goodPassword)
		low := a.signIn(t, "bo", goodPassword).AccessToken
		key := passkeytest.New(passkeyParty, passkeyPage)
		a.register(t, low, key)
		asked, err := a.stepUp(t, "bo", low, level4+" "+level3)
		wantOK(t, err)
		answer, err := key.Get([]byte(asked.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]))
		wantOK(t, err)
		done, err := a.respond(t, "WEB_AUTHN", asked.Session, "USERNAME", "bo", "CREDENTIAL", string(answer))
		wantOK(t, err)
		wantLevel(t, done.AuthenticationResult, level3, "pwd", "swk", "mfa")
	})
	t.Run("a code by e-mail after a password", func(t *testing.T) {
		a.s.CreateUser(t, a.pool, "cleo", goodPassword, "email", "cleo@example.com")
		asked, err := a.stepUp(t, "cleo", a.signIn(t, "cleo", goodPassword).AccessToken, level2)
		wantOK(t, err)
		code := a.s.Mailbox.Wait(t, a.pool, "cleo", 1).Code
		if asked.ChallengeName != types.ChallengeNameTypeEmailOtp || len(code) != 6 {
			t.Fatalf("%s, code %q", asked.ChallengeName, code)
		}
		done, err := a.respond(t, "EMAIL_OTP", asked.Session, "USERNAME", "cleo", "EMAIL_OTP_CODE", code)
		wantOK(t, err)
		wantLevel(t, done.AuthenticationResult, level3, "pwd", "email_otp", "mfa")
	})
}

// Without a token, or with one that is too old, the whole way to the level.
func TestLevelByFullAuthentication(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := levelApp(t, s, nil)
	s.CreateUser(t, a.pool, "ana", goodPassword)
	low := a.signIn(t, "ana", goodPassword).AccessToken
	device := a.enrol(t, low)
	wantOK(t, a.prefer(t, "ana", tokenPreferred))
	full := func(t *testing.T, want string, got *cip.InitiateAuthOutput, err error) {
		t.Helper()
		wantOK(t, err)
		if got.ChallengeName != types.ChallengeNameTypeSelectChallenge || names(got.AvailableChallenges) != want {
			t.Fatalf("%+v", got)
		}
	}
	got, err := a.stepUp(t, "ana", nil, level4)
	full(t, "PASSWORD PASSWORD_SRP", got, err)
	asked, err := a.respond(t, "PASSWORD", got.Session, "USERNAME", "ana", "PASSWORD", goodPassword)
	wantOK(t, err)
	if asked.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("%+v", asked)
	}
	done, err := a.answerToken(t, asked.Session, device.next(t))
	wantOK(t, err)
	wantLevel(t, done.AuthenticationResult, level4, "pwd", "otp", "mfa")

	s.Advance(2 * time.Minute)
	got, err = a.stepUp(t, "ana", low, level4, "MAX_AGE", "60")
	full(t, "PASSWORD PASSWORD_SRP", got, err)
	got, err = a.stepUp(t, "ana", done.AuthenticationResult.AccessToken, level4, "MAX_AGE", "0")
	full(t, "PASSWORD PASSWORD_SRP", got, err)
	got, err = a.stepUp(t, "ana", low, level4, "MAX_AGE", "600")
	wantOK(t, err)
	if got.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("%+v", got)
	}

	// A second factor that the user switched on is asked for, even if less would
	// do.
	asked1, err := a.stepUp(t, "ana", nil, level1, "PREFERRED_CHALLENGE", "PASSWORD", "PASSWORD", goodPassword)
	wantOK(t, err)
	if asked1.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Fatalf("%+v", asked1)
	}
}

func TestLevelsThatAreRefused(t *testing.T) {
	t.Parallel()
	a := levelApp(t, servertest.Start(t), nil)
	answer := a.s.Call(t, "UpdateUserPool", `{"UserPoolId":"`+a.pool+`","AcrConfiguration":{"Level3":{"AcrValue":"strong"}},`+
		`"MfaConfiguration":"OPTIONAL","Policies":{"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD","WEB_AUTHN"]}}}`)
	if answer.Status != 200 {
		t.Fatal(answer.Body)
	}
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	a.s.CreateUser(t, a.pool, "bo", goodPassword)
	ana, bo := a.signIn(t, "ana", goodPassword).AccessToken, a.signIn(t, "bo", goodPassword).AccessToken
	_, err := a.initiate(t, choiceFlow, "USERNAME", "ana", "ACCESS_TOKEN", *ana)
	wantError(t, err, "InvalidParameterException", "Missing required parameter TARGET_ACR_VALUES")
	for _, c := range []struct {
		name    string
		token   *string
		targets string
		more    []string
		want    string
	}{
		{"unknown names", ana, "gold silver", nil, "InvalidParameterException"},
		{"the usual name of a renamed level", ana, level3, nil, "InvalidParameterException"},
		{"another user's token", bo, level4, nil, "NotAuthorizedException"},
		{"no token at all", aws.String("x.y.z"), level4, nil, "NotAuthorizedException"},
		{"out of reach", ana, level4, nil, "InvalidParameterException"},
		{"out of reach from the start", nil, "strong", nil, "InvalidParameterException"},
		{"reached", ana, level1, nil, "InvalidParameterException"},
		{"a negative age", ana, level4, []string{"MAX_AGE", "-1"}, "InvalidParameterException"},
		{"no number", ana, level4, []string{"MAX_AGE", "x"}, "InvalidParameterException"},
	} {
		if _, err := a.stepUp(t, "ana", c.token, c.targets, c.more...); err == nil {
			t.Errorf("%s: accepted", c.name)
		} else {
			wantCode(t, err, c.want)
		}
	}
	key := passkeytest.New(passkeyParty, passkeyPage)
	a.register(t, ana, key)
	asked, err := a.stepUp(t, "ana", ana, level4+" strong")
	wantOK(t, err)
	assertion, err := key.Get([]byte(asked.ChallengeParameters["CREDENTIAL_REQUEST_OPTIONS"]))
	wantOK(t, err)
	done, err := a.respond(t, "WEB_AUTHN", asked.Session, "USERNAME", "ana", "CREDENTIAL", string(assertion))
	wantOK(t, err)
	wantLevel(t, done.AuthenticationResult, "strong", "pwd", "swk", "mfa")
}

// A passkey of a verified user stands for both factors where pool and user want it
// (newest-features.md §12); never does a lesser one get past MFA (S067).
func TestS067PasskeyAsSecondFactor(t *testing.T) {
	t.Parallel()
	multi := func(c *types.WebAuthnConfigurationType) {
		c.FactorConfiguration = types.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification
	}
	a := levelApp(t, servertest.Shared(t), multi)
	a.s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com")
	token := a.signIn(t, "ana", goodPassword).AccessToken
	key := passkeytest.New(passkeyParty, passkeyPage)
	a.register(t, token, key)
	passkeys := cip.AdminSetUserMFAPreferenceInput{WebAuthnMfaSettings: &types.WebAuthnMfaSettingsType{Enabled: true}}
	if err := a.prefer(t, "ana", passkeys); err == nil {
		t.Error("passkeys became the only second factor")
	}
	a.enrol(t, token)
	wantOK(t, a.prefer(t, "ana", tokenPreferred))
	if got := names(a.choices(t, "USERNAME", "ana").AvailableChallenges); got != "PASSWORD PASSWORD_SRP" {
		t.Errorf("choice %s before the user's switch", got)
	}
	wantOK(t, a.prefer(t, "ana", passkeys))
	if got := names(a.choices(t, "USERNAME", "ana").AvailableChallenges); got != "PASSWORD PASSWORD_SRP WEB_AUTHN" {
		t.Errorf("choice %s", got)
	}
	done, err := a.tryPasskey(t, "ana", key)
	wantOK(t, err)
	wantLevel(t, done, level3, "swk")
	key.Flags = passkeytest.UserPresent
	_, err = a.tryPasskey(t, "ana", key)
	wantRefused(t, err)
	key.Flags |= passkeytest.UserVerified

	// The switch goes off between question and answer.
	options, session := a.beginPasskey(t, "ana")
	answer, err := key.Get(options)
	wantOK(t, err)
	wantOK(t, a.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{WebAuthnMfaSettings: &types.WebAuthnMfaSettingsType{Enabled: false}}))
	_, err = a.respond(t, "WEB_AUTHN", session, "USERNAME", "ana", "CREDENTIAL", string(answer))
	wantRefused(t, err)
	// After a password the other factor is asked for.
	a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)

	factors, err := a.s.Anonymous.GetUserAuthFactors(t.Context(), &cip.GetUserAuthFactorsInput{AccessToken: token})
	wantOK(t, err)
	byAdmin := a.s.Call(t, "AdminGetUserAuthFactors", `{"UserPoolId":"`+a.pool+`","Username":"ana"}`)
	want := []types.AuthFactorType{"PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN"}
	if diff := cmp.Diff(want, factors.ConfiguredUserAuthFactors); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(byAdmin.Body, `"ConfiguredUserAuthFactors":["PASSWORD","EMAIL_OTP","WEB_AUTHN","SOFTWARE_TOKEN"]`) {
		t.Error(byAdmin.Body)
	}
}
