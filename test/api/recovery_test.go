package api_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

const (
	noAddress   = "Cannot reset password for the user as there is no registered/verified email or phone_number"
	wrongCode   = "Invalid verification code provided, please try again."
	expiredCode = "Invalid code provided, please request a code again."
	tooOften    = "Attempt limit exceeded, please try after some time."
)

// withVerified makes a confirmed user with a password and a verified e-mail.
func (w world) withVerified(t *testing.T, name string) {
	t.Helper()
	w.s.CreateUser(t, w.pool, name, goodPassword, "email", name+"@example.com", "email_verified", "true")
}

func TestForgotPasswordThenConfirm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	// The flag as a deployment tool was seen to write it.
	w.s.CreateUser(t, w.pool, "tess", goodPassword, "email", "tess@tests.example", "email_verified", "True")
	token := w.accessToken(t, "tess", goodPassword)
	d, err := w.forgot(t, "tess")
	wantOK(t, err)
	if *d.Destination != "t***@t***" || d.DeliveryMedium != "EMAIL" || *d.AttributeName != "email" {
		t.Errorf("delivery details %+v", d)
	}
	code := w.s.Code(t, w.pool, "tess")
	wantError(t, w.confirmForgot(t, "tess", wrong(code), betterPassword), "CodeMismatchException", wrongCode)
	wantError(t, w.confirmForgot(t, "tess", code, "short"), "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
	wantOK(t, w.confirmForgot(t, "tess", code, betterPassword))
	wantError(t, w.confirmForgot(t, "tess", code, betterPassword), "ExpiredCodeException", expiredCode)
	_, err = w.tryPassword(t, "tess", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	w.signIn(t, "tess", betterPassword)
	wantOK(t, w.getUser(t.Context(), &token)) // tokens that exist stay valid
}

func TestForgotPasswordRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	_, err := w.forgot(t, "nobody")
	wantError(t, err, "UserNotFoundException", "Username/client id combination not found.")
	wantError(t, w.confirmForgot(t, "nobody", "123456", betterPassword), "UserNotFoundException", "Username/client id combination not found.")

	w.s.CreateUser(t, w.pool, "bare", goodPassword)
	_, err = w.forgot(t, "bare")
	wantError(t, err, "InvalidParameterException", noAddress)
	w.s.CreateUser(t, w.pool, "unproved", goodPassword, "email", "u@example.com")
	_, err = w.forgot(t, "unproved")
	wantError(t, err, "InvalidParameterException", noAddress)
	w.signUp(t, "newcomer", "email", "n@example.com")
	_, err = w.forgot(t, "newcomer")
	wantError(t, err, "InvalidParameterException", noAddress)

	_, err = w.s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: new("invited"), UserAttributes: pairs("email", "i@example.com", "email_verified", "true"), MessageAction: "SUPPRESS",
	})
	wantOK(t, err)
	_, err = w.forgot(t, "invited")
	wantError(t, err, "NotAuthorizedException", "User password cannot be reset in the current state.")

	w.withVerified(t, "gone")
	_, err = w.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: new("gone")})
	wantOK(t, err)
	_, err = w.forgot(t, "gone")
	wantError(t, err, "NotAuthorizedException", "User is disabled.")
	w.withVerified(t, "quiet")
	wantError(t, w.confirmForgot(t, "quiet", "123456", betterPassword), "ExpiredCodeException", expiredCode)
}

func TestUnconfirmedUserCannotConfirmAReset(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.signUp(t, "ana", "email", "ana@example.com")
	_, err := w.s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &w.pool, Username: new("ana"), UserAttributes: pairs("email_verified", "true"),
	})
	wantOK(t, err)
	_, err = w.forgot(t, "ana")
	wantOK(t, err)
	code := w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code
	wantError(t, w.confirmForgot(t, "ana", code, betterPassword), "UserNotConfirmedException", "User is not confirmed.")
}

