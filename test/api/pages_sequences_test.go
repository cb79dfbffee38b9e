package api_test

import (
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/protocol/webauthn/passkeytest"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

// The rows of endpoints.md §6.4 to §6.7, each a walk through the pages.

// signInWithPassword goes to the first page and gives name and password there.
func (b *browser) signInWithPassword(t *testing.T, name, password string) {
	t.Helper()
	b.start(t)
	b.send(t, "username", name, "password", password)
}

// mfaSite is a site whose pool has second factors.
func mfaSite(t *testing.T, s *servertest.Server, config cip.SetUserPoolMfaConfigInput, pool func(*cip.CreateUserPoolInput)) *site {
	t.Helper()
	w := newSite(t, s, 2, func(in *cip.CreateUserPoolInput) {
		phoneFirst(in)
		if pool != nil {
			pool(in)
		}
	}, nil)
	w.setMFA(t, config)
	return w
}

func TestPagesNewPasswordRequired(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolInput) {
		in.Schema = append(in.Schema, types.SchemaAttributeType{Name: aws.String("given_name"), Required: aws.Bool(true), Mutable: aws.Bool(true)})
	}, nil)
	_, err := w.s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: aws.String("ana"), TemporaryPassword: aws.String(goodPassword), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("ana@example.com")}},
	})
	wantOK(t, err)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantPage(t, "/login", "")
	b.send(t, "new_password", "short", "confirm_password", "short", "requiredAttributes[given_name]", "Ana")
	b.wantPage(t, "/login", "Password did not conform with policy")
	b.send(t, "new_password", "Another-Horse2!", "confirm_password", "Another-Horse3!", "requiredAttributes[given_name]", "Ana")
	b.wantPage(t, "/login", "")
	b.send(t, "new_password", "Another-Horse2!", "confirm_password", "Another-Horse2!", "requiredAttributes[given_name]", "Ana")
	b.wantCode(t)
	if got := w.attribute(t, "ana", "given_name"); got != "Ana" {
		t.Errorf("given_name %q", got)
	}
}

func TestPagesWrongPassword(t *testing.T) {
	t.Parallel()
	for _, version := range []int32{1, 2} {
		w := newSite(t, servertest.Shared(t), version, nil, nil)
		w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
		b := w.browser(t)
		b.signInWithPassword(t, "ana", "Wrong-Horse1!")
		b.wantPage(t, "/login", "Incorrect username or password.")
		b.send(t, "username", "ana", "password", goodPassword)
		b.wantCode(t)
	}
}

func TestPagesPasswordResetRequired(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	_, err := w.s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: aws.String("ana")})
	wantOK(t, err)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantPage(t, "/forgotPassword", "Password reset required for the user")
	b.send(t, "username", "ana")
	b.wantPage(t, "/confirmforgotPassword", "a***@e***")
	code := w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code
	b.send(t, "code", otherCode(code), "new_password", "Another-Horse2!", "confirm_password", "Another-Horse2!")
	b.wantPage(t, "/confirmforgotPassword", "Invalid verification code provided, please try again.")
	b.send(t, "code", code, "new_password", "Another-Horse2!", "confirm_password", "Another-Horse2!")
	b.wantPage(t, "/login", "")
	b.send(t, "username", "ana", "password", "Another-Horse2!")
	b.wantCode(t)
}

func TestPagesForgotPasswordOfUnknownNames(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	b := w.browser(t)
	b.open(t, "/forgotPassword", w.query())
	b.send(t, "username", "nobody")
	b.wantPage(t, "/confirmforgotPassword", "***@")
	b.send(t, "code", "123456", "new_password", "Another-Horse2!", "confirm_password", "Another-Horse2!")
	b.wantPage(t, "/confirmforgotPassword", "Invalid verification code provided, please try again.")
}

