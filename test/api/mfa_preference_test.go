package api_test

import (
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

// settingsOf are the factors of a user as all four operations that show them do;
// it fails the test where they disagree.
func (a *app) settingsOf(t *testing.T, username string, accessToken *string) (list []string, preferred string, options int) {
	t.Helper()
	byAdmin, err := a.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &a.pool, Username: &username})
	wantOK(t, err)
	byUser, err := a.s.Anonymous.GetUser(t.Context(), &cip.GetUserInput{AccessToken: accessToken})
	wantOK(t, err)
	factors, err := a.s.Anonymous.GetUserAuthFactors(t.Context(), &cip.GetUserAuthFactorsInput{AccessToken: accessToken})
	wantOK(t, err)
	var adminFactors struct {
		UserMFASettingList  []string
		PreferredMfaSetting *string
	}
	answer := a.s.Call(t, "AdminGetUserAuthFactors", `{"UserPoolId":"`+a.pool+`","Username":"`+username+`"}`)
	wantOK(t, json.Unmarshal([]byte(answer.Body), &adminFactors))
	for name, other := range map[string]struct {
		list      []string
		preferred *string
	}{
		"GetUser":                 {byUser.UserMFASettingList, byUser.PreferredMfaSetting},
		"GetUserAuthFactors":      {factors.UserMFASettingList, factors.PreferredMfaSetting},
		"AdminGetUserAuthFactors": {adminFactors.UserMFASettingList, adminFactors.PreferredMfaSetting},
	} {
		if diff := cmp.Diff(byAdmin.UserMFASettingList, other.list) + cmp.Diff(byAdmin.PreferredMfaSetting, other.preferred); diff != "" {
			t.Errorf("%s differs from AdminGetUser: %s", name, diff)
		}
	}
	for _, option := range append(byAdmin.MFAOptions, byUser.MFAOptions...) {
		if option.DeliveryMedium != types.DeliveryMediumTypeSms || aws.ToString(option.AttributeName) != "phone_number" {
			t.Errorf("option %+v", option)
		}
	}
	if len(byAdmin.MFAOptions) != len(byUser.MFAOptions) {
		t.Errorf("%d and %d options", len(byAdmin.MFAOptions), len(byUser.MFAOptions))
	}
	return byAdmin.UserMFASettingList, aws.ToString(byAdmin.PreferredMfaSetting), len(byAdmin.MFAOptions)
}

