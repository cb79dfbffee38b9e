package browser_test

import (
	"context"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/chromedp/chromedp"

	"cognate/internal/servertest"
)

const otherPassword = "Battery-Staple2!"

// Somebody whom an administrator invited chooses a password, forgets it, and
// gets back in with a code from an e-mail; all in German.
func TestWalkOfAnInvitedUser(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	s := servertest.Shared(t)
	a := openShop(t, "", func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: new("given_name"), Required: new(true), Mutable: new(true)}}
	}, nil)
	_, err := s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
		UserPoolId: &a.pool, Username: new(username), TemporaryPassword: new(password), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: new("email"), Value: new("ana@example.com")}, {Name: new("email_verified"), Value: new("true")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	keepTo(tab, t, a.domain, a.home)

	open(tab, t, a.authorize("lang", "de"))
	signIn(tab, t, username, "Wrong-Horse1!")
	see(tab, t, `html[lang=de] [role=alert]`)
	picture(tab, t, "invited-01-wrong-password")
	signIn(tab, t, username, password)
	fill(tab, t, "new_password", otherPassword, "confirm_password", otherPassword, "requiredAttributes[given_name]", "Ana Lucía")
	picture(tab, t, "invited-02-new-password")
	id, _ := a.exchange(t, press(tab, t, "submit"))
	if id["given_name"] != "Ana Lucía" {
		t.Errorf("claims %v", id)
	}

	open(tab, t, a.logout())
	open(tab, t, a.authorize())
	see(tab, t, "html[lang=de]") // remembered
	click(tab, t, `a[href*="/forgotPassword"]`)
	fill(tab, t, "username", username)
	press(tab, t, "submit")
	fill(tab, t, "code", s.Code(t, a.pool, username), "new_password", password, "confirm_password", password)
	picture(tab, t, "invited-03-reset")
	press(tab, t, "submit")
	see(tab, t, `[role=status]`)
	picture(tab, t, "invited-04-reset-done")
	if at := signIn(tab, t, username, password); !strings.HasPrefix(at, a.callback+"?code=") {
		t.Errorf("signed in to %s:\n%s", at, text(tab, t))
	}
}

// A user with two factors chooses one, gets another code, has the browser
// remembered, and is not asked again.
func TestWalkWithTwoFactors(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	s := servertest.Shared(t)
	sender := &types.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::123456789012:role/sms"), ExternalId: new("x")}
	a := openShop(t, "", func(in *cip.CreateUserPoolInput) {
		in.SmsConfiguration = sender
		in.EmailConfiguration = &types.EmailConfigurationType{
			EmailSendingAccount: types.EmailSendingAccountTypeDeveloper, SourceArn: new("arn:aws:ses:us-east-1:123456789012:identity/shop@example.com"),
		}
		in.DeviceConfiguration = &types.DeviceConfigurationType{ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true}
		in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
			{Name: types.RecoveryOptionNameTypeAdminOnly, Priority: new(int32(1))},
		}}
	}, nil)
	_, err := s.SDK.SetUserPoolMfaConfig(t.Context(), &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &a.pool, MfaConfiguration: types.UserPoolMfaTypeOptional,
		SmsMfaConfiguration:   &types.SmsMfaConfigType{SmsConfiguration: sender},
		EmailMfaConfiguration: &types.EmailMfaConfigType{},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.CreateUser(t, a.pool, username, password, "email", "ana@example.com", "email_verified", "true",
		"phone_number", "+4915112345678", "phone_number_verified", "true")
	_, err = s.SDK.AdminSetUserMFAPreference(t.Context(), &cip.AdminSetUserMFAPreferenceInput{
		UserPoolId: &a.pool, Username: new(username),
		SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}, EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	keepTo(tab, t, a.domain, a.home)

	open(tab, t, a.authorize("lang", "fr"))
	signIn(tab, t, username, password)
	picture(tab, t, "factors-01-choice")
	press(tab, t, string(types.ChallengeNameTypeSmsMfa))
	first := s.Code(t, a.pool, username)
	press(tab, t, "resend")
	second := s.Mailbox.Wait(t, a.pool, username, 2).Code
	fill(tab, t, "code", first) // no longer good; one time in a million it is the second
	press(tab, t, "submit")
	see(tab, t, "[role=alert]")
	see(tab, t, "input[name=code][aria-invalid=true]")
	if strings.Contains(text(tab, t), "Invalid code") {
		t.Errorf("the mistake is not said in French:\n%s", text(tab, t))
	}
	tick(tab, t, "remember")
	fill(tab, t, "code", second)
	picture(tab, t, "factors-02-code")
	a.exchange(t, press(tab, t, "submit"))

	open(tab, t, a.logout())
	open(tab, t, a.authorize())
	a.exchange(t, signIn(tab, t, username, password))
}

// A code from an e-mail is a sign-in of its own where the pool allows it; with
// it comes the passkey that the user asks for at its own address.
func TestWalkWithoutPassword(t *testing.T) {
	t.Parallel()
	tab := newWindow(t)
	s := servertest.Shared(t)
	a := openShop(t, "", func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp, types.AuthFactorTypeWebAuthn},
		}}
	}, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserAuth}
	})
	s.CreateUser(t, a.pool, username, password, "email", "ana@example.com")
	keepTo(tab, t, a.domain, a.home)
	addAuthenticator(tab, t)

	open(tab, t, a.authorize())
	fill(tab, t, "username", username)
	press(tab, t, "submit")
	press(tab, t, string(types.ChallengeNameTypeEmailOtp))
	fill(tab, t, "code", s.Code(t, a.pool, username))
	at := press(tab, t, "submit")
	if has(tab, t, "form[data-passkey=create]") {
		at = press(tab, t, "skip")
	}
	id, _ := a.exchange(t, at)
	if id["email_verified"] != true {
		t.Errorf("claims %v", id)
	}

	query := a.authorize()[strings.IndexByte(a.authorize(), '?'):]
	open(tab, t, a.domain+"/passkeys/add"+query)
	picture(tab, t, "passkeys-add")
	if at := click(tab, t, "[data-start]"); !strings.HasPrefix(at, a.callback+"?") || strings.Contains(at, "code=") || !strings.Contains(at, "state=s1") {
		t.Errorf("the passkey led to %s", at)
	}
	open(tab, t, a.logout())
	open(tab, t, a.authorize())
	fill(tab, t, "username", username)
	press(tab, t, "WEB_AUTHN")
	a.exchange(t, awaitPage(tab, t, a.callback))
}

// tick ticks a box.
func tick(tab context.Context, t *testing.T, name string) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.Click(chromedp.CSS(`input[type=checkbox][name="`+name+`"]`))); err != nil {
		t.Fatalf("tick %s: %v", name, err)
	}
}
