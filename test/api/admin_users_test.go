package api_test

import (
	"strings"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

const (
	userExists    = "User account already exists"
	wrongPassword = "Incorrect username or password."
)

func (w world) create(t *testing.T, in cip.AdminCreateUserInput) (*types.UserType, error) {
	t.Helper()
	in.UserPoolId = &w.pool
	out, err := w.s.SDK.AdminCreateUser(t.Context(), &in)
	if err != nil {
		return nil, err
	}
	return out.User, nil
}

func (w world) setPassword(t *testing.T, name, password string, permanent bool) error {
	t.Helper()
	_, err := w.s.SDK.AdminSetUserPassword(t.Context(), &cip.AdminSetUserPasswordInput{UserPoolId: &w.pool, Username: &name, Password: &password, Permanent: permanent})
	return err
}

func TestAdminCreateUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	u, err := w.create(t, cip.AdminCreateUserInput{Username: new("ana"), UserAttributes: pairs("email", "ana@example.com", "name", "Ana")})
	wantOK(t, err)
	if *u.Username != "ana" || !u.Enabled || u.UserStatus != "FORCE_CHANGE_PASSWORD" || *u.Attributes[0].Name != "sub" ||
		!subForm.MatchString(*u.Attributes[0].Value) || valueOf(u.Attributes, "name") != "Ana" || u.MFAOptions != nil ||
		!u.UserCreateDate.Equal(*u.UserLastModifiedDate) {
		t.Errorf("user %+v", u)
	}
	// Nothing was said about the medium: the e-mail it is.
	m := w.s.Mailbox.Wait(t, w.pool, "ana", 1)
	if !strings.Contains(m.Body, "Your username is ana and temporary password is ") || m.Subject != "Your temporary password" || len(m.Code) < 8 {
		t.Errorf("invitation %+v", m)
	}
	got, err := w.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", m.Code)
	wantOK(t, err)
	if got.ChallengeName != "NEW_PASSWORD_REQUIRED" || got.AuthenticationResult != nil {
		t.Errorf("sign-in %+v", got)
	}
	_, err = w.create(t, cip.AdminCreateUserInput{Username: new("ana")})
	wantError(t, err, "UsernameExistsException", userExists)

	for _, c := range []struct {
		in            cip.AdminCreateUserInput
		code, message string
	}{
		{cip.AdminCreateUserInput{TemporaryPassword: new("short")}, "InvalidPasswordException", "Password did not conform with policy: Password not long enough"},
		{cip.AdminCreateUserInput{UserAttributes: pairs("email_verified", "true")}, "InvalidParameterException", "Email is required to verify/un-verify an email"},
		{cip.AdminCreateUserInput{UserAttributes: pairs("phone_number_verified", "true")}, "InvalidParameterException", "Phone Number is required to verify/un-verify a phone number"},
		{cip.AdminCreateUserInput{UserAttributes: pairs("sub", "x")}, "InvalidParameterException", "Cannot modify the non-mutable attribute sub"},
		{cip.AdminCreateUserInput{UserAttributes: pairs("custom:x", "x")}, "InvalidParameterException", "Attributes did not conform to the schema: custom:x: Attribute does not exist in the schema.\n"},
		{cip.AdminCreateUserInput{DesiredDeliveryMediums: []types.DeliveryMediumType{"EMAIL"}}, "InvalidParameterException", "Cannot specify EMAIL as delivery medium without providing email"},
		{cip.AdminCreateUserInput{MessageAction: "RESEND"}, "UserNotFoundException", "User does not exist."},
	} {
		c.in.Username = new("bea")
		_, err := w.create(t, c.in)
		wantError(t, err, c.code, c.message)
	}
	_, err = w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: new("bea")})
	wantError(t, err, "UserNotFoundException", "User does not exist.")

	unknown := "us-east-1_NoSuchPl1"
	_, err = w.s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{UserPoolId: &unknown, Username: new("ana")})
	wantError(t, err, "ResourceNotFoundException", "User pool us-east-1_NoSuchPl1 does not exist.")
}