func TestRecoveryPriorities(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	const email, phone = "ana@example.com", "+15550101234"
	mechanisms := func(names ...types.RecoveryOptionNameType) *types.AccountRecoverySettingType {
		set := &types.AccountRecoverySettingType{}
		for i, name := range names {
			set.RecoveryMechanisms = append(set.RecoveryMechanisms, types.RecoveryOptionType{Name: name, Priority: new(int32(i + 1))})
		}
		return set
	}
	for _, c := range []struct {
		setting                      *types.AccountRecoverySettingType
		emailVerified, phoneVerified string
		want                         string // attribute; empty: refused
	}{
		{mechanisms("verified_email", "verified_phone_number"), "true", "true", "email"},
		{mechanisms("verified_email", "verified_phone_number"), "false", "true", "phone_number"},
		{mechanisms("verified_phone_number", "verified_email"), "true", "true", "phone_number"},
		{mechanisms("verified_phone_number", "verified_email"), "true", "false", "email"},
		{mechanisms("verified_email"), "false", "true", ""},
		{mechanisms("verified_phone_number"), "true", "false", ""},
		{nil, "true", "true", "email"}, // a new pool prefers e-mail
		{mechanisms("verified_email", "verified_phone_number"), "false", "false", ""},
	} {
		w := newWorld(t, s, func(in *cip.CreateUserPoolInput) {
			in.AccountRecoverySetting = c.setting
			in.SmsConfiguration = &types.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::123456789012:role/sms")}
		})
		s.CreateUser(t, w.pool, "ana", goodPassword, "email", email, "phone_number", phone,
			"email_verified", c.emailVerified, "phone_number_verified", c.phoneVerified)
		d, err := w.forgot(t, "ana")
		if c.want == "" {
			wantError(t, err, "InvalidParameterException", noAddress)
			continue
		}
		wantOK(t, err)
		if *d.AttributeName != c.want {
			t.Errorf("%+v, e-mail %s, phone %s: code to %s, want %s", c.setting, c.emailVerified, c.phoneVerified, *d.AttributeName, c.want)
		}
	}

	w := newWorld(t, s, func(in *cip.CreateUserPoolInput) { in.AccountRecoverySetting = mechanisms("admin_only") })
	w.withVerified(t, "ana")
	for _, name := range []string{"ana", "nobody"} {
		_, err := w.forgot(t, name)
		wantError(t, err, "NotAuthorizedException", "Contact administrator to reset password.")
	}
}

func TestS076CodeDiesWithTheAddressItWasSentTo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.withVerified(t, "ana")
	_, err := w.forgot(t, "ana")
	wantOK(t, err)
	code := w.s.Code(t, w.pool, "ana")
	_, err = w.s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &w.pool, Username: new("ana"), UserAttributes: pairs("email", "new@example.com", "email_verified", "true"),
	})
	wantOK(t, err)
	wantError(t, w.confirmForgot(t, "ana", code, betterPassword), "ExpiredCodeException", expiredCode)
	w.signIn(t, "ana", goodPassword)
}

func TestS065ResetCodeLifetimeAndLimit(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newWorld(t, s)
	w.withVerified(t, "ana")
	_, err := w.forgot(t, "ana")
	wantOK(t, err)
	code := w.s.Code(t, w.pool, "ana")
	for range 20 {
		wantError(t, w.confirmForgot(t, "ana", wrong(code), betterPassword), "CodeMismatchException", wrongCode)
	}
	wantError(t, w.confirmForgot(t, "ana", code, betterPassword), "LimitExceededException", tooOften)
	s.Advance(time.Hour)
	wantError(t, w.confirmForgot(t, "ana", code, betterPassword), "ExpiredCodeException", expiredCode)
	_, err = w.forgot(t, "ana")
	wantOK(t, err)
	fresh := w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code
	for range 6 { // a person who mistypes
		wantError(t, w.confirmForgot(t, "ana", wrong(fresh), betterPassword), "CodeMismatchException", wrongCode)
	}
	wantOK(t, w.confirmForgot(t, "ana", fresh, betterPassword))
}

func TestS065FiftyParallelResetsSetOnePassword(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w := newWorld(t, s)
	w.withVerified(t, "ana")
	_, err := w.forgot(t, "ana")
	wantOK(t, err)
	code := s.Code(t, w.pool, "ana")
	var won atomic.Int64
	var winner atomic.Value
	var all sync.WaitGroup
	for i := range 50 {
		password := fmt.Sprintf("Parallel-Pass%02d!", i)
		all.Go(func() {
			if w.confirmForgot(t, "ana", code, password) == nil {
				won.Add(1)
				winner.Store(password)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d of 50 tries with one code won", won.Load())
	}
	w.signIn(t, "ana", winner.Load().(string))
}

func TestS066ForgotPasswordIsLimited(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newWorld(t, s)
	hiding := w.hidden(t)
	w.withVerified(t, "ana")
	for _, name := range []string{"ana", "nobody"} {
		for range 5 {
			_, err := hiding.forgot(t, name)
			wantOK(t, err)
		}
		_, err := hiding.forgot(t, name)
		wantError(t, err, "LimitExceededException", tooOften)
	}
	if n := s.Mailbox.Count(w.pool, "nobody"); n != 0 {
		t.Errorf("%d messages to nobody", n)
	}
	s.Advance(time.Hour)
	_, err := hiding.forgot(t, "ana")
	wantOK(t, err)
}

func TestChangePassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.withVerified(t, "ana")
	token := w.accessToken(t, "ana", goodPassword)
	change := func(previous, proposed string) error {
		_, err := w.s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{AccessToken: &token, PreviousPassword: &previous, ProposedPassword: &proposed})
		return err
	}
	wantError(t, change(betterPassword, betterPassword), "NotAuthorizedException", "Incorrect username or password.")
	wantError(t, change(goodPassword, "Passw0rdPass"), "InvalidPasswordException", "Password did not conform with policy: Password must have symbol characters")
	wantOK(t, change(goodPassword, betterPassword))
	wantOK(t, w.getUser(t.Context(), &token))
	w.signIn(t, "ana", betterPassword)
	_, err := w.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
	wantOK(t, change(betterPassword, betterPassword)) // no history is kept
	wantOK(t, change(betterPassword, goodPassword))
	wantError(t, change(goodPassword, betterPassword), "LimitExceededException", tooOften)
	// Who has to replace the password does so by a code or at sign-in.
	w.withVerified(t, "bea")
	token = w.accessToken(t, "bea", goodPassword)
	_, err = w.s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: new("bea")})
	wantOK(t, err)
	wantError(t, change(goodPassword, betterPassword), "PasswordResetRequiredException", "Password reset required for the user")
	wantOK(t, w.setPassword(t, "bea", goodPassword, false))
	wantError(t, change(goodPassword, betterPassword), "NotAuthorizedException", "User password cannot be reset in the current state.")
	garbage := "garbage"
	_, err = w.s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{AccessToken: &garbage, PreviousPassword: new(goodPassword), ProposedPassword: new(goodPassword)})
	wantError(t, err, "NotAuthorizedException", "Invalid Access Token")
}

