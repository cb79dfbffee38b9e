package federation_test

import (
	"errors"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/servertest"
)

// wantMessage checks the exception that an operation answered, and its message.
func wantMessage(t *testing.T, name string, err error, code, message string) {
	t.Helper()
	var got smithy.APIError
	if !errors.As(err, &got) || got.ErrorCode() != code || got.ErrorMessage() != message {
		t.Errorf("%s: %v\nwant %s: %s", name, err, code, message)
	}
}

// federation.md §2: no flow of the API signs federated users in, whatever they have.
func TestFederatedUsersSignInNowhereElse(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
			AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp},
		}}
	}), serveProvider(t, s)
	p.attach(t, w, "Acme", usual)
	w.openWith(t, func(in *cip.CreateUserPoolClientInput) {
		in.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{
			types.ExplicitAuthFlowsTypeAllowUserAuth, types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth,
			types.ExplicitAuthFlowsTypeAllowUserSrpAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth,
		}
	}, "Acme")
	p.says("sub", "7", "email", "ana@example.com", "email_verified", true)
	_, access := w.signIn(t, p, "Acme")

	const incorrect = "Incorrect username or password."
	wantMessage(t, "USER_PASSWORD_AUTH", w.tryPassword(t, "acme_7"), "NotAuthorizedException", incorrect)
	_, err := s.SDK.AdminInitiateAuth(t.Context(), &cip.AdminInitiateAuthInput{
		UserPoolId: &w.pool, ClientId: &w.client, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "acme_7", "PASSWORD": password},
	})
	wantMessage(t, "ADMIN_USER_PASSWORD_AUTH", err, "NotAuthorizedException", incorrect)
	mails := s.Mailbox.Count(w.pool, "acme_7")
	got, err := s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &w.client, AuthFlow: types.AuthFlowTypeUserAuth, AuthParameters: map[string]string{"USERNAME": "acme_7", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
	})
	if err == nil && got.AuthenticationResult == nil && got.ChallengeName == types.ChallengeNameTypeEmailOtp { // as for a name that nobody has
		_, err = s.Anonymous.RespondToAuthChallenge(t.Context(), &cip.RespondToAuthChallengeInput{
			ClientId: &w.client, ChallengeName: got.ChallengeName, Session: got.Session,
			ChallengeResponses: map[string]string{"USERNAME": "acme_7", "EMAIL_OTP_CODE": "12345678"},
		})
	}
	if err == nil || s.Mailbox.Count(w.pool, "acme_7") != mails {
		t.Errorf("USER_AUTH: %v, a code was sent: %v", err, s.Mailbox.Count(w.pool, "acme_7") != mails)
	}

	const state = "User password cannot be reset in the current state."
	_, err = s.Anonymous.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &w.client, Username: new("acme_7")})
	wantMessage(t, "ForgotPassword", err, "NotAuthorizedException", state)
	_, err = s.SDK.AdminResetUserPassword(t.Context(), &cip.AdminResetUserPasswordInput{UserPoolId: &w.pool, Username: new("acme_7")})
	wantMessage(t, "AdminResetUserPassword", err, "NotAuthorizedException", state)
	_, err = s.Anonymous.ChangePassword(t.Context(), &cip.ChangePasswordInput{AccessToken: &access, ProposedPassword: new(password)})
	wantMessage(t, "ChangePassword", err, "NotAuthorizedException", state)
	_, err = s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: new("acme_7")})
	wantException(t, "ResendConfirmationCode", err, "InvalidParameterException")
	_, err = s.SDK.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: &w.pool, Username: new("acme_7")})
	wantException(t, "AdminConfirmSignUp", err, "NotAuthorizedException")
	_, err = s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{
		UserPoolId: &w.pool, Username: new("acme_7"), UserAttributes: []types.AttributeType{{Name: new("identities"), Value: new("[]")}},
	})
	wantException(t, "identities by hand", err, "InvalidParameterException")
	if shown, _ := w.user(t, "acme_7"); shown.UserStatus != types.UserStatusTypeExternalProvider {
		t.Errorf("status %s", shown.UserStatus)
	}
}