func TestInvitationMedia(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	for i, c := range []struct {
		media      []types.DeliveryMediumType
		attributes []types.AttributeType
		action     types.MessageActionType
		want       int
	}{
		{nil, nil, "", 0},
		{nil, pairs("email", "a@example.com"), "SUPPRESS", 0},
		{nil, pairs("email", "a@example.com", "phone_number", "+15550101234"), "", 1},
		{[]types.DeliveryMediumType{"EMAIL", "SMS"}, pairs("email", "a@example.com", "phone_number", "+15550101234"), "", 2},
		{[]types.DeliveryMediumType{"SMS"}, pairs("phone_number", "+15550101234"), "", 1},
	} {
		name := "user" + string(rune('a'+i))
		_, err := w.create(t, cip.AdminCreateUserInput{Username: &name, DesiredDeliveryMediums: c.media, UserAttributes: c.attributes, MessageAction: c.action})
		wantOK(t, err)
		if c.want > 0 {
			w.s.Mailbox.Wait(t, w.pool, name, c.want)
		}
		if n := w.s.Mailbox.Count(w.pool, name); n != c.want {
			t.Errorf("%v, %v: %d messages, want %d", c.media, c.action, n, c.want)
		}
	}
}

func TestInvitedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	_, err := w.create(t, cip.AdminCreateUserInput{Username: new("ana"), UserAttributes: pairs("email", "ana@example.com")})
	wantOK(t, err)
	first := w.s.Mailbox.Wait(t, w.pool, "ana", 1).Code
	u, err := w.create(t, cip.AdminCreateUserInput{Username: new("ana"), MessageAction: "RESEND", UserAttributes: pairs("name", "ignored")})
	wantOK(t, err)
	if valueOf(u.Attributes, "name") != "" || u.UserStatus != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("user %+v", u)
	}
	second := w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code
	_, err = w.tryPassword(t, "ana", first)
	wantError(t, err, "NotAuthorizedException", wrongPassword)
	_, err = w.tryPassword(t, "ana", second)
	wantOK(t, err)
	_, err = w.create(t, cip.AdminCreateUserInput{Username: new("ana"), MessageAction: "RESEND", TemporaryPassword: new(goodPassword)})
	wantOK(t, err)
	if got := w.s.Mailbox.Wait(t, w.pool, "ana", 3).Code; got != goodPassword {
		t.Errorf("invitation has %q", got)
	}
	wantOK(t, w.setPassword(t, "ana", betterPassword, true))
	_, err = w.create(t, cip.AdminCreateUserInput{Username: new("ana"), MessageAction: "RESEND"})
	wantError(t, err, "UnsupportedUserStateException", "Resend not possible. ana status is not FORCE_CHANGE_PASSWORD")
}

func TestS054TemporaryPasswordEndsAndMustBeReplaced(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	for _, days := range []int32{0, 1, 30} {
		w := newWorld(t, s, func(in *cip.CreateUserPoolInput) {
			in.Policies = &types.UserPoolPolicyType{PasswordPolicy: &types.PasswordPolicyType{MinimumLength: new(int32(8)), TemporaryPasswordValidityDays: days}}
		})
		_, err := w.create(t, cip.AdminCreateUserInput{Username: new("ana"), TemporaryPassword: new(goodPassword), UserAttributes: pairs("email", "a@example.com", "email_verified", "true")})
		wantOK(t, err)
		got, err := w.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
		wantOK(t, err)
		if got.AuthenticationResult != nil {
			t.Fatal("a temporary password gives tokens")
		}
		_, err = w.forgot(t, "ana")
		wantError(t, err, "NotAuthorizedException", "User password cannot be reset in the current state.")
		valid := time.Duration(days) * 24 * time.Hour
		if days == 0 {
			valid = 7 * 24 * time.Hour
		}
		s.Advance(valid - time.Minute)
		_, err = w.tryPassword(t, "ana", goodPassword)
		wantOK(t, err)
		s.Advance(time.Minute)
		_, err = w.tryPassword(t, "ana", goodPassword)
		wantError(t, err, "NotAuthorizedException", "Temporary password has expired and must be reset by an administrator.")
		_, err = w.create(t, cip.AdminCreateUserInput{Username: new("ana"), MessageAction: "RESEND", TemporaryPassword: new(goodPassword)})
		wantOK(t, err)
		_, err = w.tryPassword(t, "ana", goodPassword)
		wantOK(t, err)
	}
}

