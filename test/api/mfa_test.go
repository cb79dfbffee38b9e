package api_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

const (
	anasPhone = "+15555550123"
	anasEmail = "ana@example.com"
)

// everyMFA has all three second factors.
func everyMFA(mode types.UserPoolMfaType) cip.SetUserPoolMfaConfigInput {
	return cip.SetUserPoolMfaConfigInput{
		MfaConfiguration: mode, SoftwareTokenMfaConfiguration: tokenFactor, SmsMfaConfiguration: smsFactor, EmailMfaConfiguration: emailFactor,
	}
}

func smsOnly(mode types.UserPoolMfaType) cip.SetUserPoolMfaConfigInput {
	return cip.SetUserPoolMfaConfigInput{MfaConfiguration: mode, SmsMfaConfiguration: smsFactor}
}

func emailOnly(mode types.UserPoolMfaType) cip.SetUserPoolMfaConfigInput {
	return cip.SetUserPoolMfaConfigInput{MfaConfiguration: mode, EmailMfaConfiguration: emailFactor}
}

// phoneFirst makes the telephone the first way to reset a password, so that
// codes may come by e-mail without having been asked for.
func phoneFirst(in *cip.CreateUserPoolInput) {
	ownSender(in)
	in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
		{Name: types.RecoveryOptionNameTypeVerifiedPhoneNumber, Priority: aws.Int32(1)},
		{Name: types.RecoveryOptionNameTypeVerifiedEmail, Priority: aws.Int32(2)},
	}}
}

func adminRecovery(in *cip.CreateUserPoolInput) {
	ownSender(in)
	in.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
		{Name: types.RecoveryOptionNameTypeAdminOnly, Priority: aws.Int32(1)},
	}}
}

// attribute reads an attribute of a user.
func (a *app) attribute(t *testing.T, username, name string) string {
	t.Helper()
	got, err := a.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &a.pool, Username: &username})
	wantOK(t, err)
	for _, attribute := range got.UserAttributes {
		if *attribute.Name == name {
			return *attribute.Value
		}
	}
	return ""
}

func TestMFAByMessage(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, tt := range []struct {
		challenge         types.ChallengeNameType
		prefer            cip.AdminSetUserMFAPreferenceInput
		param             string
		medium, masked    string
		verified, message string
		amr               []any
	}{
		{
			types.ChallengeNameTypeSmsMfa, smsPreferred, "SMS_MFA_CODE", "SMS", "+*******0123", "phone_number_verified",
			"Your authentication code is %s. ",
			[]any{"pwd", "sms", "mfa"},
		},
		{
			types.ChallengeNameTypeEmailOtp, emailPreferred, "EMAIL_OTP_CODE", "EMAIL", "a***@e***", "email_verified",
			"Code %s",
			[]any{"pwd", "email_otp", "mfa"},
		},
	} {
		t.Run(string(tt.challenge), func(t *testing.T) {
			t.Parallel()
			a := withMFA(t, s, ownSender, everyMFA(types.UserPoolMfaTypeOptional))
			s.CreateUser(t, a.pool, "ana", goodPassword, "email", anasEmail, "phone_number", anasPhone)
			wantOK(t, a.prefer(t, "ana", tt.prefer))
			got := a.awaits(t, "ana", tt.challenge)
			want := map[string]string{
				"CODE_DELIVERY_DELIVERY_MEDIUM": tt.medium, "CODE_DELIVERY_DESTINATION": tt.masked, "USER_ID_FOR_SRP": "ana",
			}
			if diff := cmp.Diff(want, got.ChallengeParameters); diff != "" {
				t.Errorf("parameters: %s", diff)
			}
			message := s.Mailbox.Wait(t, a.pool, "ana", 1)
			if len(message.Code) != 6 || message.Body != fmt.Sprintf(tt.message, message.Code) || string(message.Purpose) != "Authentication" {
				t.Errorf("message %q with code %q for %s", message.Body, message.Code, message.Purpose)
			}
			answer := func(session *string, code string) (*cip.RespondToAuthChallengeOutput, error) {
				return a.respond(t, tt.challenge, session, "USERNAME", "ana", tt.param, code)
			}
			_, err := answer(got.Session, otherCode(message.Code))
			wantError(t, err, "CodeMismatchException", wrongSignIn)
			if a.attribute(t, "ana", tt.verified) == "true" {
				t.Error("verified by a wrong code")
			}
			done, err := answer(got.Session, message.Code) // the wrong code did not spend the session
			wantOK(t, err)
			wantTokens(t, done.AuthenticationResult)
			if a.attribute(t, "ana", tt.verified) != "true" {
				t.Errorf("%s is not set", tt.verified)
			}
			for _, token := range []*string{done.AuthenticationResult.AccessToken, done.AuthenticationResult.IdToken} {
				claims := claimsOf(t, token)
				if diff := cmp.Diff(tt.amr, claims["amr"]); diff != "" || claims["acr"] != "urn:cognito:loa:3" {
					t.Errorf("acr %v, amr %s", claims["acr"], diff)
				}
			}
			_, err = answer(got.Session, message.Code)
			wantError(t, err, "NotAuthorizedException", usedSession)
		})
	}
}

