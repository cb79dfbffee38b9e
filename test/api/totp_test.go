package api_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/cognito/messages"
	"cognate/internal/protocol/totp"
	"cognate/internal/servertest"
)

const (
	noTokens      = "Software Token MFA has not been enabled by the userPool"
	noToken       = "Software Token MFA does not exist for the user."
	wrongTokenSet = "Code mismatch and fail enable Software Token MFA"
	wrongToken    = "Invalid code received for user"
	usedToken     = "Your software token has already been used once."
	wrongSignIn   = "Invalid code or auth state for the user."
	usedSession   = "Invalid session for the user, session can only be used once."
	otherStep     = "Invalid session provided for the user."
	badSession    = "Invalid session for the user."
)

func TestTokenByAccessToken(t *testing.T) {
	t.Parallel()
	a := withMFA(t, servertest.Shared(t), nil, tokensOnly(types.UserPoolMfaTypeOptional))
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	access := a.signIn(t, "ana", goodPassword).AccessToken

	_, err := a.verifyToken(t, access, nil, "123456")
	wantCode(t, err, "SoftwareTokenMFANotFoundException")
	made, err := a.associate(t, access, nil)
	wantOK(t, err)
	if made.Session != nil {
		t.Error("AssociateSoftwareToken by access token gave a Session")
	}
	device := newAuthenticator(t, a.s, made.SecretCode)
	_, err = a.verifyToken(t, access, nil, device.wrong(t))
	wantError(t, err, "EnableSoftwareTokenMFAException", wrongTokenSet)
	// Not proved: no factor.
	wantError(t, a.prefer(t, "ana", tokenPreferred), "InvalidParameterException",
		"User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA")
	// A new secret voids the one before.
	again, err := a.associate(t, access, nil)
	wantOK(t, err)
	_, err = a.verifyToken(t, access, nil, device.next(t))
	wantError(t, err, "EnableSoftwareTokenMFAException", wrongTokenSet)
	device = newAuthenticator(t, a.s, again.SecretCode)
	verified, err := a.verifyToken(t, access, nil, device.next(t))
	wantOK(t, err)
	if verified.Status != types.VerifySoftwareTokenResponseTypeSuccess || verified.Session != nil {
		t.Errorf("verified: %s, session %v", verified.Status, verified.Session != nil)
	}
	_, err = a.verifyToken(t, access, nil, device.next(t))
	wantCode(t, err, "SoftwareTokenMFANotFoundException") // nothing waits any more

	// Registered is not switched on.
	a.signIn(t, "ana", goodPassword)
	wantOK(t, a.prefer(t, "ana", tokenPreferred))
	got := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	if p := got.ChallengeParameters; p["FRIENDLY_DEVICE_NAME"] != "my phone" || p["USER_ID_FOR_SRP"] != "ana" || len(p) != 2 {
		t.Errorf("parameters %v", p)
	}
	if len(aws.ToString(got.Session)) < 20 || len(aws.ToString(got.Session)) > 2048 {
		t.Errorf("session of %d characters", len(aws.ToString(got.Session)))
	}
	done, err := a.answerToken(t, got.Session, device.next(t))
	wantOK(t, err)
	wantTokens(t, done.AuthenticationResult)
	if len(done.ChallengeParameters) != 0 || done.ChallengeName != "" {
		t.Errorf("tokens with challenge %q %v", done.ChallengeName, done.ChallengeParameters)
	}
}

