package api_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

func TestS065CodesInsideASignIn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := withMFA(t, s, nil, smsOnly(types.UserPoolMfaTypeOn))
	s.CreateUser(t, a.pool, "ana", goodPassword, "phone_number", anasPhone)
	answer := func(session *string, code string) error {
		_, err := a.respond(t, types.ChallengeNameTypeSmsMfa, session, "USERNAME", "ana", "SMS_MFA_CODE", code)
		return err
	}
	begun := a.awaits(t, "ana", types.ChallengeNameTypeSmsMfa)
	code := s.Mailbox.Wait(t, a.pool, "ana", 1).Code
	for range 5 {
		wantError(t, answer(begun.Session, otherCode(code)), "CodeMismatchException", wrongSignIn)
	}
	wantError(t, answer(begun.Session, code), "CodeMismatchException", wrongSignIn)
	_, err := a.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Password attempts exceeded")

	// A code is good for its own sign-in.
	s.Advance(20 * time.Minute)
	one := a.awaits(t, "ana", types.ChallengeNameTypeSmsMfa)
	codeOne := s.Mailbox.Wait(t, a.pool, "ana", 2).Code // before the next: they may pass one another
	two := a.awaits(t, "ana", types.ChallengeNameTypeSmsMfa)
	codeTwo := s.Mailbox.Wait(t, a.pool, "ana", 3).Code
	if codeOne != codeTwo { // once in a million they are equal
		wantError(t, answer(one.Session, codeTwo), "CodeMismatchException", wrongSignIn)
	}
	// And for as long as its session.
	s.Advance(3 * time.Minute)
	wantError(t, answer(two.Session, codeTwo), "NotAuthorizedException", "Invalid session for the user, session is expired.")

	// Of many right answers one wins.
	begun = a.awaits(t, "ana", types.ChallengeNameTypeSmsMfa)
	code = s.Mailbox.Wait(t, a.pool, "ana", 4).Code
	var wg sync.WaitGroup
	answers := make([]error, 50)
	for i := range answers {
		wg.Go(func() { answers[i] = answer(begun.Session, code) })
	}
	wg.Wait()
	refused := slices.DeleteFunc(slices.Clone(answers), func(err error) bool { return err == nil })
	if len(refused) != len(answers)-1 {
		t.Errorf("one code signed in %d times; the others: %v", len(answers)-len(refused), errors.Join(refused...))
	}
}