func TestAdminCreateUserAndAliases(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), aliases("email"))
	mail := func(verified string) []types.AttributeType {
		return pairs("email", "shared@example.com", "email_verified", verified)
	}
	_, err := w.create(t, cip.AdminCreateUserInput{Username: new("ana"), UserAttributes: mail("true"), MessageAction: "SUPPRESS"})
	wantOK(t, err)
	_, err = w.create(t, cip.AdminCreateUserInput{Username: new("bea"), UserAttributes: mail("true"), MessageAction: "SUPPRESS"})
	wantCode(t, err, "AliasExistsException")
	// Unverified, and so no claim; force changes nothing about that.
	_, err = w.create(t, cip.AdminCreateUserInput{Username: new("cia"), UserAttributes: mail("false"), MessageAction: "SUPPRESS", ForceAliasCreation: true})
	wantOK(t, err)
	if *w.user(t, "shared@example.com").Username != "ana" {
		t.Error("an unverified address took the alias")
	}
	_, err = w.create(t, cip.AdminCreateUserInput{Username: new("bea"), UserAttributes: mail("true"), MessageAction: "SUPPRESS", ForceAliasCreation: true})
	wantOK(t, err)
	if *w.user(t, "shared@example.com").Username != "bea" || w.attribute(t, "ana", "email_verified") != "false" {
		t.Error("force did not move the alias")
	}

	w = newWorld(t, servertest.Shared(t), usernames("email"))
	u, err := w.create(t, cip.AdminCreateUserInput{Username: new("ana@example.com"), MessageAction: "SUPPRESS"})
	wantOK(t, err)
	if *u.Username != *u.Attributes[0].Value || valueOf(u.Attributes, "email") != "ana@example.com" || valueOf(u.Attributes, "email_verified") == "true" {
		t.Errorf("user %+v", u)
	}
	_, err = w.create(t, cip.AdminCreateUserInput{Username: new("ana@example.com")})
	wantError(t, err, "UsernameExistsException", "An account with the given email already exists.")
	_, err = w.create(t, cip.AdminCreateUserInput{Username: new("ana")})
	wantError(t, err, "InvalidParameterException", "Username should be an email.")
}

func TestAdminCreateUserInAPasswordlessPool(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "EMAIL_OTP"}}}
		in.Schema = []types.SchemaAttributeType{{Name: new("given_name"), Required: new(true)}}
	})
	_, err := w.create(t, cip.AdminCreateUserInput{Username: new("ana"), UserAttributes: pairs("email", "ana@example.com")})
	wantError(t, err, "InvalidParameterException", "Attributes did not conform to the schema: given_name: The attribute is required\n")
	u, err := w.create(t, cip.AdminCreateUserInput{Username: new("ana"), UserAttributes: pairs("email", "ana@example.com", "given_name", "Ana")})
	wantOK(t, err)
	if u.UserStatus != "CONFIRMED" {
		t.Errorf("user %+v", u)
	}
	_, err = w.tryPassword(t, "ana", goodPassword)
	wantError(t, err, "NotAuthorizedException", wrongPassword)
	u, err = w.create(t, cip.AdminCreateUserInput{Username: new("bea"), TemporaryPassword: new(goodPassword)})
	wantOK(t, err)
	if u.UserStatus != "FORCE_CHANGE_PASSWORD" {
		t.Errorf("user %+v", u)
	}
	out, err := w.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: &w.client, Username: new("cia"), UserAttributes: pairs("email", "cia@example.com", "given_name", "Cia")})
	wantOK(t, err)
	if out.UserConfirmed {
		t.Error("confirmed without a code")
	}
}

func TestAdminSetUserPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	wantError(t, w.setPassword(t, "nobody", goodPassword, true), "UserNotFoundException", "User does not exist.")
	w.signUp(t, "ana", "email", "ana@example.com")
	wantError(t, w.setPassword(t, "ana", "Passw0rdPass", true), "InvalidPasswordException", "Password did not conform with policy: Password must have symbol characters")
	wantOK(t, w.setPassword(t, "ana", betterPassword, true))
	if w.status(t, "ana") != "CONFIRMED" {
		t.Error("status", w.status(t, "ana"))
	}
	token := w.accessToken(t, "ana", betterPassword)
	wantOK(t, w.setPassword(t, "ana", goodPassword, false))
	if w.status(t, "ana") != "FORCE_CHANGE_PASSWORD" {
		t.Error("status", w.status(t, "ana"))
	}
	wantOK(t, w.getUser(t.Context(), &token)) // tokens that exist stay valid
	got, err := w.initiate(t, types.AuthFlowTypeUserPasswordAuth, "USERNAME", "ana", "PASSWORD", goodPassword)
	wantOK(t, err)
	if got.ChallengeName != "NEW_PASSWORD_REQUIRED" {
		t.Errorf("sign-in %+v", got)
	}
}

func TestS053EveryDoorIsClosedAfterDisabling(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		close func(w world, name *string) error
		// what the doors answer then
		token, tokenText, signIn, signInText, code, codeText string
	}{
		"disabled": {
			func(w world, name *string) error {
				_, err := w.s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &w.pool, Username: name})
				return err
			},
			"NotAuthorizedException", "User is disabled.", "NotAuthorizedException", "User is disabled.", "NotAuthorizedException", "User is disabled.",
		},
		"deleted": {
			func(w world, name *string) error {
				_, err := w.s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &w.pool, Username: name})
				return err
			},
			"UserNotFoundException", "User does not exist.", "UserNotFoundException", "User does not exist.", "UserNotFoundException", "Username/client id combination not found.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, servertest.Shared(t))
			w.confirmed(t, "ana", "ana@example.com")
			w.signUp(t, "new", "email", "new@example.com")
			result := w.signIn(t, "ana", goodPassword)
			token := result.AccessToken
			_, err := w.askCode(t, *token, "email")
			wantOK(t, err)
			attributeCode := w.s.Mailbox.Wait(t, w.pool, "ana", 2).Code
			_, err = w.forgot(t, "ana")
			wantOK(t, err)
			resetCode := w.s.Mailbox.Wait(t, w.pool, "ana", 3).Code
			signUpCode := w.s.Code(t, w.pool, "new")

			wantOK(t, c.close(w, new("ana")))
			wantOK(t, c.close(w, new("new")))
			ctx := t.Context()
			for door, call := range map[string]func() error{
				"GetUser":              func() error { return w.getUser(ctx, token) },
				"UpdateUserAttributes": func() error { _, err := w.update(t, *token, "nickname", "A"); return err },
				"DeleteUserAttributes": func() error { return w.deleteAttributes(t, *token, "nickname") },
				"ChangePassword": func() error {
					_, err := w.s.Anonymous.ChangePassword(ctx, &cip.ChangePasswordInput{AccessToken: token, PreviousPassword: new(goodPassword), ProposedPassword: new(betterPassword)})
					return err
				},
				"GetUserAttributeVerificationCode": func() error { _, err := w.askCode(t, *token, "email"); return err },
				"VerifyUserAttribute":              func() error { return w.verify(t, *token, "email", attributeCode) },
				"DeleteUser": func() error {
					_, err := w.s.Anonymous.DeleteUser(ctx, &cip.DeleteUserInput{AccessToken: token})
					return err
				},
				"GlobalSignOut": func() error {
					_, err := w.s.Anonymous.GlobalSignOut(ctx, &cip.GlobalSignOutInput{AccessToken: token})
					return err
				},
			} {
				t.Run(door, func(t *testing.T) { wantError(t, call(), c.token, c.tokenText) })
			}
			_, err = w.tryPassword(t, "ana", goodPassword)
			wantError(t, err, c.signIn, c.signInText)
			_, err = w.forgot(t, "ana")
			wantError(t, err, c.code, c.codeText)
			wantError(t, w.confirmForgot(t, "ana", resetCode, betterPassword), c.code, c.codeText)
			wantError(t, w.confirm(t, "new", signUpCode), c.code, c.codeText)
			_, err = w.initiate(t, types.AuthFlowTypeRefreshTokenAuth, "REFRESH_TOKEN", *result.RefreshToken)
			wantCode(t, err, "NotAuthorizedException")
			if name != "disabled" {
				return
			}
			// Back again: sign-in works, everything from before stays dead.
			for _, user := range []string{"ana", "new"} {
				_, err = w.s.SDK.AdminEnableUser(ctx, &cip.AdminEnableUserInput{UserPoolId: &w.pool, Username: &user})
				wantOK(t, err)
			}
			wantError(t, w.getUser(ctx, token), "NotAuthorizedException", "Access Token has been revoked")
			wantError(t, w.confirmForgot(t, "ana", resetCode, betterPassword), "ExpiredCodeException", expiredCode)
			wantError(t, w.confirm(t, "new", signUpCode), "ExpiredCodeException", expiredCode)
			fresh := w.accessToken(t, "ana", goodPassword)
			wantError(t, w.verify(t, fresh, "email", attributeCode), "ExpiredCodeException", expiredCode)
		})
	}
}