func TestSetUserMFAPreference(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, ownSender, everyMFA(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword, "email", anasEmail, "phone_number", anasPhone)
	access := a.signIn(t, "ana", goodPassword).AccessToken
	a.enrol(t, access)
	sms := func(on, preferred bool) *types.SMSMfaSettingsType {
		return &types.SMSMfaSettingsType{Enabled: on, PreferredMfa: preferred}
	}
	token := func(on, preferred bool) *types.SoftwareTokenMfaSettingsType {
		return &types.SoftwareTokenMfaSettingsType{Enabled: on, PreferredMfa: preferred}
	}
	email := func(on, preferred bool) *types.EmailMfaSettingsType {
		return &types.EmailMfaSettingsType{Enabled: on, PreferredMfa: preferred}
	}
	// One state after another; the two operations take turns.
	for i, tt := range []struct {
		in        cip.SetUserMFAPreferenceInput
		list      []string
		preferred string
		options   int
		refused   bool
	}{
		{in: cip.SetUserMFAPreferenceInput{}},
		{in: cip.SetUserMFAPreferenceInput{SMSMfaSettings: sms(true, true)}, list: []string{"SMS_MFA"}, preferred: "SMS_MFA", options: 1},
		{in: cip.SetUserMFAPreferenceInput{}, list: []string{"SMS_MFA"}, preferred: "SMS_MFA", options: 1},
		{
			in:   cip.SetUserMFAPreferenceInput{SoftwareTokenMfaSettings: token(true, true), EmailMfaSettings: email(true, false)},
			list: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}, preferred: "SOFTWARE_TOKEN_MFA", options: 1,
		},
		{in: cip.SetUserMFAPreferenceInput{EmailMfaSettings: email(true, true), SMSMfaSettings: sms(true, true)}, refused: true},
		{in: cip.SetUserMFAPreferenceInput{EmailMfaSettings: email(false, true)}, refused: true},
		{
			in:   cip.SetUserMFAPreferenceInput{SoftwareTokenMfaSettings: token(true, false)},
			list: []string{"SMS_MFA", "SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}, options: 1,
		},
		{
			in:   cip.SetUserMFAPreferenceInput{EmailMfaSettings: email(true, true), SMSMfaSettings: sms(false, false)},
			list: []string{"SOFTWARE_TOKEN_MFA", "EMAIL_OTP"}, preferred: "EMAIL_OTP",
		},
		{in: cip.SetUserMFAPreferenceInput{EmailMfaSettings: &types.EmailMfaSettingsType{}}, list: []string{"SOFTWARE_TOKEN_MFA"}},
		{in: cip.SetUserMFAPreferenceInput{SoftwareTokenMfaSettings: token(false, false)}},
	} {
		beforeList, beforePreferred, beforeOptions := a.settingsOf(t, "ana", access)
		var err error
		if i%2 == 0 {
			tt.in.AccessToken = access
			_, err = s.Anonymous.SetUserMFAPreference(t.Context(), &tt.in)
		} else {
			err = a.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{
				SMSMfaSettings: tt.in.SMSMfaSettings, SoftwareTokenMfaSettings: tt.in.SoftwareTokenMfaSettings, EmailMfaSettings: tt.in.EmailMfaSettings,
			})
		}
		if tt.refused {
			wantCode(t, err, "InvalidParameterException")
			tt.list, tt.preferred, tt.options = beforeList, beforePreferred, beforeOptions
		} else {
			wantOK(t, err)
		}
		list, preferred, options := a.settingsOf(t, "ana", access)
		if diff := cmp.Diff(tt.list, list); diff != "" || preferred != tt.preferred || options != tt.options {
			t.Errorf("step %d: preferred %q, %d options, %s", i, preferred, options, diff)
		}
	}
}

func TestPreferenceNeedsWhatTheFactorNeeds(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, ownSender, everyMFA(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword)
	access := a.signIn(t, "ana", goodPassword).AccessToken
	const refusal = "User does not have delivery config set to turn on "
	for factor, in := range map[string]cip.AdminSetUserMFAPreferenceInput{
		"SMS_MFA": smsPreferred, "SOFTWARE_TOKEN_MFA": tokenPreferred, "EMAIL_MFA": emailPreferred,
	} {
		wantError(t, a.prefer(t, "ana", in), "InvalidParameterException", refusal+factor)
		_, err := s.Anonymous.SetUserMFAPreference(t.Context(), &cip.SetUserMFAPreferenceInput{
			AccessToken: access, SMSMfaSettings: in.SMSMfaSettings, SoftwareTokenMfaSettings: in.SoftwareTokenMfaSettings, EmailMfaSettings: in.EmailMfaSettings,
		})
		wantError(t, err, "InvalidParameterException", refusal+factor)
	}
	// Switching off what is not set up is no mistake.
	wantOK(t, a.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{
		SMSMfaSettings: &types.SMSMfaSettingsType{}, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{}, EmailMfaSettings: &types.EmailMfaSettingsType{},
	}))
	// A factor that the pool does not have would never be asked for.
	b := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, b.pool, "ana", goodPassword, "phone_number", anasPhone)
	wantError(t, b.prefer(t, "ana", smsPreferred), "InvalidParameterException", refusal+"SMS_MFA")
	wantError(t, b.prefer(t, "nobody", smsPreferred), "UserNotFoundException", "User does not exist.")

	// While MFA is off, a choice waits for it.
	c := newApp(t, s, nil, nil)
	s.CreateUser(t, c.pool, "ana", goodPassword, "phone_number", anasPhone)
	wantOK(t, c.prefer(t, "ana", smsPreferred))
	c.signIn(t, "ana", goodPassword)
	c.setMFA(t, smsOnly(types.UserPoolMfaTypeOptional))
	c.awaits(t, "ana", types.ChallengeNameTypeSmsMfa)
}