func TestPagesSignUp(t *testing.T) {
	t.Parallel()
	for _, version := range []int32{1, 2} {
		w := newSite(t, servertest.Shared(t), version, nil, nil)
		b := w.browser(t)
		b.start(t)
		b.open(t, "/signup", w.query())
		b.send(t, "username", "ana", "password", "short", "requiredAttributes[email]", "ana@example.com")
		b.wantPage(t, "/signup", "Password did not conform with policy")
		b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
		b.wantPage(t, "/confirm", "a***@e***")
		first := w.s.Code(t, w.pool, "ana")
		b.send(t, "do", "resend")
		b.wantPage(t, "/confirm", "a***@e***")
		code := w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code
		if code != first {
			b.send(t, "code", first)
			b.wantPage(t, "/confirm", "Invalid verification code provided, please try again.")
		}
		b.send(t, "code", code)
		claims := b.idToken(t) // the password was set in this transaction
		if diff := cmp.Diff([]any{"pwd"}, claims["amr"]); diff != "" {
			t.Errorf("amr %s", diff)
		}
	}
}

func TestPagesSignUpWithMFARequired(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), tokensOnly(types.UserPoolMfaTypeOn), nil)
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
	b.send(t, "code", w.s.Code(t, w.pool, "ana"))
	b.wantPage(t, "/login", "")
	b.setUpApp(t)
	claims := b.idToken(t)
	if diff := cmp.Diff([]any{"pwd", "otp", "mfa"}, claims["amr"]); diff != "" {
		t.Errorf("amr %s", diff)
	}
}

// The code of the sign-up counts as the second factor where it went to one.
func TestPagesSignUpCodeIsTheSecondFactor(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), emailOnly(types.UserPoolMfaTypeOn), nil)
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
	b.send(t, "code", w.s.Code(t, w.pool, "ana"))
	b.wantCode(t)
}

var secretOnPage = regexp.MustCompile(`[A-Z2-7]{52}|(?:[A-Z2-7]{4} ){12}[A-Z2-7]{4}`)

// setUpApp reads the secret on the page and gives the first code of an app.
func (b *browser) setUpApp(t *testing.T) *authenticator {
	t.Helper()
	secret := secretOnPage.FindString(b.page.text)
	if secret == "" || !strings.Contains(b.page.text, "<svg") {
		t.Fatalf("no secret or QR code on the page\n%s", b.page.text)
	}
	device := newAuthenticator(t, b.s, aws.String(strings.ReplaceAll(secret, " ", "")))
	b.send(t, "code", "000000")
	b.wantPage(t, "/login", "Code mismatch")
	b.send(t, "code", device.next(t), "device_name", "my phone")
	return device
}

func TestPagesSetUpOfASecondFactor(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), everyMFA(types.UserPoolMfaTypeOn), func(in *cip.CreateUserPoolInput) {
		in.Schema = nil
		in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
			{Name: types.RecoveryOptionNameTypeAdminOnly, Priority: aws.Int32(1)},
		}}
	})
	for name, ways := range map[string]func(b *browser){
		"app": func(b *browser) {
			b.send(t, "do", "SOFTWARE_TOKEN_MFA")
			b.setUpApp(t)
		},
		"email": func(b *browser) {
			b.send(t, "do", "EMAIL_OTP")
			b.send(t, "address", "mail@example.com")
			b.wantPage(t, "/login", "m***@e***")
			b.send(t, "code", w.s.Code(t, w.pool, "mail@example.com"))
		},
		"number": func(b *browser) {
			b.send(t, "do", "SMS_MFA")
			b.send(t, "address", "not a number")
			b.wantPage(t, "/login", "")
			b.send(t, "address", "+14155550111")
			b.wantPage(t, "/login", "0111")
			b.send(t, "do", "resend")
			b.send(t, "code", w.s.Mailbox.Wait(t, w.pool, "+14155550111", 2).Code)
		},
	} {
		w.s.CreateUser(t, w.pool, name, goodPassword)
		b := w.browser(t)
		b.signInWithPassword(t, name, goodPassword)
		b.wantPage(t, "/login", "")
		ways(b)
		b.wantCode(t)
	}
	if got := w.attribute(t, "number", "phone_number"); got != "+14155550111" {
		t.Errorf("phone_number %q", got)
	}
}