func TestS067EveryChallengeTakesOnlyItsOwnAnswer(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	optional := withMFA(t, s, ownSender, everyMFA(types.UserPoolMfaTypeOptional))
	for _, name := range []string{"ana", "ben"} {
		s.CreateUser(t, optional.pool, name, goodPassword, "email", name+"@example.com", "phone_number", anasPhone)
	}
	device := optional.enrol(t, optional.signIn(t, "ana", goodPassword).AccessToken)
	optional.invite(t, "new")
	required := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOn))
	s.CreateUser(t, required.pool, "ana", goodPassword)

	// A session of each kind, for the user ana.
	type open struct {
		app     *app
		name    string
		session *string
	}
	sessions := map[types.ChallengeNameType]open{}
	for challenge, settings := range map[types.ChallengeNameType]cip.AdminSetUserMFAPreferenceInput{
		types.ChallengeNameTypeSmsMfa:           smsPreferred,
		types.ChallengeNameTypeEmailOtp:         emailPreferred,
		types.ChallengeNameTypeSoftwareTokenMfa: tokenPreferred,
	} {
		wantOK(t, optional.prefer(t, "ana", settings))
		sessions[challenge] = open{optional, "ana", optional.awaits(t, "ana", challenge).Session}
	}
	wantOK(t, optional.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true},
		SMSMfaSettings:           &types.SMSMfaSettingsType{Enabled: true},
		EmailMfaSettings:         &types.EmailMfaSettingsType{Enabled: true},
	}))
	sessions[types.ChallengeNameTypeSelectMfaType] = open{optional, "ana", optional.awaits(t, "ana", types.ChallengeNameTypeSelectMfaType).Session}
	sessions[types.ChallengeNameTypeMfaSetup] = open{required, "ana", required.awaits(t, "ana", types.ChallengeNameTypeMfaSetup).Session}
	sessions[types.ChallengeNameTypeNewPasswordRequired] = open{optional, "new", optional.challenged(t, "new").Session}

	everything := func(name string) []string {
		return []string{
			"USERNAME", name, "ANSWER", "SMS_MFA", "NEW_PASSWORD", "Another-Horse1!", "SMS_MFA_CODE", "123456", "EMAIL_OTP_CODE", "123456",
			"SOFTWARE_TOKEN_MFA_CODE", device.wrong(t), "email", "ana@example.com", "PASSWORD", goodPassword, "SMS_OTP_CODE", "123456",
			"SRP_A", "abcd", "CREDENTIAL", "{}", "DEVICE_KEY", "us-east-1_00000000-0000-4000-8000-000000000000",
		}
	}
	swaps := 0
	for given, begun := range sessions {
		for _, challenge := range types.ChallengeNameType("").Values() {
			bySecretBlock := challenge == types.ChallengeNameTypePasswordVerifier || challenge == types.ChallengeNameTypeDevicePasswordVerifier
			if challenge == given || bySecretBlock {
				continue
			}
			got, err := begun.app.respond(t, challenge, begun.session, everything(begun.name)...)
			if err == nil {
				t.Fatalf("session of %s answered as %s: %+v", given, challenge, got)
			}
			wantError(t, err, "NotAuthorizedException", otherStep)
			swaps++
		}
		// Another user, another client, the other door.
		_, err := begun.app.respond(t, given, begun.session, everything("ben")...)
		wantError(t, err, "NotAuthorizedException", badSession)
		_, err = begun.app.withClient(t, nil).respond(t, given, begun.session, everything(begun.name)...)
		wantError(t, err, "NotAuthorizedException", badSession)
		_, err = begun.app.adminRespond(t, given, begun.session, everything(begun.name)...)
		wantError(t, err, "NotAuthorizedException", badSession)
		// Nothing at all.
		_, err = begun.app.respond(t, given, nil, everything(begun.name)...)
		wantError(t, err, "InvalidParameterException", "Missing required parameter Session")
		_, err = begun.app.respond(t, given, begun.session, everything("")[2:]...)
		wantError(t, err, "InvalidParameterException", "Missing required parameter USERNAME")
	}
	if swaps < 6*10 {
		t.Errorf("only %d swaps", swaps)
	}
	// None of that used a session up.
	done, err := optional.respond(t, types.ChallengeNameTypeSoftwareTokenMfa, sessions[types.ChallengeNameTypeSoftwareTokenMfa].session,
		"USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", device.next(t))
	wantOK(t, err)
	wantTokens(t, done.AuthenticationResult)
}

func TestS067ResettingAPasswordLeavesTheFactors(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a, _ := withToken(t, s)
	_, err := s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &a.pool, Username: aws.String("ana"), Password: aws.String("Another-Horse1!"), Permanent: true,
	})
	wantOK(t, err)
	got, err := a.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", "Another-Horse1!")
	wantOK(t, err)
	if got.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa {
		t.Errorf("got %q", got.ChallengeName)
	}
	// Nor does a temporary password.
	_, err = s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
		UserPoolId: &a.pool, Username: aws.String("ana"), Password: aws.String(temporaryPassword),
	})
	wantOK(t, err)
	begun := a.challenged(t, "ana")
	next, err := a.choose(t, begun.Session, "ana", goodPassword)
	wantOK(t, err)
	if next.ChallengeName != types.ChallengeNameTypeSoftwareTokenMfa || next.AuthenticationResult != nil {
		t.Errorf("got %q", next.ChallengeName)
	}
}

