package api_test

import (
	"encoding/base64"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// waitFor takes the next events until one of the kind is among them: senders are
// called after the answer.
func (h *host) waitFor(t *testing.T, kind string) event {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		for _, e := range h.take() {
			if e.Kind == kind {
				return e
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("no %s", kind)
		}
	}
}

// TestCustomSendersGetEveryMessage goes through the sources of both senders. That
// codes can be decrypted is tested in test/clients.
func TestCustomSendersGetEveryMessage(t *testing.T) {
	t.Parallel()
	h := newHost(t, inDev)
	w := h.world(t, func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = &types.LambdaConfigType{
			KMSKeyID:          new("arn:aws:kms:us-east-1:123456789012:key/codes"),
			CustomEmailSender: &types.CustomEmailLambdaVersionConfigType{LambdaArn: new(functionARN), LambdaVersion: "V1_0"},
			CustomSMSSender:   &types.CustomSMSLambdaVersionConfigType{LambdaArn: new(functionARN), LambdaVersion: "V1_0"},
			CustomMessage:     new(functionARN),
		}
	})
	h.answer("Custom", raw(`nobody reads this`))
	check := func(kind, form string) {
		t.Helper()
		e := h.waitFor(t, kind)
		code, _ := e.Request["code"].(string)
		sealed, err := base64.StdEncoding.DecodeString(code)
		if err != nil || len(sealed) < 100 || sealed[0] != 2 || e.Request["type"] != form || e.attributes()["sub"] == nil {
			t.Errorf("%s: %v, %s", kind, err, e.raw)
		}
	}
	const email, sms = "customEmailSenderRequestV1", "customSMSSenderRequestV1"
	out := w.signUp(t, "ana", "email", "ana@example.com")
	if out.CodeDeliveryDetails == nil || *out.CodeDeliveryDetails.Destination != "a***@e***" {
		t.Errorf("delivery %v", out.CodeDeliveryDetails)
	}
	check("CustomEmailSender_SignUp", email)
	_, err := h.s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: new("ana")})
	wantOK(t, err)
	check("CustomEmailSender_ResendCode", email)
	for medium, form := range map[types.DeliveryMediumType]string{"EMAIL": email, "SMS": sms} {
		name := "invited-" + string(medium)
		_, err = h.s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
			UserPoolId: &w.pool, Username: &name, DesiredDeliveryMediums: []types.DeliveryMediumType{medium},
			UserAttributes: pairs("email", "b@example.com", "phone_number", "+15550001111"),
		})
		wantOK(t, err)
		kind := "CustomEmailSender_AdminCreateUser"
		if medium == "SMS" {
			kind = "CustomSMSSender_AdminCreateUser"
		}
		check(kind, form)
	}
	h.s.CreateUser(t, w.pool, "cy", goodPassword, "email", "cy@example.com", "email_verified", "true")
	_, err = w.forgot(t, "cy")
	wantOK(t, err)
	check("CustomEmailSender_ForgotPassword", email)
	token := w.signIn(t, "cy", goodPassword).AccessToken
	_, err = h.s.Anonymous.GetUserAttributeVerificationCode(t.Context(), &cip.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: new("email")})
	wantOK(t, err)
	check("CustomEmailSender_VerifyUserAttribute", email)
	_, err = h.s.Anonymous.UpdateUserAttributes(t.Context(), &cip.UpdateUserAttributesInput{AccessToken: token, UserAttributes: pairs("email", "cy@example.org")})
	wantOK(t, err)
	check("CustomEmailSender_UpdateUserAttribute", email)
	for _, e := range h.take() {
		t.Errorf("a further event: %s", e.Kind)
	}
}

func TestCodesOfSecondFactorsPassByFunctions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.answer("CustomMessage_Authentication", object{"smsMessage": "Yours: {####}"})
	w.setMFA(t, cip.SetUserPoolMfaConfigInput{
		MfaConfiguration: types.UserPoolMfaTypeOptional,
		SmsMfaConfiguration: &types.SmsMfaConfigType{SmsConfiguration: &types.SmsConfigurationType{
			SnsCallerArn: new("arn:aws:iam::123456789012:role/sms"), ExternalId: new("x"),
		}},
	})
	h.s.CreateUser(t, w.pool, "ana", goodPassword, "phone_number", "+15550001111", "phone_number_verified", "true")
	wantOK(t, w.prefer(t, "ana", cip.AdminSetUserMFAPreferenceInput{SMSMfaSettings: &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}}))
	h.take()
	begun := w.awaits(t, "ana", types.ChallengeNameTypeSmsMfa)
	if got := sources(h.take()); got != "PreAuthentication_Authentication CustomMessage_Authentication" {
		t.Error(got)
	}
	text := h.s.Mailbox.Wait(t, w.pool, "ana", 1)
	if text.Body != "Yours: "+text.Code {
		t.Errorf("text %s", text.Body)
	}
	_, err := w.respondWith(t, types.ChallengeNameTypeSmsMfa, begun.Session, "USERNAME", "ana", "SMS_MFA_CODE", text.Code)
	wantOK(t, err)
	if got := sources(h.take()); got != "TokenGeneration_Authentication PostAuthentication_Authentication" {
		t.Error(got)
	}
}