func TestPagesSecondFactors(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), everyMFA(types.UserPoolMfaTypeOptional), nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true",
		"phone_number", "+14155550122", "phone_number_verified", "true")
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t) // with OPTIONAL nobody is asked to set anything up
	wantOK(t, w.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{
		SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}, EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true},
	}))
	b = w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.send(t, "do", "SMS_MFA")
	b.wantPage(t, "/login", "0122")
	b.send(t, "do", "other")
	b.send(t, "do", "EMAIL_OTP")
	b.wantPage(t, "/login", "a***@e***")
	code := w.s.Mailbox.Wait(t, w.pool, "ana@example.com", 1).Code
	b.send(t, "code", otherCode(code))
	b.wantPage(t, "/login", "Invalid code")
	b.send(t, "do", "resend")
	b.send(t, "code", w.s.Mailbox.Wait(t, w.pool, "ana@example.com", 2).Code)
	if diff := cmp.Diff([]any{"pwd", "email_otp", "mfa"}, b.idToken(t)["amr"]); diff != "" {
		t.Errorf("amr %s", diff)
	}
}

func TestPagesSignInOfAnUnconfirmedUser(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	_, err := w.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
		ClientId: &w.client, Username: aws.String("ana"), Password: aws.String(goodPassword),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("ana@example.com")}},
	})
	wantOK(t, err)
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantPage(t, "/confirm", "")
	b.send(t, "do", "resend")
	b.send(t, "code", w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code)
	b.wantCode(t)

	_, err = w.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
		ClientId: &w.client, Username: aws.String("bob"), Password: aws.String(goodPassword),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("bob@example.com")}},
	})
	wantOK(t, err)
	b = w.browser(t)
	b.signInWithPassword(t, "bob", "Wrong-Horse1!") // nothing is proved by that
	b.send(t, "code", w.s.Code(t, w.pool, "bob"))
	b.wantPage(t, "/login", "")
	b.send(t, "username", "bob", "password", goodPassword)
	b.wantCode(t)
}

func TestPagesPasswordlessSignUpAndSignIn(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolInput) {
		firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp)(in)
		in.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}, byChoice)
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana@example.com", "password", "")
	b.wantPage(t, "/confirm", "a***@e***")
	b.send(t, "code", w.s.Code(t, w.pool, "ana@example.com"))
	if diff := cmp.Diff([]any{"email_otp"}, b.idToken(t)["amr"]); diff != "" {
		t.Errorf("amr %s", diff)
	}
	b = w.browser(t)
	b.start(t)
	if b.form(t, "username", "").fields.Has("password") {
		t.Error("the first page asks for a password")
	}
	b.send(t, "username", "ana@example.com") // has no password: there is nothing to choose
	b.wantPage(t, "/login", "a***@e***")
	b.send(t, "code", w.s.Mailbox.Wait(t, w.pool, "ana@example.com", 2).Code)
	b.wantCode(t)
}

func TestPagesChoiceOfTheFirstFactor(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp), byChoice)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	b := w.browser(t)
	b.start(t, "login_hint", "ana")
	if got := b.form(t, "username", "").fields.Get("username"); got != "ana" {
		t.Errorf("login_hint fills in %q", got)
	}
	b.send(t, "username", "ana")
	buttons := b.form(t).buttons
	if !slices.Contains(buttons, "PASSWORD") || !slices.Contains(buttons, "EMAIL_OTP") {
		t.Errorf("choice of %q", buttons)
	}
	b.send(t, "do", "PASSWORD")
	b.send(t, "password", "Wrong-Horse1!")
	b.wantPage(t, "/login", "Incorrect username or password.")
	b.send(t, "do", "other")
	b.send(t, "do", "EMAIL_OTP")
	b.wantPage(t, "/login", "a***@e***")
	b.send(t, "do", "other")
	b.send(t, "do", "PASSWORD")
	b.send(t, "password", goodPassword)
	b.wantCode(t)
}

