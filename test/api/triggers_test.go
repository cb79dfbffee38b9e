package api_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

var metadata = map[string]string{"from": "app"}

// members gives the names of the members of a JSON object in their order.
func members(t *testing.T, text string) string {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var names []string
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		names = append(names, name.(string))
	}
	return strings.Join(names, " ")
}

func TestSignUpCallsFunctions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	out, err := h.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
		ClientId: &w.client, Username: new("ana"), Password: new(goodPassword), ClientMetadata: metadata,
		UserAttributes: pairs("email", "ana@example.com"), ValidationData: pairs("captcha", "ok"),
	})
	wantOK(t, err)
	if out.UserConfirmed || out.CodeDeliveryDetails == nil {
		t.Errorf("%+v", out)
	}
	code := h.s.Code(t, w.pool, "ana")
	events := h.take()
	if got := sources(events); got != "PreSignUp_SignUp CustomMessage_SignUp" {
		t.Fatal(got)
	}
	before := events[0]
	if got, want := members(t, before.raw), "version region userPoolId userName callerContext triggerSource request response"; got != want {
		t.Errorf("members %s, want %s", got, want)
	}
	if !regexp.MustCompile(`^aws-sdk-go-v2-\d`).MatchString(before.From["awsSdkVersion"]) || before.From["clientId"] != w.client {
		t.Errorf("caller %v", before.From)
	}
	want := object{"userAttributes": object{"email": "ana@example.com"}, "validationData": object{"captcha": "ok"}, "clientMetadata": object{"from": "app"}}
	if diff := cmp.Diff(want, before.Request); before.Version != "1" || before.Name != "ana" || diff != "" {
		t.Errorf("%s %s %s", before.Version, before.Name, diff)
	}
	want = object{
		"userAttributes": object{"sub": *out.UserSub, "email": "ana@example.com", "email_verified": "false", "cognito:user_status": "UNCONFIRMED"},
		"codeParameter":  "{####}", "linkParameter": "{##Click Here##}", "usernameParameter": nil, "clientMetadata": object{"from": "app"},
	}
	if diff := cmp.Diff(want, events[1].Request); diff != "" {
		t.Error(diff)
	}
	_, err = h.s.Anonymous.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: &w.client, Username: new("ana"), ConfirmationCode: &code, ClientMetadata: metadata})
	wantOK(t, err)
	after := h.one(t, "PostConfirmation_ConfirmSignUp")
	want = object{
		"userAttributes": object{"sub": *out.UserSub, "email": "ana@example.com", "email_verified": "true", "cognito:user_status": "CONFIRMED"},
		"clientMetadata": object{"from": "app"},
	}
	if diff := cmp.Diff(want, after.Request); diff != "" {
		t.Error(diff)
	}
}

func TestPreSignUpConfirmsAndVerifies(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.answer("PreSignUp_SignUp", object{"autoConfirmUser": true, "autoVerifyEmail": true, "unknown": []int{1}})
	out := w.signUp(t, "ana", "email", "ana@example.com")
	if !out.UserConfirmed || out.CodeDeliveryDetails != nil || w.status(t, "ana") != "CONFIRMED" {
		t.Errorf("%+v", out)
	}
	events := h.take()
	if got := sources(events); got != "PreSignUp_SignUp PostConfirmation_ConfirmSignUp" {
		t.Fatal(got)
	}
	if got := events[1].attributes()["email_verified"]; got != "true" {
		t.Errorf("email_verified is %v", got)
	}
	h.answer("PreSignUp_SignUp", object{"autoVerifyPhone": true})
	_, err := w.trySignUp(t, "ben", "email", "ben@example.com")
	wantCode(t, err, "InvalidLambdaResponseException")
	w.missing(t, "ben")
}

func TestPreSignUpVerifiesNoAddressOfSomebodyElse(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t, func(in *cip.CreateUserPoolInput) { in.AliasAttributes = []types.AliasAttributeType{"email"} })
	h.answer("PreSignUp_SignUp", object{"autoConfirmUser": true, "autoVerifyEmail": true})
	w.signUp(t, "ana", "email", "ana@example.com")
	_, err := w.trySignUp(t, "ben", "email", "ana@example.com")
	wantCode(t, err, "AliasExistsException")
	w.missing(t, "ben")
}