func TestTokenOperationsRefuse(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, nil, nil)
	s.CreateUser(t, a.pool, "ana", goodPassword)
	access := a.signIn(t, "ana", goodPassword).AccessToken
	_, err := a.associate(t, access, nil)
	wantError(t, err, "SoftwareTokenMFANotFoundException", noTokens)
	_, err = a.verifyToken(t, access, nil, "123456")
	wantError(t, err, "SoftwareTokenMFANotFoundException", noTokens)
	session := aws.String("AYABeIAMnotASessionOfThisServer")
	_, err = a.associate(t, access, session)
	wantCode(t, err, "InvalidParameterException")
	_, err = a.verifyToken(t, access, session, "123456")
	wantCode(t, err, "InvalidParameterException")
	_, err = a.associate(t, nil, nil)
	wantCode(t, err, "InvalidParameterException")
	_, err = a.verifyToken(t, nil, nil, "123456")
	wantCode(t, err, "InvalidParameterException")
	_, err = a.associate(t, nil, session)
	wantError(t, err, "NotAuthorizedException", badSession)
	_, err = a.verifyToken(t, nil, session, "123456")
	wantError(t, err, "NotAuthorizedException", badSession)
	_, err = a.associate(t, aws.String("not.a.token"), nil)
	wantError(t, err, "NotAuthorizedException", "Invalid Access Token")
}

func TestS068ATokenCodeCountsOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a, device := withToken(t, s)
	// The code of the registration is used up as well.
	got := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	_, err := a.answerToken(t, got.Session, device.at(t, device.last))
	wantError(t, err, "ExpiredCodeException", usedToken)
	code := device.next(t)
	_, err = a.answerToken(t, got.Session, code)
	wantOK(t, err)
	// Neither in another sign-in, nor an older one than the newest used.
	got = a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	_, err = a.answerToken(t, got.Session, code)
	wantError(t, err, "ExpiredCodeException", usedToken)
	s.Advance(2 * totp.Period)
	got = a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	now := totp.StepAt(s.Now())
	_, err = a.answerToken(t, got.Session, device.at(t, now+1))
	wantOK(t, err)
	got = a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	_, err = a.answerToken(t, got.Session, device.at(t, now))
	wantError(t, err, "ExpiredCodeException", usedToken)
}

func TestS068TokenDriftIsOneStep(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a, device := withToken(t, s)
	for _, tt := range []struct {
		offset int64
		right  bool
	}{{-2, false}, {2, false}, {-1, true}, {0, true}, {1, true}} {
		s.Advance(20 * time.Minute) // past every lock
		got := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
		_, err := a.answerToken(t, got.Session, device.at(t, totp.StepAt(s.Now())+tt.offset))
		if tt.right {
			wantOK(t, err)
		} else {
			wantError(t, err, "CodeMismatchException", wrongToken)
		}
	}
}

func TestS068FiveWrongTokenCodesEndASignIn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a, device := withToken(t, s)
	got := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	for range 5 {
		_, err := a.answerToken(t, got.Session, device.wrong(t))
		wantError(t, err, "CodeMismatchException", wrongToken)
	}
	// No code wins any more, and nothing tells so.
	for _, code := range []string{device.next(t), device.wrong(t)} {
		_, err := a.answerToken(t, got.Session, code)
		wantError(t, err, "CodeMismatchException", wrongToken)
	}
	// The failures count for the lock-out of the password.
	_, err := a.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Password attempts exceeded")
	s.Advance(20 * time.Minute)
	got = a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	_, err = a.answerToken(t, got.Session, device.wrong(t))
	wantError(t, err, "CodeMismatchException", wrongToken)
	done, err := a.answerToken(t, got.Session, device.next(t)) // a wrong code did not spend the session
	wantOK(t, err)
	wantTokens(t, done.AuthenticationResult)
	_, err = a.answerToken(t, got.Session, device.next(t))
	wantError(t, err, "NotAuthorizedException", usedSession)
}

func TestS068OneOfManyParallelTokenCodesWins(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a, device := withToken(t, s)
	const sessions, each = 5, 4
	code := device.next(t)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range sessions {
		got := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
		for range each {
			wg.Go(func() {
				_, err := a.answerToken(t, got.Session, code)
				if err == nil {
					won.Add(1)
				}
			})
		}
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("one code signed in %d times", won.Load())
	}
}

