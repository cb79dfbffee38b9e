package api_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/servertest"
)

// hostedSite is a site with a function for each trigger.
func hostedSite(t *testing.T, h *host) *site {
	t.Helper()
	return newSite(t, h.s, 2, func(in *cip.CreateUserPoolInput) {
		in.LambdaConfig = everything("CustomEmailSender", "CustomSMSSender", "KMSKeyID", "UserMigration", "DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
	}, nil)
}

// What a function throws is shown as it is (endpoints.md §6.4).
func TestPagesShowWhatFunctionsThrow(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := hostedSite(t, h)
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	h.answer("PreAuthentication", "Not on <Sundays>")
	b := w.browser(t)
	b.signInWithPassword(t, "ana", goodPassword)
	b.wantPage(t, "/login", "Not on <Sundays>")
	if strings.Contains(b.page.text, "failed with error") || strings.Contains(b.page.text, "<Sundays>") {
		t.Error("the text is not shown as it is, or not encoded")
	}
	h.answer("PreAuthentication", nil)
	h.answer("PreSignUp", "Not you")
	b.open(t, "/signup", w.query())
	b.send(t, "username", "bob", "password", goodPassword, "requiredAttributes[email]", "bob@example.com")
	b.wantPage(t, "/signup", "Not you")
}

// The triggers of each page (endpoints.md §6.4).
func TestPagesCallTheFunctionsOfTheirOperations(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := hostedSite(t, h)
	b := w.browser(t)
	wants := func(step string, want ...string) {
		t.Helper()
		got := sources(h.take())
		for _, source := range want {
			if !slices.Contains(strings.Fields(got), source) {
				t.Errorf("%s: events %q, want %s", step, got, source)
			}
		}
	}
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
	wants("/signup", "PreSignUp_SignUp", "CustomMessage_SignUp")
	b.send(t, "code", w.s.Code(t, w.pool, "ana"))
	b.idToken(t)
	wants("/confirm", "PostConfirmation_ConfirmSignUp", "PreAuthentication_Authentication", "PostAuthentication_Authentication", "TokenGeneration_HostedAuth")
	b = w.browser(t)
	b.open(t, "/forgotPassword", w.query())
	b.send(t, "username", "ana")
	wants("/forgotPassword", "CustomMessage_ForgotPassword")
	b.send(t, "code", w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code, "new_password", "Another-Horse2!")
	wants("/confirmforgotPassword", "PostConfirmation_ConfirmForgotPassword")
}

// A user whom a function confirmed goes through the gate at once
// (endpoints.md §6.7).
func TestPagesSignUpConfirmedByAFunction(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	w := hostedSite(t, h)
	h.answer("PreSignUp", map[string]any{"autoConfirmUser": true})
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
	b.wantCode(t)
}

// Where only administrators confirm, the user exists and the page says that it is
// not confirmed (endpoints.md §6.5).
func TestPagesSignUpThatAnAdministratorConfirms(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, func(in *cip.CreateUserPoolInput) { in.AutoVerifiedAttributes = nil }, nil)
	b := w.browser(t)
	b.open(t, "/signup", w.query())
	b.send(t, "username", "ana", "password", goodPassword, "requiredAttributes[email]", "ana@example.com")
	b.wantPage(t, "/signup", "User is not confirmed.")
	_, err := w.s.SDK.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: &w.pool, Username: aws.String("ana")})
	wantOK(t, err)
	w.signIn(t, "ana", goodPassword)
}