func TestPasskeysAsMFA(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, nil, smsOnly(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword, "phone_number", anasPhone)
	on := cip.AdminSetUserMFAPreferenceInput{WebAuthnMfaSettings: &types.WebAuthnMfaSettingsType{Enabled: true}}
	wantCode(t, a.prefer(t, "ana", on), "InvalidParameterException") // the pool wants single passkeys
	config := smsOnly(types.UserPoolMfaTypeOptional)
	config.WebAuthnConfiguration = &types.WebAuthnConfigurationType{
		FactorConfiguration: types.WebAuthnFactorConfigurationTypeMultiFactorWithUserVerification,
	}
	a.setMFA(t, config)
	wantCode(t, a.prefer(t, "ana", on), "InvalidParameterException") // nothing else is switched on
	both := on
	both.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: true}
	wantOK(t, a.prefer(t, "ana", both))
	off := cip.AdminSetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{}}
	wantCode(t, a.prefer(t, "ana", off), "InvalidParameterException") // the passkey would be left alone
	off.WebAuthnMfaSettings = &types.WebAuthnMfaSettingsType{}
	wantOK(t, a.prefer(t, "ana", off))
}

func TestSetUserSettings(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, nil, smsOnly(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword, "phone_number", anasPhone)
	s.CreateUser(t, a.pool, "ben", goodPassword)
	access := a.signIn(t, "ana", goodPassword).AccessToken
	bySMS := []types.MFAOptionType{{DeliveryMedium: types.DeliveryMediumTypeSms, AttributeName: aws.String("phone_number")}}
	byUser := func(accessToken *string, options []types.MFAOptionType) error {
		_, err := s.Anonymous.SetUserSettings(t.Context(), &cip.SetUserSettingsInput{AccessToken: accessToken, MFAOptions: options})
		return err
	}
	byAdmin := func(username string, options []types.MFAOptionType) error {
		_, err := s.SDK.AdminSetUserSettings(t.Context(), &cip.AdminSetUserSettingsInput{UserPoolId: &a.pool, Username: &username, MFAOptions: options})
		return err
	}
	for _, set := range []func([]types.MFAOptionType) error{
		func(options []types.MFAOptionType) error { return byUser(access, options) },
		func(options []types.MFAOptionType) error { return byAdmin("ana", options) },
	} {
		wantOK(t, set(bySMS))
		if list, _, options := a.settingsOf(t, "ana", access); len(list) != 1 || list[0] != "SMS_MFA" || options != 1 {
			t.Errorf("switched on: %v, %d options", list, options)
		}
		a.awaits(t, "ana", types.ChallengeNameTypeSmsMfa)
		wantCode(t, set([]types.MFAOptionType{{DeliveryMedium: types.DeliveryMediumTypeEmail, AttributeName: aws.String("email")}}), "InvalidParameterException")
		wantOK(t, set([]types.MFAOptionType{}))
		if list, _, options := a.settingsOf(t, "ana", access); list != nil || options != 0 {
			t.Errorf("switched off: %v, %d options", list, options)
		}
		a.signIn(t, "ana", goodPassword)
	}
	ben := a.signIn(t, "ben", goodPassword).AccessToken
	wantError(t, byUser(ben, bySMS), "InvalidParameterException", "User does not have delivery config set to turn on SMS_MFA")
	wantError(t, byAdmin("ben", bySMS), "InvalidParameterException", "User does not have delivery config set to turn on SMS_MFA")
	wantError(t, byAdmin("nobody", bySMS), "UserNotFoundException", "User does not exist.")
}