func TestAdminDeleteSoftwareToken(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a, device := withToken(t, s)
	// The SDK does not know the operation yet.
	remove := func(username, wantType, wantMessage string) {
		t.Helper()
		got := s.Call(t, "AdminDeleteSoftwareToken", `{"UserPoolId":"`+a.pool+`","Username":"`+username+`"}`)
		if got.ErrorType() != wantType || got.Message() != wantMessage || wantType == "" && got.Body != "{}" {
			t.Errorf("%s: %d %s", username, got.Status, got.Body)
		}
	}
	waiting := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	remove("ana", "", "")
	_, err := a.answerToken(t, waiting.Session, device.next(t))
	wantError(t, err, "SoftwareTokenMFANotFoundException", noToken)
	a.signIn(t, "ana", goodPassword) // and nothing is asked for
	got, err := s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &a.pool, Username: aws.String("ana")})
	wantOK(t, err)
	if got.UserMFASettingList != nil || got.PreferredMfaSetting != nil {
		t.Errorf("settings left: %v %v", got.UserMFASettingList, aws.ToString(got.PreferredMfaSetting))
	}
	remove("ana", "ResourceNotFoundException", noToken)
	remove("nobody", "UserNotFoundException", "User does not exist.")
	_, err = s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: &a.client, Username: aws.String("new"), Password: aws.String(goodPassword)})
	wantOK(t, err)
	remove("new", "UserNotConfirmedException", "User is not confirmed.")
	// Registering anew works.
	a.enrol(t, a.signIn(t, "ana", goodPassword).AccessToken)
}

func TestS069SetUpBelongsToItsUserAndSignIn(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOn))
	for _, name := range []string{"ana", "ben"} {
		s.CreateUser(t, a.pool, name, goodPassword)
	}
	ana := a.awaits(t, "ana", types.ChallengeNameTypeMfaSetup)
	ben := a.awaits(t, "ben", types.ChallengeNameTypeMfaSetup)
	finish := func(session *string, name string) error {
		_, err := a.respond(t, types.ChallengeNameTypeMfaSetup, session, "USERNAME", name)
		return err
	}
	// Nothing set up yet.
	wantError(t, finish(ana.Session, "ana"), "NotAuthorizedException", badSession)
	_, err := a.verifyToken(t, nil, ana.Session, "123456")
	wantCode(t, err, "SoftwareTokenMFANotFoundException")
	made, err := a.associate(t, nil, ana.Session)
	wantOK(t, err)
	wantError(t, finish(made.Session, "ana"), "NotAuthorizedException", badSession)
	device := newAuthenticator(t, s, made.SecretCode)
	// Ben's session does not take ana's secret.
	other, err := a.associate(t, nil, ben.Session)
	wantOK(t, err)
	_, err = a.verifyToken(t, nil, other.Session, device.at(t, totp.StepAt(s.Now())))
	wantError(t, err, "EnableSoftwareTokenMFAException", wrongTokenSet)
	_, err = a.verifyToken(t, nil, made.Session, device.wrong(t))
	wantError(t, err, "EnableSoftwareTokenMFAException", wrongTokenSet)
	verified, err := a.verifyToken(t, nil, made.Session, device.next(t))
	wantOK(t, err)
	// Used up: the session of Verify, and the one that the set-up began with.
	_, err = a.verifyToken(t, nil, made.Session, device.next(t))
	wantError(t, err, "NotAuthorizedException", usedSession)
	for _, session := range []*string{ana.Session, made.Session, verified.Session} {
		_, err = a.associate(t, nil, session)
		wantError(t, err, "NotAuthorizedException", usedSession)
	}
	// Nobody else finishes the sign-in, nor another client.
	wantError(t, finish(verified.Session, "ben"), "NotAuthorizedException", badSession)
	b := a.withClient(t, nil)
	_, err = b.respond(t, types.ChallengeNameTypeMfaSetup, verified.Session, "USERNAME", "ana")
	wantError(t, err, "NotAuthorizedException", badSession)
	_, err = a.adminRespond(t, types.ChallengeNameTypeMfaSetup, verified.Session, "USERNAME", "ana")
	wantError(t, err, "NotAuthorizedException", badSession)
	wantOK(t, finish(verified.Session, "ana"))
	wantError(t, finish(verified.Session, "ana"), "NotAuthorizedException", usedSession)

	// Sessions of other steps register nothing.
	waiting := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	_, err = a.associate(t, nil, waiting.Session)
	wantError(t, err, "NotAuthorizedException", badSession)
	_, err = a.verifyToken(t, nil, waiting.Session, "123456")
	wantError(t, err, "NotAuthorizedException", badSession)
	// Nor does a session of somebody who has an app by now: two set-ups at once.
	one, two := a.awaits(t, "ben", types.ChallengeNameTypeMfaSetup), other
	made, err = a.associate(t, nil, one.Session)
	wantOK(t, err)
	first, second := newAuthenticator(t, s, made.SecretCode), newAuthenticator(t, s, two.SecretCode)
	_, err = a.verifyToken(t, nil, made.Session, first.next(t))
	wantOK(t, err)
	_, err = a.verifyToken(t, nil, two.Session, second.next(t))
	wantError(t, err, "NotAuthorizedException", usedSession)
}