// missing fails the test if a user is there.
func (w world) missing(t *testing.T, name string) {
	t.Helper()
	_, err := w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: &name})
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

// TestS162AnswersOfFunctions is the table of answers that are none.
func TestS162AnswersOfFunctions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	const useless = "Unrecognizable lambda output"
	for _, c := range []struct {
		answer        any
		code, message string
	}{
		{"not today", "UserLambdaValidationException", "PreSignUp failed with error not today."},
		{"", "UserLambdaValidationException", "PreSignUp failed with error ."},
		{raw(`null`), "InvalidLambdaResponseException", useless},
		{raw(``), "InvalidLambdaResponseException", useless},
		{raw(`{}`), "InvalidLambdaResponseException", useless},
		{raw(`{"response":null}`), "InvalidLambdaResponseException", useless},
		{raw(`{"response":[]}`), "InvalidLambdaResponseException", useless},
		{raw(`<html>`), "InvalidLambdaResponseException", useless},
		{raw(`{"response":{}} {}`), "InvalidLambdaResponseException", useless},
		{raw(`{"a":"` + strings.Repeat("x", 20<<20) + `"}`), "InvalidLambdaResponseException", useless},
		{object{"autoConfirmUser": "true"}, "InvalidLambdaResponseException", useless},
		{object{"autoConfirmUser": 1}, "InvalidLambdaResponseException", useless},
		{object{"autoVerifyEmail": object{}}, "InvalidLambdaResponseException", useless},
	} {
		h.answer("PreSignUp", c.answer)
		_, err := w.trySignUp(t, "ana", "email", "ana@example.com")
		wantError(t, err, c.code, c.message)
		w.missing(t, "ana")
	}
	h.answer("PreSignUp", object{"autoConfirmUser": nil, "AutoConfirmUser": true})
	if w.signUp(t, "ana").UserConfirmed {
		t.Error("a member of another name counted")
	}
}

func TestAdminCreateUserCallsFunctions(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	create := func(name string, action types.MessageActionType) (*cip.AdminCreateUserOutput, error) {
		return h.s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
			UserPoolId: &w.pool, Username: &name, UserAttributes: pairs("email", name+"@example.com"), MessageAction: action,
			DesiredDeliveryMediums: []types.DeliveryMediumType{"EMAIL"}, ValidationData: pairs("by", "hr"), ClientMetadata: metadata,
		})
	}
	h.answer("PreSignUp_AdminCreateUser", object{"autoConfirmUser": true})
	h.answer("CustomMessage_AdminCreateUser", object{"emailSubject": "Hello", "emailMessage": "You are {username}, use {####}"})
	out, err := create("ana", "")
	wantOK(t, err)
	if out.User.UserStatus != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("status %s", out.User.UserStatus)
	}
	mail := h.s.Mailbox.Wait(t, w.pool, "ana", 1)
	if mail.Subject != "Hello" || mail.Body != "You are ana, use "+htmlOf(mail.Code) {
		t.Errorf("%s: %s", mail.Subject, mail.Body)
	}
	events := h.take()
	if got := sources(events); got != "PreSignUp_AdminCreateUser CustomMessage_AdminCreateUser" {
		t.Fatal(got)
	}
	if got := events[0].From["clientId"]; got != "CLIENT_ID_NOT_APPLICABLE" {
		t.Errorf("client %s", got)
	}
	if got := events[1].Request["usernameParameter"]; got != "{username}" {
		t.Errorf("usernameParameter %v", got)
	}
	_, err = create("ana", "RESEND")
	wantOK(t, err)
	h.one(t, "CustomMessage_AdminCreateUser")
	h.answer("PreSignUp_AdminCreateUser", "no")
	_, err = create("ben", "")
	wantError(t, err, "UserLambdaValidationException", "PreSignUp failed with error no.")
	w.missing(t, "ben")
}

func htmlOf(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;").Replace(s)
}

