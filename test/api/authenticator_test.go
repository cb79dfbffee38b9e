package api_test

import (
	"encoding/base32"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/protocol/totp"
	"cognate/internal/servertest"
)

// authenticator is a user's app. It gives codes of steps one after another, the
// oldest that the server still takes first, so that a test has three of them at
// any time.
type authenticator struct {
	s      *servertest.Server
	secret []byte
	last   int64
}

func newAuthenticator(t *testing.T, s *servertest.Server, secretCode *string) *authenticator {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(aws.ToString(secretCode))
	wantOK(t, err)
	if len(secret) != 32 || len(*secretCode) != 52 {
		t.Errorf("secret of %d characters and %d bytes", len(*secretCode), len(secret))
	}
	return &authenticator{s: s, secret: secret}
}

func (a *authenticator) at(t *testing.T, step int64) string {
	t.Helper()
	code, err := totp.Code(a.secret, step)
	wantOK(t, err)
	return code
}

// next is a code that was not given before.
func (a *authenticator) next(t *testing.T) string {
	t.Helper()
	now := totp.StepAt(a.s.Now())
	a.last = max(a.last+1, now-1)
	if a.last > now+1 {
		t.Fatal("no further code at this time")
	}
	return a.at(t, a.last)
}

// wrong is a code of no step near the present one.
func (a *authenticator) wrong(t *testing.T) string {
	t.Helper()
	now := totp.StepAt(a.s.Now())
	var near []string
	for step := now - 3; step <= now+3; step++ {
		near = append(near, a.at(t, step))
	}
	for _, code := range []string{"000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777"} {
		if !slices.Contains(near, code) {
			return code
		}
	}
	t.Fatal("all codes are near")
	return ""
}

// withMFA makes an application whose pool has the factors of the request.
func withMFA(t *testing.T, s *servertest.Server, pool func(*cip.CreateUserPoolInput), mfa cip.SetUserPoolMfaConfigInput) *app {
	t.Helper()
	a := newApp(t, s, pool, nil)
	a.setMFA(t, mfa)
	return a
}

func (a *app) setMFA(t *testing.T, mfa cip.SetUserPoolMfaConfigInput) {
	t.Helper()
	mfa.UserPoolId = &a.pool
	_, err := setMFA(t, a.s, mfa)
	wantOK(t, err)
}

func tokensOnly(mode types.UserPoolMfaType) cip.SetUserPoolMfaConfigInput {
	return cip.SetUserPoolMfaConfigInput{MfaConfiguration: mode, SoftwareTokenMfaConfiguration: tokenFactor}
}

// begin signs in with a password up to whatever comes next.
func (a *app) begin(t *testing.T, username string) *cip.InitiateAuthOutput {
	t.Helper()
	got, err := a.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", username, "PASSWORD", goodPassword)
	wantOK(t, err)
	return got
}

// awaits is begin where a certain challenge has to come.
func (a *app) awaits(t *testing.T, username string, want types.ChallengeNameType) *cip.InitiateAuthOutput {
	t.Helper()
	got := a.begin(t, username)
	if got.ChallengeName != want || got.AuthenticationResult != nil || got.Session == nil {
		t.Fatalf("got %q with tokens %v, want %q", got.ChallengeName, got.AuthenticationResult != nil, want)
	}
	return got
}

func (a *app) associate(t *testing.T, accessToken, session *string) (*cip.AssociateSoftwareTokenOutput, error) {
	t.Helper()
	return a.s.Anonymous.AssociateSoftwareToken(t.Context(), &cip.AssociateSoftwareTokenInput{AccessToken: accessToken, Session: session})
}

func (a *app) verifyToken(t *testing.T, accessToken, session *string, code string) (*cip.VerifySoftwareTokenOutput, error) {
	t.Helper()
	return a.s.Anonymous.VerifySoftwareToken(t.Context(), &cip.VerifySoftwareTokenInput{
		AccessToken: accessToken, Session: session, UserCode: &code, FriendlyDeviceName: aws.String("my phone"),
	})
}

// enrol registers an app for a user who can sign in without one.
func (a *app) enrol(t *testing.T, accessToken *string) *authenticator {
	t.Helper()
	made, err := a.associate(t, accessToken, nil)
	wantOK(t, err)
	device := newAuthenticator(t, a.s, made.SecretCode)
	_, err = a.verifyToken(t, accessToken, nil, device.next(t))
	wantOK(t, err)
	return device
}

// prefer sets the preference of a user.
func (a *app) prefer(t *testing.T, username string, in cip.AdminSetUserMFAPreferenceInput) error {
	t.Helper()
	in.UserPoolId, in.Username = &a.pool, &username
	_, err := a.s.SDK.AdminSetUserMFAPreference(t.Context(), &in)
	return err
}

var (
	tokenPreferred = cip.AdminSetUserMFAPreferenceInput{
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true},
	}
	smsPreferred   = cip.AdminSetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}}
	emailPreferred = cip.AdminSetUserMFAPreferenceInput{EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true, PreferredMfa: true}}
)

// withToken makes a user with a registered and preferred app in an OPTIONAL pool.
func withToken(t *testing.T, s *servertest.Server) (*app, *authenticator) {
	t.Helper()
	a := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOptional))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	device := a.enrol(t, a.signIn(t, "ana", goodPassword).AccessToken)
	wantOK(t, a.prefer(t, "ana", tokenPreferred))
	return a, device
}

func (a *app) answerToken(t *testing.T, session *string, code string) (*cip.RespondToAuthChallengeOutput, error) {
	t.Helper()
	return a.respond(t, types.ChallengeNameTypeSoftwareTokenMfa, session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", code)
}