// passkeySite is a site whose users sign in with passkeys.
func passkeySite(t *testing.T, s *servertest.Server) *site {
	t.Helper()
	w := newSite(t, s, 2, firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeWebAuthn), byChoice)
	w.passkeySettings(t, nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	return w
}

var optionsOnPage = regexp.MustCompile(`data-options="([^"]+)"`)

// options reads what the page hands to the browser's authenticator.
func (b *browser) options(t *testing.T) []byte {
	t.Helper()
	m := optionsOnPage.FindStringSubmatch(b.page.text)
	if m == nil {
		t.Fatalf("no options on the page\n%s", b.page.text)
	}
	text := html.UnescapeString(m[1])
	if !json.Valid([]byte(text)) {
		t.Fatalf("options %s", text)
	}
	return []byte(text)
}

func TestPagesOfferAndUsePasskeys(t *testing.T) {
	t.Parallel()
	w := passkeySite(t, servertest.Shared(t))
	b := w.browser(t)
	signIn := func() {
		b.start(t)
		b.send(t, "username", "ana")
		b.send(t, "password", goodPassword) // nothing else to choose yet
	}
	signIn()
	b.wantPage(t, "/passkeys/add", "")
	key := passkeytest.New(passkeyParty, passkeyPage)
	credential, err := key.Create(b.options(t))
	wantOK(t, err)
	b.send(t, "credential", string(credential))
	b.wantCode(t)

	b = w.browser(t)
	b.start(t)
	b.send(t, "username", "ana", "do", "WEB_AUTHN")
	answer, err := key.Get(b.options(t))
	wantOK(t, err)
	b.send(t, "credential", string(answer))
	if diff := cmp.Diff([]any{"swk"}, b.idToken(t)["amr"]); diff != "" {
		t.Errorf("amr %s", diff)
	}

	b = w.browser(t)
	b.start(t)
	b.send(t, "username", "ana")
	b.send(t, "do", "WEB_AUTHN")
	b.send(t, "credential", "{}")
	b.wantPage(t, "/login", "Incorrect username or password.")
}

func TestPagesOfferNoPasskeyAfterACode(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, firstFactors(types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp, types.AuthFactorTypeWebAuthn), byChoice)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	b := w.browser(t)
	b.start(t)
	b.send(t, "username", "ana")
	b.send(t, "do", "EMAIL_OTP")
	b.send(t, "code", w.s.Code(t, w.pool, "ana"))
	b.wantCode(t)
	// A new user is offered one.
	b = w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "bob", "password", "", "requiredAttributes[email]", "bob@example.com")
	b.send(t, "code", w.s.Code(t, w.pool, "bob"))
	b.wantPage(t, "/passkeys/add", "")
	b.send(t, "do", "skip")
	b.wantCode(t)
}

func TestPagesNotNowIsRemembered(t *testing.T) {
	t.Parallel()
	w := passkeySite(t, servertest.Shared(t))
	b := w.browser(t)
	for _, offered := range []bool{true, false} {
		b.start(t, "prompt", "login")
		b.send(t, "username", "ana")
		b.send(t, "password", goodPassword)
		if offered {
			b.wantPage(t, "/passkeys/add", "")
			b.send(t, "do", "skip")
		}
		b.wantCode(t)
	}
}