func TestS064PasswordHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: new(int32(8)), PasswordHistorySize: new(int32(2))}}
	})
	const used = "Password has previously been used"
	set := func(password string) error {
		_, err := w.s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{
			UserPoolId: &w.pool, Username: new("ana"), Password: &password, Permanent: true,
		})
		return err
	}
	w.signUp(t, "ana", "email", "ana@example.com")
	wantOK(t, w.confirm(t, "ana", w.s.Code(t, w.pool, "ana")))
	wantError(t, set(goodPassword), "PasswordHistoryPolicyViolationException", used)
	wantOK(t, set("password-two"))
	wantError(t, set(goodPassword), "PasswordHistoryPolicyViolationException", used)
	wantOK(t, set("password-three"))
	wantOK(t, set(goodPassword)) // two others came between
	token := w.accessToken(t, "ana", goodPassword)
	_, err := w.s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{AccessToken: &token, PreviousPassword: new(goodPassword), ProposedPassword: new("password-three")})
	wantError(t, err, "PasswordHistoryPolicyViolationException", used)
	_, err = w.forgot(t, "ana")
	wantOK(t, err)
	code := w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code
	wantError(t, w.confirmForgot(t, "ana", code, "password-three"), "PasswordHistoryPolicyViolationException", used)
	wantOK(t, w.confirmForgot(t, "ana", code, "password-four"))
}

func TestS063OddPasswordsAreTakenExactly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: new(int32(6))}}
	})
	long := ""
	for range 255 {
		long += "p"
	}
	for i, pair := range [][2]string{
		{long[:72] + "a", long[:72] + "b"},
		{long + "a", long + "b"},
		{"inner space", "innerspace"},
		{"CaseMatters", "casematters"},
		{"caf\u00e9-caf\u00e9", "cafe\u0301-cafe\u0301"},
	} {
		name := fmt.Sprintf("user%d", i)
		w.s.CreateUser(t, w.pool, name, pair[0])
		_, err := w.tryPassword(t, name, pair[1])
		wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")
		w.signIn(t, name, pair[0])
	}
}

func TestAdminResetUserPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	reset := func(name string) error {
		_, err := w.s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: &name})
		return err
	}
	wantError(t, reset("nobody"), "UserNotFoundException", "User does not exist.")
	w.withVerified(t, "ana")
	wantOK(t, reset("ana"))
	if w.status(t, "ana") != "RESET_REQUIRED" {
		t.Error("status", w.status(t, "ana"))
	}
	_, err := w.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "PasswordResetRequiredException", "Password reset required for the user")
	wantOK(t, w.confirmForgot(t, "ana", w.s.Code(t, w.pool, "ana"), betterPassword))
	if w.status(t, "ana") != "CONFIRMED" {
		t.Error("status", w.status(t, "ana"))
	}
	w.signIn(t, "ana", betterPassword)

	w.s.CreateUser(t, w.pool, "bare", goodPassword)
	wantError(t, reset("bare"), "InvalidParameterException", noAddress)
	w.signUp(t, "newcomer", "email", "n@example.com")
	wantError(t, reset("newcomer"), "NotAuthorizedException", "User password cannot be reset in the current state.")
}

func TestResetWhenNoMessageCanBeSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Start(t, func(c *server.Config) { c.Mail = nil }))
	w.withVerified(t, "ana")
	_, err := w.forgot(t, "ana")
	wantError(t, err, "CodeDeliveryFailureException", "Unable to deliver message to user")
	_, err = w.hidden(t).forgot(t, "nobody")
	wantError(t, err, "CodeDeliveryFailureException", "Unable to deliver message to user")
	_, err = w.s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: new("ana")})
	wantError(t, err, "InvalidEmailRoleAccessPolicyException", "Cognito is not allowed to use your email identity")
	if w.status(t, "ana") != "CONFIRMED" {
		t.Error("a user without a code must choose a new password")
	}
}