func TestUserAuthFactors(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, ownSender, everyMFA(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword)
	access := a.signIn(t, "ana", goodPassword).AccessToken
	configured := func() []types.AuthFactorType {
		t.Helper()
		byUser, err := s.Anonymous.GetUserAuthFactors(t.Context(), &cip.GetUserAuthFactorsInput{AccessToken: access})
		wantOK(t, err)
		var byAdmin struct {
			Username                  string
			ConfiguredUserAuthFactors []types.AuthFactorType
		}
		answer := s.Call(t, "AdminGetUserAuthFactors", `{"UserPoolId":"`+a.pool+`","Username":"ana"}`)
		wantOK(t, json.Unmarshal([]byte(answer.Body), &byAdmin))
		if diff := cmp.Diff(byUser.ConfiguredUserAuthFactors, byAdmin.ConfiguredUserAuthFactors); diff != "" || byAdmin.Username != "ana" || *byUser.Username != "ana" {
			t.Errorf("user and administrator see different factors: %s", diff)
		}
		return byUser.ConfiguredUserAuthFactors
	}
	if diff := cmp.Diff([]types.AuthFactorType{"PASSWORD"}, configured()); diff != "" {
		t.Error(diff)
	}
	_, err := s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &a.pool, Username: aws.String("ana"), UserAttributes: []types.AttributeType{
			{Name: aws.String("email"), Value: aws.String(anasEmail)}, {Name: aws.String("phone_number"), Value: aws.String(anasPhone)},
		},
	})
	wantOK(t, err)
	a.enrol(t, access)
	if diff := cmp.Diff([]types.AuthFactorType{"PASSWORD", "EMAIL_OTP", "SMS_OTP", "SOFTWARE_TOKEN"}, configured()); diff != "" {
		t.Error(diff)
	}
	answer := s.Call(t, "AdminGetUserAuthFactors", `{"UserPoolId":"`+a.pool+`","Username":"nobody"}`)
	if answer.ErrorType() != "UserNotFoundException" {
		t.Errorf("nobody: %s", answer.Body)
	}
}

// Account recovery does not go to where the second factor goes
// (users-and-pools.md §8).
func TestRecoveryAvoidsTheSecondFactor(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, ownSender, everyMFA(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword,
		"email", anasEmail, "email_verified", "true", "phone_number", anasPhone, "phone_number_verified", "true")
	forgot := func(username string) (*cip.ForgotPasswordOutput, error) {
		return s.Anonymous.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &a.client, Username: &username})
	}
	for _, tt := range []struct {
		prefer cip.AdminSetUserMFAPreferenceInput
		want   types.DeliveryMediumType
	}{
		{cip.AdminSetUserMFAPreferenceInput{}, "EMAIL"}, // the pool's first way
		{emailPreferred, "SMS"},
		{smsPreferred, "EMAIL"},
	} {
		wantOK(t, a.prefer(t, "ana", tt.prefer))
		got, err := forgot("ana")
		wantOK(t, err)
		if got.CodeDeliveryDetails.DeliveryMedium != tt.want {
			t.Errorf("code by %s, want %s", got.CodeDeliveryDetails.DeliveryMedium, tt.want)
		}
	}
	s.CreateUser(t, a.pool, "ben", goodPassword, "email", "ben@example.com", "email_verified", "true")
	wantOK(t, a.prefer(t, "ben", emailPreferred))
	_, err := forgot("ben")
	wantError(t, err, "InvalidParameterException", noAddress)
}

// Operations with an access token act on its own user, whoever else is named by
// what they carry (S052).
func TestS052FactorsOfAnotherUser(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a, device := withToken(t, s)
	s.CreateUser(t, a.pool, "eve", goodPassword)
	eve := a.signIn(t, "eve", goodPassword).AccessToken
	if _, err := a.associate(t, eve, nil); err != nil {
		t.Fatal(err)
	}
	_, err := a.verifyToken(t, eve, nil, device.next(t)) // ana's code for eve's secret
	wantError(t, err, "EnableSoftwareTokenMFAException", wrongTokenSet)
	_, err = s.Anonymous.SetUserMFAPreference(t.Context(), &cip.SetUserMFAPreferenceInput{
		AccessToken: eve, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{},
	})
	wantOK(t, err)
	a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa) // untouched
}