// The owner hears of it, at an address that is known to be the owner's.
func TestS069TheOwnerIsToldOfANewApp(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	s.CreateUser(t, a.pool, "ben", goodPassword, "email", "ben@example.com", "email_verified", "false")
	for _, name := range []string{"ben", "ana"} {
		a.enrol(t, a.signIn(t, name, goodPassword).AccessToken)
	}
	got := s.Mailbox.Wait(t, a.pool, "ana", 1)
	if got.Purpose != messages.FactorAdded || got.Destination != "ana@example.com" || got.Code != "" || got.Subject == "" || got.Body == "" {
		t.Errorf("got %+v", got)
	}
	if n := s.Mailbox.Count(a.pool, "ben"); n != 0 {
		t.Errorf("%d messages to an address that nobody verified", n)
	}
}

func TestS053SetUpOfDisabledAndDeletedUsers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOn))
	for name, end := range map[string]func(name *string) error{
		"disabled": func(name *string) error {
			_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &a.pool, Username: name})
			return err
		},
		"deleted": func(name *string) error {
			_, err := s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &a.pool, Username: name})
			return err
		},
	} {
		s.CreateUser(t, a.pool, name, goodPassword)
		begun := a.awaits(t, name, types.ChallengeNameTypeMfaSetup)
		made, err := a.associate(t, nil, begun.Session)
		wantOK(t, err)
		device := newAuthenticator(t, s, made.SecretCode)
		wantOK(t, end(&name))
		_, err = a.verifyToken(t, nil, made.Session, device.next(t))
		wantError(t, err, "NotAuthorizedException", badSession)
		_, err = a.associate(t, nil, begun.Session)
		wantError(t, err, "NotAuthorizedException", badSession)
	}
}

func TestSetUpExpires(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOn))
	s.CreateUser(t, a.pool, "ana", goodPassword)
	begun := a.awaits(t, "ana", types.ChallengeNameTypeMfaSetup)
	s.Advance(2 * time.Minute)
	made, err := a.associate(t, nil, begun.Session)
	wantOK(t, err)
	s.Advance(2 * time.Minute) // the new session has a window of its own
	again, err := a.associate(t, nil, made.Session)
	wantOK(t, err)
	s.Advance(time.Minute) // but asking again does not lengthen it
	_, err = a.associate(t, nil, again.Session)
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session is expired.")
	_, err = a.verifyToken(t, nil, again.Session, "123456")
	wantError(t, err, "NotAuthorizedException", "Invalid session for the user, session is expired.")
}

func TestPendingSecretExpires(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword)
	made, err := a.associate(t, a.signIn(t, "ana", goodPassword).AccessToken, nil)
	wantOK(t, err)
	s.Advance(time.Hour)
	device := newAuthenticator(t, s, made.SecretCode)
	_, err = a.verifyToken(t, a.signIn(t, "ana", goodPassword).AccessToken, nil, device.next(t))
	wantCode(t, err, "SoftwareTokenMFANotFoundException")
}