func TestS137UsersOfAnotherPoolAreNotReached(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	mine, other := newWorld(t, s), newWorld(t, s)
	mine.confirmed(t, "ana", "ana@example.com")
	sub := mine.attribute(t, "ana", "sub")
	ctx := t.Context()
	for _, name := range []string{"ana", sub, "ana@example.com"} {
		for operation, call := range map[string]func() error{
			"AdminGetUser": func() error {
				_, err := s.SDK.AdminGetUser(ctx, &cip.AdminGetUserInput{UserPoolId: &other.pool, Username: &name})
				return err
			},
			"AdminDeleteUser": func() error {
				_, err := s.SDK.AdminDeleteUser(ctx, &cip.AdminDeleteUserInput{UserPoolId: &other.pool, Username: &name})
				return err
			},
			"AdminDisableUser": func() error {
				_, err := s.SDK.AdminDisableUser(ctx, &cip.AdminDisableUserInput{UserPoolId: &other.pool, Username: &name})
				return err
			},
			"AdminEnableUser": func() error {
				_, err := s.SDK.AdminEnableUser(ctx, &cip.AdminEnableUserInput{UserPoolId: &other.pool, Username: &name})
				return err
			},
			"AdminConfirmSignUp": func() error {
				_, err := s.SDK.AdminConfirmSignUp(ctx, &cip.AdminConfirmSignUpInput{UserPoolId: &other.pool, Username: &name})
				return err
			},
			"AdminSetUserPassword": func() error { return other.setPassword(t, name, goodPassword, true) },
			"AdminResetUserPassword": func() error {
				_, err := s.SDK.AdminResetUserPassword(ctx, &cip.AdminResetUserPasswordInput{UserPoolId: &other.pool, Username: &name})
				return err
			},
			"AdminUpdateUserAttributes": func() error { return other.adminUpdate(t, name, "nickname", "A") },
			"AdminDeleteUserAttributes": func() error {
				_, err := s.SDK.AdminDeleteUserAttributes(ctx, &cip.AdminDeleteUserAttributesInput{UserPoolId: &other.pool, Username: &name, UserAttributeNames: []string{"email"}})
				return err
			},
		} {
			t.Run(operation, func(t *testing.T) { wantError(t, call(), "UserNotFoundException", "User does not exist.") })
		}
	}
	_, err := other.forgot(t, "ana")
	wantError(t, err, "UserNotFoundException", "Username/client id combination not found.")
	mine.signIn(t, "ana", goodPassword)
}