// Federated users are found and removed like others, and made anew when they come
// back.
func TestFederatedUsersAreListedAndDeleted(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := acme(t, s)
	s.CreateUser(t, w.pool, "bob", password)
	p.says("sub", "7", "email", "ana@example.com", "email_verified", true)
	first, access := w.signIn(t, p, "Acme")
	list := func(filter string) (names []string) {
		got, err := s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool, Filter: &filter})
		wantOK(t, err)
		for _, u := range got.Users {
			names = append(names, *u.Username)
		}
		return names
	}
	for filter, want := range map[string]string{
		`cognito:user_status = "EXTERNAL_PROVIDER"`: "acme_7", `username ^= "acme_"`: "acme_7", `email = "ana@example.com"`: "acme_7",
		`cognito:user_status = "CONFIRMED"`: "bob",
	} {
		if got := list(filter); len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
	_, err := s.Anonymous.DeleteUser(t.Context(), &cip.DeleteUserInput{AccessToken: &access})
	wantOK(t, err)
	if again, _ := w.signIn(t, p, "Acme"); again["sub"] == first["sub"] || again["cognito:username"] != "acme_7" {
		t.Errorf("not made anew: %v", again)
	}
	_, err = s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &w.pool, Username: new("acme_7")})
	wantOK(t, err)
	wantOK(t, w.link(t, person("Cognito", "", "bob"), person("Acme", "Cognito_Subject", "7"))) // nobody has it any more
}

// A profile that gets a password gets the names of local users as well, but not those
// that somebody else has.
func TestAFederatedUserWithAPasswordHasNames(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, taken := range map[string]bool{"free": false, "taken": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := newSite(t, s, func(in *cip.CreateUserPoolInput) {
				in.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
			}), serveProvider(t, s)
			p.attach(t, w, "Acme", usual)
			w.open(t, "COGNITO", "Acme")
			if taken {
				s.CreateUser(t, w.pool, "ana", "Another-Horse1!", "email", "ana@example.com", "email_verified", "true")
			}
			p.says("sub", "7", "email", "ana@example.com", "email_verified", true)
			w.signIn(t, p, "Acme")
			_, err := s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{UserPoolId: &w.pool, Username: new("acme_7"), Password: new(password), Permanent: true})
			wantOK(t, err)
			wantOK(t, w.tryPassword(t, "acme_7"))
			if err := w.tryPassword(t, "ana@example.com"); (err != nil) != taken {
				t.Errorf("by the address: %v", err)
			}
		})
	}
}

// federation.md §6.5: whether a mapped address is verified is for the provider to say.
func TestMappedAddressesAreNotVerifiedByCodes(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, p := newSite(t, s, func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{
			AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
		}
	}), serveProvider(t, s)
	p.attach(t, w, "Acme", map[string]string{"email": "email"})
	w.open(t, "Acme")
	p.says("sub", "7", "email", "ana@example.com", "email_verified", true)
	_, access := w.signIn(t, p, "Acme")
	if _, values := w.user(t, "acme_7"); values["email_verified"] != "false" {
		t.Errorf("profile %v", values)
	}
	_, err := s.Anonymous.GetUserAttributeVerificationCode(t.Context(), &cip.GetUserAttributeVerificationCodeInput{AccessToken: &access, AttributeName: new("email")})
	wantException(t, "a code", err, "InvalidParameterException")
	_, err = s.Anonymous.VerifyUserAttribute(t.Context(), &cip.VerifyUserAttributeInput{AccessToken: &access, AttributeName: new("email"), Code: new("123456")})
	wantException(t, "an answer", err, "InvalidParameterException")
	got, err := s.Anonymous.UpdateUserAttributes(t.Context(), &cip.UpdateUserAttributesInput{
		AccessToken: &access, UserAttributes: []types.AttributeType{{Name: new("email"), Value: new("ana@elsewhere.example")}},
	})
	wantOK(t, err)
	_, values := w.user(t, "acme_7")
	if len(got.CodeDeliveryDetailsList) != 0 || values["email"] != "ana@elsewhere.example" || values["email_verified"] != "false" {
		t.Errorf("sent %v, profile %v", got.CodeDeliveryDetailsList, values)
	}
	w.signIn(t, p, "Acme")
	if _, values := w.user(t, "acme_7"); values["email"] != "ana@example.com" {
		t.Errorf("the provider's value is not back: %v", values)
	}
}