func TestS087PagesAddPasskeysOnlyAfterAFreshSignIn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := passkeySite(t, s)
	b := w.browser(t)
	b.open(t, "/passkeys/add", w.query()) // nobody is signed in
	b.wantPage(t, "/login", "")
	b.send(t, "username", "ana")
	b.send(t, "password", goodPassword)
	b.wantPage(t, "/passkeys/add", "")
	key := passkeytest.New(passkeyParty, passkeyPage)
	credential, err := key.Create(b.options(t))
	wantOK(t, err)
	b.send(t, "credential", string(credential))
	if b.left == nil || b.left.String() != callback+"?state=st-1" {
		t.Fatalf("sent to %v, want the client without a code", b.left)
	}
	s.Advance(4 * time.Minute)
	b.open(t, "/passkeys/add", w.query())
	b.wantPage(t, "/passkeys/add", "")
	credential, err = passkeytest.New(passkeyParty, passkeyPage).Create(b.options(t))
	wantOK(t, err)
	s.Advance(61 * time.Second)
	b.send(t, "credential", string(credential)) // the session has grown too old meanwhile
	b.wantPage(t, "/login", "")
	b.open(t, "/passkeys/add", w.query())
	b.wantPage(t, "/login", "")
}

func TestPagesRememberADevice(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), emailOnly(types.UserPoolMfaTypeOn), func(in *cip.CreateUserPoolInput) {
		in.DeviceConfiguration = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true}
	})
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	b := w.browser(t)
	for i, remember := range []string{"", "true"} {
		b.start(t, "prompt", "login")
		b.send(t, "username", "ana", "password", goodPassword)
		f := b.form(t, "code", "")
		f.fields.Set("code", w.s.Mailbox.Wait(t, w.pool, "ana@example.com", i+1).Code)
		if remember != "" {
			f.fields.Set("remember", remember)
		}
		b.post(t, b.at(t, f.action), f.fields)
		b.wantCode(t)
	}
	b.start(t, "prompt", "login")
	b.send(t, "username", "ana", "password", goodPassword) // the device stands in for the code
	b.wantCode(t)
	list, err := w.s.SDK.AdminListDevices(t.Context(), &cip.AdminListDevicesInput{UserPoolId: &w.pool, Username: aws.String("ana")})
	wantOK(t, err)
	if len(list.Devices) != 1 {
		t.Errorf("%d devices, want 1", len(list.Devices))
	}
	other := w.browser(t)
	other.signInWithPassword(t, "ana", goodPassword)
	other.wantPage(t, "/login", "a***@e***")
}

func TestPagesSessionsAreReused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	s.StopClock()
	w := newSite(t, s, 2, nil, nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	b := w.browser(t)
	b.start(t, "prompt", "none")
	if got := b.left.Query(); got.Get("error") != "login_required" || got.Get("state") != "st-1" {
		t.Errorf("prompt=none without a session: %s", b.left)
	}
	b.signInWithPassword(t, "ana", goodPassword)
	first := b.idToken(t)
	s.Advance(time.Minute)
	b.start(t, "prompt", "none")
	again := b.idToken(t)
	if first["auth_time"] != again["auth_time"] || first["origin_jti"] == again["origin_jti"] {
		t.Errorf("silent use: %v, first %v", again, first)
	}
	b.start(t, "prompt", "login")
	b.wantPage(t, "/login", "")
	b.form(t, "username", "", "password", "")
	b.start(t, "max_age", "30")
	b.form(t, "username", "", "password", "")
	// Straight to the page the user is asked whether to go on.
	b.open(t, "/login", w.query())
	b.wantPage(t, "/login", "ana")
	b.send(t, "do", "submit")
	b.wantCode(t)
	b.open(t, "/login", w.query("nonce", "n"))
	b.send(t, "do", "switch")
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
	s.Advance(59*time.Minute + 59*time.Second)
	b.start(t)
	b.wantCode(t)
	s.Advance(2 * time.Second)
	b.start(t)
	b.wantPage(t, "/login", "")
}