func TestAdminConfirmSignUpCallsAFunction(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	w.signUp(t, "ana")
	h.take()
	h.answer("PostConfirmation", "too late")
	_, err := h.s.SDK.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: &w.pool, Username: new("ana"), ClientMetadata: metadata})
	wantError(t, err, "UserLambdaValidationException", "PostConfirmation failed with error too late.")
	if w.status(t, "ana") != "CONFIRMED" {
		t.Error("the user was not confirmed")
	}
	if e := h.one(t, "PostConfirmation_ConfirmSignUp"); e.From["clientId"] != "CLIENT_ID_NOT_APPLICABLE" {
		t.Errorf("caller %v", e.From)
	}
}

func TestCustomMessages(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	h.answer("CustomMessage", func(e event) any {
		return object{"emailSubject": "About " + e.Kind, "emailMessage": "<b>{####}</b>"}
	})
	n, reader := 0, "ana@example.com"
	want := func(source string) {
		t.Helper()
		n++
		mail := h.s.Mailbox.Wait(t, w.pool, reader, n)
		if mail.Subject != "About "+source || mail.Body != "<b>"+mail.Code+"</b>" {
			t.Errorf("%s: %s, %s", source, mail.Subject, mail.Body)
		}
		if last := h.take(); last[len(last)-1].Kind != source {
			t.Errorf("%s, want %s", sources(last), source)
		}
	}
	w.signUp(t, "ana", "email", "ana@example.com")
	want("CustomMessage_SignUp")
	_, err := h.s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: new("ana")})
	wantOK(t, err)
	want("CustomMessage_ResendCode")
	wantOK(t, w.confirm(t, "ana", h.s.Mailbox.Wait(t, w.pool, "ana", 2).Code))
	_, err = w.forgot(t, "ana")
	wantOK(t, err)
	want("CustomMessage_ForgotPassword")
	_, err = h.s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: new("ana")})
	wantOK(t, err)
	want("CustomMessage_ForgotPassword")
	_, err = h.s.Anonymous.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
		ClientId: &w.client, Username: new("ana"), Password: new(betterPassword), ConfirmationCode: new(h.s.Mailbox.Wait(t, w.pool, "ana", 4).Code),
	})
	wantOK(t, err)
	h.one(t, "PostConfirmation_ConfirmForgotPassword")
	token := w.signIn(t, "ana", betterPassword).AccessToken
	h.take()
	_, err = h.s.Anonymous.GetUserAttributeVerificationCode(t.Context(), &cip.GetUserAttributeVerificationCodeInput{AccessToken: token, AttributeName: new("email")})
	wantOK(t, err)
	want("CustomMessage_VerifyUserAttribute")
	n, reader = 0, "ana@example.org"
	_, err = h.s.Anonymous.UpdateUserAttributes(t.Context(), &cip.UpdateUserAttributesInput{AccessToken: token, UserAttributes: pairs("email", reader)})
	wantOK(t, err)
	want("CustomMessage_UpdateUserAttribute")
}

func TestCustomMessagesThatDoNotHelp(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := h.world(t)
	const usual = "Your verification code is "
	for name, c := range map[string]struct {
		answer any
		body   string // what the mail begins with; empty: the call fails
		code   string
	}{
		"nothing":    {object{}, usual, ""},
		"nulls":      {object{"smsMessage": nil, "emailMessage": nil, "emailSubject": nil}, usual, ""},
		"no code":    {object{"emailMessage": "Hello"}, usual, ""},
		"wrong type": {object{"emailMessage": 7}, "", "InvalidLambdaResponseException"},
		"too long":   {object{"emailMessage": "{####}" + strings.Repeat("x", 20_000)}, "", "InvalidLambdaResponseException"},
		"long sms":   {object{"smsMessage": "{####}" + strings.Repeat("x", 140)}, "", "InvalidLambdaResponseException"},
		"throws":     {"no", "", "UserLambdaValidationException"},
	} {
		name = strings.ReplaceAll(name, " ", "-")
		h.answer("CustomMessage", c.answer)
		_, err := w.trySignUp(t, name, "email", name+"@example.com")
		if c.code != "" {
			wantCode(t, err, c.code)
			if w.status(t, name) != "UNCONFIRMED" || h.s.Mailbox.Count(w.pool, name) != 0 {
				t.Errorf("%s: the user is not there, or a message is", name)
			}
			continue
		}
		wantOK(t, err)
		if got := h.s.Mailbox.Wait(t, w.pool, name, 1).Body; !strings.HasPrefix(got, c.body) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