// A factor that was switched on after the password was proved is still asked for,
// and one that was taken out is not enough.
func TestS067SettingsAreReadAtEveryStep(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, ownSender, everyMFA(types.UserPoolMfaTypeOptional))
	a.invite(t, "ana", "phone_number", anasPhone)
	begun := a.challenged(t, "ana")
	wantOK(t, a.prefer(t, "ana", smsPreferred))
	next, err := a.choose(t, begun.Session, "ana", goodPassword)
	wantOK(t, err)
	if next.ChallengeName != types.ChallengeNameTypeSmsMfa {
		t.Fatalf("got %q", next.ChallengeName)
	}
	// The number changes while its code is on the way.
	code := s.Code(t, a.pool, "ana")
	_, err = s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &a.pool, Username: aws.String("ana"),
		UserAttributes: []types.AttributeType{{Name: aws.String("phone_number"), Value: aws.String("+15555550999")}},
	})
	wantOK(t, err)
	_, err = a.respond(t, types.ChallengeNameTypeSmsMfa, next.Session, "USERNAME", "ana", "SMS_MFA_CODE", code)
	wantError(t, err, "CodeMismatchException", wrongSignIn)
	if a.attribute(t, "ana", "phone_number_verified") == "true" {
		t.Error("a code for the old number verified the new one")
	}
}

func TestS053SecondFactorOfDisabledAndDeletedUsers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, nil, smsOnly(types.UserPoolMfaTypeOn))
	for name, tt := range map[string]struct {
		end           func(name *string) error
		code, message string
	}{
		"disabled": {func(name *string) error {
			_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &a.pool, Username: name})
			return err
		}, "NotAuthorizedException", "User is disabled."},
		"deleted": {func(name *string) error {
			_, err := s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &a.pool, Username: name})
			return err
		}, "UserNotFoundException", "User does not exist."},
	} {
		s.CreateUser(t, a.pool, name, goodPassword, "phone_number", anasPhone)
		begun := a.awaits(t, name, types.ChallengeNameTypeSmsMfa)
		code := s.Code(t, a.pool, name)
		wantOK(t, tt.end(&name))
		_, err := a.respond(t, types.ChallengeNameTypeSmsMfa, begun.Session, "USERNAME", name, "SMS_MFA_CODE", code)
		wantError(t, err, tt.code, tt.message)
	}
}

// A wrong password looks the same with and without a second factor, and a name
// that nobody has never gets as far as a prompt (S049).
func TestS049APromptComesAfterTheProof(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	telling, _ := withToken(t, s)
	a := telling.withClient(t, hiding)
	s.CreateUser(t, a.pool, "plain", goodPassword)
	for _, name := range []string{"ana", "plain", "nobody"} {
		_, err := a.tryPassword(t, name, "Wrong-Horse1!")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		_, err = a.trySRP(t, name, "Wrong-Horse1!")
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	}
	_, err := a.tryPassword(t, "nobody", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
}

func TestMFACodeCannotBeDelivered(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, nil, smsOnly(types.UserPoolMfaTypeOn))
	s.CreateUser(t, a.pool, "ana", goodPassword, "phone_number", anasPhone)
	// Beyond the limit of messages to one address nothing more is sent.
	for range 100 {
		a.awaits(t, "ana", types.ChallengeNameTypeSmsMfa)
	}
	_, err := a.tryPassword(t, "ana", goodPassword)
	wantCode(t, err, "TooManyRequestsException")
}

// A password that was changed while a second factor is being asked for ends the
// sign-in that began with the old one, and so does a set-up.
func TestANewPasswordEndsSignInsUnderWay(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	change := func(a *app) {
		t.Helper()
		_, err := s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
			UserPoolId: &a.pool, Username: aws.String("ana"), Password: aws.String("Another-Horse1!"), Permanent: true,
		})
		wantOK(t, err)
	}
	a, device := withToken(t, s)
	begun := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	change(a)
	_, err := a.answerToken(t, begun.Session, device.next(t))
	wantError(t, err, "NotAuthorizedException", badSession)

	b := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOn))
	s.CreateUser(t, b.pool, "ana", goodPassword)
	begun = b.awaits(t, "ana", types.ChallengeNameTypeMfaSetup)
	made, err := b.associate(t, nil, begun.Session)
	wantOK(t, err)
	change(b)
	_, err = b.associate(t, nil, begun.Session)
	wantError(t, err, "NotAuthorizedException", badSession)
	_, err = b.verifyToken(t, nil, made.Session, newAuthenticator(t, s, made.SecretCode).next(t))
	wantError(t, err, "NotAuthorizedException", badSession)
}