// The matrix of modes and factors, through the flows that carry a password.
func TestMFAMatrix(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	const none = ""
	for _, tt := range []struct {
		name   string
		mode   types.UserPoolMfaType
		pool   func(*cip.CreateUserPoolInput)
		prefer *cip.AdminSetUserMFAPreferenceInput
		attrs  []string
		want   string
		list   string // of factors
	}{
		{name: "off", mode: types.UserPoolMfaTypeOff, attrs: []string{"phone_number", anasPhone}, want: none},
		{name: "optional, nothing chosen", mode: types.UserPoolMfaTypeOptional, attrs: []string{"phone_number", anasPhone}, want: none},
		{
			name: "optional, one chosen", mode: types.UserPoolMfaTypeOptional, attrs: []string{"phone_number", anasPhone},
			prefer: &cip.AdminSetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}}, want: "SMS_MFA",
		},
		{
			name: "optional, two chosen", mode: types.UserPoolMfaTypeOptional, attrs: []string{"phone_number", anasPhone, "email", anasEmail},
			prefer: &cip.AdminSetUserMFAPreferenceInput{
				SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}, EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true},
			},
			want: "SELECT_MFA_TYPE", list: `["SMS_MFA","EMAIL_OTP"]`,
		},
		{
			name: "optional, two chosen, one preferred", mode: types.UserPoolMfaTypeOptional,
			attrs: []string{"phone_number", anasPhone, "email", anasEmail},
			prefer: &cip.AdminSetUserMFAPreferenceInput{
				SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true}, EmailMfaSettings: &types.EmailMfaSettingsType{Enabled: true, PreferredMfa: true},
			},
			want: "EMAIL_OTP",
		},
		{name: "on, telephone", mode: types.UserPoolMfaTypeOn, attrs: []string{"phone_number", anasPhone}, want: "SMS_MFA"},
		{name: "on, e-mail that recovers", mode: types.UserPoolMfaTypeOn, attrs: []string{"email", anasEmail}, want: "MFA_SETUP", list: `["SMS_MFA","SOFTWARE_TOKEN_MFA"]`},
		{name: "on, e-mail", mode: types.UserPoolMfaTypeOn, pool: phoneFirst, attrs: []string{"email", anasEmail}, want: "EMAIL_OTP"},
		{
			name: "on, both", mode: types.UserPoolMfaTypeOn, pool: adminRecovery, attrs: []string{"phone_number", anasPhone, "email", anasEmail},
			want: "SELECT_MFA_TYPE", list: `["SMS_MFA","EMAIL_OTP"]`,
		},
		{
			name: "on, nothing", mode: types.UserPoolMfaTypeOn, pool: adminRecovery,
			want: "MFA_SETUP", list: `["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := tt.pool
			if pool == nil {
				pool = ownSender
			}
			a := newApp(t, s, pool, nil)
			if tt.mode != types.UserPoolMfaTypeOff {
				a.setMFA(t, everyMFA(tt.mode))
			}
			s.CreateUser(t, a.pool, "ana", goodPassword, tt.attrs...)
			if tt.prefer != nil {
				wantOK(t, a.prefer(t, "ana", *tt.prefer))
			}
			check := func(flow string, name types.ChallengeNameType, params map[string]string, tokens *types.AuthenticationResultType) {
				t.Helper()
				if string(name) != tt.want || (tt.want == none) != (tokens != nil) {
					t.Errorf("%s: got %q, tokens %v", flow, name, tokens != nil)
				}
				key := map[string]string{"SELECT_MFA_TYPE": "MFAS_CAN_CHOOSE", "MFA_SETUP": "MFAS_CAN_SETUP"}[tt.want]
				if key != "" && (params[key] != tt.list || params["USER_ID_FOR_SRP"] != "ana" || len(params) != 2) {
					t.Errorf("%s: parameters %v", flow, params)
				}
			}
			plain := a.begin(t, "ana")
			check("password", plain.ChallengeName, plain.ChallengeParameters, plain.AuthenticationResult)
			srp, err := a.trySRP(t, "ana", goodPassword)
			wantOK(t, err)
			check("SRP", srp.ChallengeName, srp.ChallengeParameters, srp.AuthenticationResult)
			admin, err := a.adminInitiate(t, types.AuthFlowTypeAdminUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
			wantOK(t, err)
			check("admin", admin.ChallengeName, admin.ChallengeParameters, admin.AuthenticationResult)
		})
	}
}

func TestMFARefusals(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	// The only address is the one that recovers the password, and nothing else
	// can be set up.
	a := withMFA(t, s, func(in *cip.CreateUserPoolInput) {
		phoneFirst(in)
	}, smsOnly(types.UserPoolMfaTypeOn))
	s.CreateUser(t, a.pool, "ana", goodPassword, "phone_number", anasPhone)
	_, err := a.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "InvalidParameterException", "User does not have delivery config set to turn on SMS_MFA")
	_, err = a.tryPassword(t, "ana", "Wrong-Horse1!")
	wantError(t, err, "NotAuthorizedException", "Incorrect username or password.")

	// Taking the address away does not take the factor away.
	a = withMFA(t, s, nil, smsOnly(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword, "phone_number", anasPhone)
	wantOK(t, a.prefer(t, "ana", smsPreferred))
	_, err = s.SDK.AdminDeleteUserAttributes(t.Context(), &cip.AdminDeleteUserAttributesInput{
		UserPoolId: &a.pool, Username: aws.String("ana"), UserAttributeNames: []string{"phone_number"},
	})
	wantOK(t, err)
	_, err = a.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "InvalidParameterException", "User does not have delivery config set to turn on SMS_MFA")
}

func TestSelectMFAType(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, ownSender, everyMFA(types.UserPoolMfaTypeOptional))
	s.CreateUser(t, a.pool, "ana", goodPassword, "email", anasEmail, "phone_number", anasPhone)
	device := a.enrol(t, a.signIn(t, "ana", goodPassword).AccessToken)
	wantOK(t, a.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{
		SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{Enabled: true},
		SMSMfaSettings:           &types.SMSMfaSettingsType{Enabled: true},
		EmailMfaSettings:         &types.EmailMfaSettingsType{Enabled: true},
	}))
	pick := func(session *string, answer string) (*cip.RespondToAuthChallengeOutput, error) {
		return a.respond(t, types.ChallengeNameTypeSelectMfaType, session, "USERNAME", "ana", "ANSWER", answer)
	}
	messages := 0
	for _, tt := range []struct{ answer, want, param string }{
		{"SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA_CODE"},
		{"SMS_MFA", "SMS_MFA", "SMS_MFA_CODE"},
		{"EMAIL_OTP", "EMAIL_OTP", "EMAIL_OTP_CODE"},
		{"EMAIL_MFA", "EMAIL_OTP", "EMAIL_OTP_CODE"},
	} {
		begun := a.awaits(t, "ana", types.ChallengeNameTypeSelectMfaType)
		if got := begun.ChallengeParameters["MFAS_CAN_CHOOSE"]; got != `["SMS_MFA","SOFTWARE_TOKEN_MFA","EMAIL_OTP"]` {
			t.Errorf("choices %s", got)
		}
		_, err := pick(begun.Session, "WEB_AUTHN")
		wantCode(t, err, "InvalidParameterException")
		_, err = a.respond(t, types.ChallengeNameTypeSelectMfaType, begun.Session, "USERNAME", "ana")
		wantError(t, err, "InvalidParameterException", "Missing required parameter ANSWER")
		picked, err := pick(begun.Session, tt.answer)
		wantOK(t, err)
		if string(picked.ChallengeName) != tt.want || aws.ToString(picked.Session) == aws.ToString(begun.Session) {
			t.Fatalf("%s: got %s", tt.answer, picked.ChallengeName)
		}
		_, err = pick(begun.Session, tt.answer)
		wantError(t, err, "NotAuthorizedException", usedSession)
		var code string
		if tt.want == "SOFTWARE_TOKEN_MFA" {
			code = device.next(t)
		} else {
			messages++
			code = s.Mailbox.Wait(t, a.pool, "ana", messages).Code
		}
		done, err := a.respond(t, picked.ChallengeName, picked.Session, "USERNAME", "ana", tt.param, code)
		wantOK(t, err)
		wantTokens(t, done.AuthenticationResult)
	}
	if n := s.Mailbox.Count(a.pool, "ana"); n != messages {
		t.Errorf("%d messages, want %d", n, messages)
	}
}

func TestMFASetUpOfAnApp(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, nil, tokensOnly(types.UserPoolMfaTypeOn))
	a.invite(t, "ana")
	begun := a.challenged(t, "ana")
	set, err := a.choose(t, begun.Session, "ana", goodPassword)
	wantOK(t, err)
	if set.ChallengeName != types.ChallengeNameTypeMfaSetup || set.ChallengeParameters["MFAS_CAN_SETUP"] != `["SOFTWARE_TOKEN_MFA"]` {
		t.Fatalf("after the new password: %s %v", set.ChallengeName, set.ChallengeParameters)
	}
	made, err := a.associate(t, nil, set.Session)
	wantOK(t, err)
	device := newAuthenticator(t, s, made.SecretCode)
	code := device.next(t)
	verified, err := a.verifyToken(t, nil, made.Session, code)
	wantOK(t, err)
	if verified.Status != types.VerifySoftwareTokenResponseTypeSuccess || verified.Session == nil {
		t.Fatalf("verified: %s, session %v", verified.Status, verified.Session)
	}
	done, err := a.respond(t, types.ChallengeNameTypeMfaSetup, verified.Session, "USERNAME", "ana", "SOFTWARE_TOKEN_MFA_CODE", code)
	wantOK(t, err)
	wantTokens(t, done.AuthenticationResult)
	claims := claimsOf(t, done.AuthenticationResult.AccessToken)
	if diff := cmp.Diff([]any{"pwd", "otp", "mfa"}, claims["amr"]); diff != "" || claims["acr"] != "urn:cognito:loa:4" {
		t.Errorf("acr %v, amr %s", claims["acr"], diff)
	}
	// The next sign-in asks for it although no preference was ever set.
	got := a.awaits(t, "ana", types.ChallengeNameTypeSoftwareTokenMfa)
	done, err = a.answerToken(t, got.Session, device.next(t))
	wantOK(t, err)
	first := claimsOf(t, done.AuthenticationResult.IdToken)
	refreshed, err := a.initiate(t, types.AuthFlowTypeRefreshTokenAuth, "REFRESH_TOKEN", *done.AuthenticationResult.RefreshToken)
	wantOK(t, err)
	again := claimsOf(t, refreshed.AuthenticationResult.IdToken)
	for _, claim := range []string{"acr", "amr", "auth_time"} {
		if diff := cmp.Diff(first[claim], again[claim]); diff != "" || first[claim] == nil {
			t.Errorf("%s changed by a refresh: %s", claim, diff)
		}
	}
}

func TestMFASetUpOfAnAddress(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := withMFA(t, s, phoneFirst, emailOnly(types.UserPoolMfaTypeOn))
	s.CreateUser(t, a.pool, "ana", goodPassword)
	setUp := func(session *string, email string) (*cip.RespondToAuthChallengeOutput, error) {
		return a.respond(t, types.ChallengeNameTypeMfaSetup, session, "USERNAME", "ana", "email", email)
	}
	begun := a.awaits(t, "ana", types.ChallengeNameTypeMfaSetup)
	if got := begun.ChallengeParameters["MFAS_CAN_SETUP"]; got != `["EMAIL_OTP"]` {
		t.Errorf("can set up %s", got)
	}
	_, err := setUp(begun.Session, "no address")
	wantCode(t, err, "InvalidParameterException")
	// A mistyped address changes nothing until its code comes back.
	_, err = setUp(begun.Session, "typo@example.com")
	wantOK(t, err)
	if got := a.attribute(t, "ana", "email"); got != "" {
		t.Errorf("e-mail is %q before it was proved", got)
	}
	begun = a.awaits(t, "ana", types.ChallengeNameTypeMfaSetup)
	sent, err := setUp(begun.Session, anasEmail)
	wantOK(t, err)
	if sent.ChallengeName != types.ChallengeNameTypeEmailOtp || sent.ChallengeParameters["CODE_DELIVERY_DESTINATION"] != "a***@e***" {
		t.Fatalf("got %s %v", sent.ChallengeName, sent.ChallengeParameters)
	}
	message := s.Mailbox.Wait(t, a.pool, anasEmail, 1)
	done, err := a.respond(t, types.ChallengeNameTypeEmailOtp, sent.Session, "USERNAME", "ana", "EMAIL_OTP_CODE", message.Code)
	wantOK(t, err)
	wantTokens(t, done.AuthenticationResult)
	if got := a.attribute(t, "ana", "email") + " " + a.attribute(t, "ana", "email_verified"); got != anasEmail+" true" {
		t.Errorf("e-mail is %q", got)
	}
	a.awaits(t, "ana", types.ChallengeNameTypeEmailOtp)
}