func TestPagesStepUp(t *testing.T) {
	t.Parallel()
	w := mfaSite(t, servertest.Shared(t), everyMFA(types.UserPoolMfaTypeOptional), nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	if got := b.idToken(t)["acr"]; got != "urn:cognito:loa:1" {
		t.Fatalf("acr %v", got)
	}
	wantOK(t, w.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true}}))
	b.start(t, "acr_values", "urn:cognito:loa:3", "prompt", "none")
	if got := b.left.Query().Get("error"); got != "login_required" {
		t.Errorf("prompt=none with a higher level: %s", b.left)
	}
	b.start(t, "acr_values", "urn:cognito:loa:3")
	b.wantPage(t, "/login", "a***@e***") // only what is missing
	b.send(t, "code", w.s.Code(t, w.pool, "ana@example.com"))
	if got := b.idToken(t)["acr"]; got != "urn:cognito:loa:3" {
		t.Errorf("acr %v after the step-up", got)
	}
	b.start(t, "acr_values", "urn:cognito:loa:4") // no app is set up
	if got := b.left.Query().Get("error"); got != "unmet_authentication_requirements" {
		t.Errorf("a level out of reach: %s", b.left)
	}
}

// A step-up that cannot be begun leaves a whole sign-in.
func TestPagesStepUpThatIsRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.Limits = map[string]int{"address": 2} })
	w := mfaSite(t, s, everyMFA(types.UserPoolMfaTypeOptional), nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantCode(t)
	wantOK(t, w.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true}}))
	for i := range 3 { // one message more than there may be
		b.start(t, "acr_values", "urn:cognito:loa:3", "state", fmt.Sprintf("s-%d", i))
		if b.page == nil {
			t.Fatalf("sent to %s", b.left)
		}
		if strings.Contains(b.page.text, "Attempt limit exceeded") {
			b.form(t, "username", "", "password", "")
			return
		}
	}
	t.Errorf("there was no limit:\n%s", b.page.text)
}

func TestPagesTransactionsLastFiveMinutes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	s.StopClock()
	w := newSite(t, s, 2, nil, nil)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	b := w.browser(t)
	b.start(t)
	s.Advance(5 * time.Minute)
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantPage(t, "/login", "Something went wrong")
	if b.page.status != 400 {
		t.Errorf("status %d", b.page.status)
	}
	b.start(t)
	s.Advance(4*time.Minute + 59*time.Second)
	b.send(t, "username", "ana", "password", goodPassword)
	b.wantCode(t)
}

func TestPagesConfirmUserLink(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	_, err := w.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
		ClientId: &w.client, Username: aws.String("ana"), Password: aws.String(goodPassword),
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("ana@example.com")}},
	})
	wantOK(t, err)
	code := w.s.Code(t, w.pool, "ana")
	link := url.Values{"client_id": {w.client}, "user_name": {"ana"}, "confirmation_code": {otherCode(code)}}
	b := w.browser(t)
	if got := b.open(t, "/confirmUser", link); got.status != 400 {
		t.Errorf("wrong code: %d", got.status)
	}
	link.Set("confirmation_code", code)
	if got := b.open(t, "/confirmUser", link); got.status != 200 {
		t.Errorf("right code: %d %s", got.status, got.text)
	}
	w.signIn(t, "ana", goodPassword)
}

func TestPagesAreNotServedToClientsWithoutAStyle(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	bare := w.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		in.SupportedIdentityProviders, in.AllowedOAuthFlowsUserPoolClient = []string{"COGNITO"}, true
		in.AllowedOAuthFlows, in.AllowedOAuthScopes = []types.OAuthFlowType{types.OAuthFlowTypeCode}, []string{"openid"}
		in.CallbackURLs = []string{callback}
	})
	b := w.browser(t)
	b.open(t, "/login", w.query("client_id", bare.client, "scope", "openid"))
	b.wantPage(t, "/login", "Login pages unavailable")
}

func TestPagesOfClientsWithASecret(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, func(in *cip.CreateUserPoolClientInput) { in.GenerateSecret = true })
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
	b.send(t, "code", w.s.Code(t, w.pool, "ana"))
	b.idToken(t)
	b = w.browser(t)
	b.open(t, "/forgotPassword", w.query())
	b.send(t, "username", "ana")
	b.send(t, "code", w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code, "new_password", "Another-Horse2!", "confirm_password", "Another-Horse2!")
	b.send(t, "username", "ana", "password", "Another-Horse2!")
	b.idToken(t)
}