// The answer of an attacker who comes first with the victim's address
// (spec/security.md S046): the account is worth nothing without the code.
func TestS046AddressTakenBeforeItsOwnerComes(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	const victim = "victim@example.com"

	w := newWorld(t, s, aliases("email"))
	w.signUp(t, "attacker", "email", victim)
	_, err := w.tryPassword(t, "attacker", goodPassword)
	wantError(t, err, "UserNotConfirmedException", "User is not confirmed.")
	_, err = w.tryPassword(t, victim, goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	w.confirmed(t, "owner", victim)
	if *w.user(t, victim).Username != "owner" {
		t.Error("the address is not its owner's")
	}
	// Confirmed by mistake, the attacker still has not proved the address.
	_, err = s.SDK.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: &w.pool, Username: new("attacker")})
	wantOK(t, err)
	w.signIn(t, "attacker", goodPassword)
	if *w.user(t, victim).Username != "owner" || w.attribute(t, "attacker", "email_verified") != "false" {
		t.Error("the attacker owns the address")
	}
	_, err = w.forgot(t, "attacker")
	wantError(t, err, "InvalidParameterException", noAddress)

	w = newWorld(t, s, usernames("email"))
	w.signUp(t, victim)
	_, err = w.tryPassword(t, victim, goodPassword)
	wantError(t, err, "UserNotConfirmedException", "User is not confirmed.")
	_, err = w.forgot(t, victim)
	wantError(t, err, "InvalidParameterException", noAddress)
	// Whoever reads the victim's mail decides about the account.
	wantOK(t, w.confirm(t, victim, s.Code(t, w.pool, victim)))
	_, err = w.forgot(t, victim)
	wantOK(t, err)
	wantOK(t, w.confirmForgot(t, victim, s.Mailbox.Wait(t, w.pool, victim, 2).Code, betterPassword))
	_, err = w.tryPassword(t, victim, goodPassword)
	wantError(t, err, "NotAuthorizedException", wrongPassword)
	w.signIn(t, victim, betterPassword)
}

func TestS176TextOfUsersIsOnlyText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.withVerified(t, "ana")
	for i, payload := range []string{
		`'; DROP TABLE users; --`, `" OR ""="`, `$1`, `../../etc/passwd`, "line\r\nSet-Cookie: a=b", `{####} {username} {##x##}`, `%s%n%00`, `<script>alert(1)</script>`,
	} {
		name := strings.NewReplacer(" ", "_", "\r", "_", "\n", "_").Replace(payload)
		w.addUser(t, name, "name", payload, "email", "user"+string(rune('a'+i))+"@example.com")
		if got := w.attribute(t, name, "name"); got != payload {
			t.Errorf("%q came back as %q", payload, got)
		}
		filter := `name = "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(payload) + `"`
		if got := w.list(t, filter); len(got) != 1 || got[0] != name {
			t.Errorf("%s finds %v", filter, got)
		}
	}
	if got := w.list(t, `username = "ana"`); len(got) != 1 {
		t.Error("ana is gone")
	}
}

func TestS034AttributesForgeNoClaims(t *testing.T) {
	t.Parallel()
	reserved := []string{"sub", "iss", "aud", "exp", "iat", "jti", "token_use", "auth_time", "event_id", "origin_jti", "cognito:groups", "cognito:roles", "cognito:username", "identities", "nonce", "at_hash"}
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		for _, name := range reserved[:6] {
			in.Schema = append(in.Schema, types.SchemaAttributeType{Name: new(name + "x"), AttributeDataType: "String", Mutable: new(true)})
		}
	})
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "custom:subx", "forged")
	result := w.signIn(t, "ana", goodPassword)
	before := claimsOf(t, result.IdToken)
	for _, name := range reserved {
		if _, err := w.update(t, *result.AccessToken, name, "forged"); err == nil {
			t.Errorf("%s was set by a user", name)
		}
		if err := w.adminUpdate(t, "ana", name, "forged"); err == nil {
			t.Errorf("%s was set by an administrator", name)
		}
		if _, err := w.trySignUp(t, "bea", name, "forged"); err == nil {
			t.Errorf("%s was set at sign-up", name)
		}
	}
	after := claimsOf(t, w.signIn(t, "ana", goodPassword).IdToken)
	for _, name := range []string{"sub", "iss", "aud", "token_use", "cognito:username"} {
		if before[name] != after[name] {
			t.Errorf("%s changed from %v to %v", name, before[name], after[name])
		}
	}
	for name, value := range after {
		if value == "forged" && name != "custom:subx" {
			t.Errorf("%s is forged", name)
		}
	}
}
