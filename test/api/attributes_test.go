package api_test

import (
	"slices"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

const unauthorizedWrite = "A client attempted to write unauthorized attribute"

func (w world) update(t *testing.T, token string, attributes ...string) ([]types.CodeDeliveryDetailsType, error) {
	t.Helper()
	out, err := w.s.Anonymous.UpdateUserAttributes(t.Context(), &cip.UpdateUserAttributesInput{AccessToken: &token, UserAttributes: pairs(attributes...)})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetailsList, nil
}

func (w world) adminUpdate(t *testing.T, name string, attributes ...string) error {
	t.Helper()
	_, err := w.s.SDK.AdminUpdateUserAttributes(t.Context(), &cip.AdminUpdateUserAttributesInput{UserPoolId: &w.pool, Username: &name, UserAttributes: pairs(attributes...)})
	return err
}

func (w world) deleteAttributes(t *testing.T, token string, names ...string) error {
	t.Helper()
	_, err := w.s.Anonymous.DeleteUserAttributes(t.Context(), &cip.DeleteUserAttributesInput{AccessToken: &token, UserAttributeNames: names})
	return err
}

func (w world) verify(t *testing.T, token, attribute, code string) error {
	t.Helper()
	_, err := w.s.Anonymous.VerifyUserAttribute(t.Context(), &cip.VerifyUserAttributeInput{AccessToken: &token, AttributeName: &attribute, Code: &code})
	return err
}

func (w world) askCode(t *testing.T, token, attribute string) (*types.CodeDeliveryDetailsType, error) {
	t.Helper()
	out, err := w.s.Anonymous.GetUserAttributeVerificationCode(t.Context(), &cip.GetUserAttributeVerificationCodeInput{AccessToken: &token, AttributeName: &attribute})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetails, nil
}

// waiting makes changes of e-mail wait for their verification.
func waiting(in *cip.CreateUserPoolInput) {
	in.UserAttributeUpdateSettings = &types.UserAttributeUpdateSettingsType{AttributesRequireVerificationBeforeUpdate: []types.VerifiedAttributeType{"email"}}
}

func TestUserReadsAndChangesAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: new("plan"), AttributeDataType: "String", Mutable: new(true), StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: new("1"), MaxLength: new("5")}},
			{Name: new("fixed"), AttributeDataType: "String", Mutable: new(false)},
			{Name: new("given_name"), Required: new(true)},
		}
	})
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "given_name", "Ana", "custom:fixed", "x", "email", "ana@example.com", "email_verified", "true")
	token := w.accessToken(t, "ana", goodPassword)
	for _, c := range []struct {
		attributes    []string
		code, message string
	}{
		{[]string{"nickname", "A", "custom:plan", "gold"}, "", ""},
		{[]string{"custom:plan", "platinum"}, "InvalidParameterException", "user.custom:plan: String must be no longer than 5 characters\n"},
		{[]string{"custom:fixed", "y"}, "InvalidParameterException", "user.custom:fixed: Attribute cannot be updated.\n"},
		{[]string{"custom:none", "y"}, "InvalidParameterException", "user.custom:none: Attribute does not exist in the schema.\n"},
		{[]string{"email", "ana"}, "InvalidParameterException", "Invalid email address format."},
		{[]string{"given_name", ""}, "InvalidParameterException", "user.given_name: Attribute cannot be deleted.\n"},
	} {
		_, err := w.update(t, token, c.attributes...)
		if c.code == "" {
			wantOK(t, err)
			continue
		}
		wantError(t, err, c.code, c.message)
	}
	got, err := w.s.Anonymous.GetUser(t.Context(), &cip.GetUserInput{AccessToken: &token})
	wantOK(t, err)
	if *got.Username != "ana" || *got.UserAttributes[0].Name != "sub" || valueOf(got.UserAttributes, "nickname") != "A" || valueOf(got.UserAttributes, "custom:plan") != "gold" {
		t.Errorf("user %+v", got)
	}
	if got.UserMFASettingList != nil || got.PreferredMfaSetting != nil || got.MFAOptions != nil {
		t.Errorf("second factors of a user without: %+v", got)
	}
	_, err = w.update(t, token, "nickname", "") // an empty value deletes
	wantOK(t, err)
	wantOK(t, w.deleteAttributes(t, token, "custom:plan"))
	wantOK(t, w.deleteAttributes(t, token, "custom:plan"))
	wantError(t, w.deleteAttributes(t, token, "given_name"), "InvalidParameterException", "user.given_name: Attribute cannot be deleted.\n")
	wantError(t, w.deleteAttributes(t, token, "custom:none"), "InvalidParameterException", "user.custom:none: Attribute does not exist in the schema.\n")
	wantOK(t, w.deleteAttributes(t, token, "email"))
	for _, name := range []string{"nickname", "custom:plan", "email", "email_verified"} {
		if v := w.attribute(t, "ana", name); v != "" {
			t.Errorf("%s is still %q", name, v)
		}
	}
}

func TestS041ChangeOfEmailTakesEffectAtOnceButIsUnverified(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), aliases("email"))
	w.confirmed(t, "victim", "victim@example.com")
	w.confirmed(t, "thief", "thief@example.com")
	token := w.accessToken(t, "thief", goodPassword)
	sent, err := w.update(t, token, "email", "fresh@example.com")
	wantOK(t, err)
	if len(sent) != 1 || *sent[0].Destination != "f***@e***" || *sent[0].AttributeName != "email" {
		t.Errorf("delivery details %+v", sent)
	}
	if w.attribute(t, "thief", "email") != "fresh@example.com" || w.attribute(t, "thief", "email_verified") != "false" {
		t.Error("a new address must be there, unverified")
	}
	// An unverified address serves neither sign-in nor recovery.
	_, err = w.tryPassword(t, "fresh@example.com", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	_, err = w.forgot(t, "thief")
	wantError(t, err, "InvalidParameterException", noAddress)
	// The victim's address can be claimed, but not proved.
	_, err = w.update(t, token, "email", "victim@example.com")
	wantOK(t, err)
	if *w.user(t, "victim@example.com").Username != "victim" {
		t.Error("the address finds the thief")
	}
	stolen := w.s.Mailbox.Wait(t, w.pool, "victim@example.com", 2).Code // read in the victim's mail
	wantError(t, w.verify(t, token, "email", stolen), "AliasExistsException", "An account with the given email already exists.")
	w.signIn(t, "victim@example.com", goodPassword)

	_, err = w.update(t, token, "email", "own@example.com")
	wantOK(t, err)
	wantError(t, w.verify(t, token, "email", stolen), "CodeMismatchException", wrongCode)
	wantOK(t, w.verify(t, token, "email", w.s.Code(t, w.pool, "own@example.com")))
	w.signIn(t, "own@example.com", goodPassword)
}

func TestS041ChangeOfEmailWaitsForItsCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), usernames("email"), waiting)
	w.confirmed(t, "old@example.com", "old@example.com")
	w.confirmed(t, "other@example.com", "other@example.com")
	token := w.accessToken(t, "old@example.com", goodPassword)
	_, err := w.update(t, token, "email", "other@example.com")
	wantError(t, err, "AliasExistsException", "An account with the given email already exists.")
	sent, err := w.update(t, token, "email", "new@example.com")
	wantOK(t, err)
	if len(sent) != 1 || *sent[0].Destination != "n***@e***" {
		t.Errorf("delivery details %+v", sent)
	}
	if w.attribute(t, "old@example.com", "email") != "old@example.com" || w.attribute(t, "old@example.com", "email_verified") != "true" {
		t.Error("the old address must stay until the code is entered")
	}
	_, err = w.tryPassword(t, "new@example.com", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	d, err := w.forgot(t, "old@example.com")
	wantOK(t, err)
	if *d.Destination != "o***@e***" {
		t.Errorf("recovery goes to %s", *d.Destination)
	}
	first := w.s.Mailbox.Wait(t, w.pool, "new@example.com", 1).Code
	d, err = w.askCode(t, token, "email") // for the address that waits
	wantOK(t, err)
	if *d.Destination != "n***@e***" {
		t.Errorf("code goes to %s", *d.Destination)
	}
	second := w.s.Mailbox.Wait(t, w.pool, "new@example.com", 2).Code
	if first != second {
		wantError(t, w.verify(t, token, "email", first), "CodeMismatchException", wrongCode)
	}
	wantOK(t, w.verify(t, token, "email", second))
	wantError(t, w.verify(t, token, "email", second), "ExpiredCodeException", expiredCode)
	w.signIn(t, "new@example.com", goodPassword)
	_, err = w.tryPassword(t, "old@example.com", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	if w.attribute(t, "new@example.com", "email_verified") != "true" {
		t.Error("not verified")
	}
}

func TestUpdateWithTheSameValueSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.confirmed(t, "ana", "ana@example.com")
	token := w.accessToken(t, "ana", goodPassword)
	sent, err := w.update(t, token, "email", "ana@example.com", "nickname", "A")
	wantOK(t, err)
	if len(sent) != 0 || w.attribute(t, "ana", "email_verified") != "true" {
		t.Errorf("sent %+v", sent)
	}
	// Not auto-verified: changed, unverified, no code.
	sent, err = w.update(t, token, "phone_number", "+15550101234")
	wantOK(t, err)
	if len(sent) != 0 || w.attribute(t, "ana", "phone_number") != "+15550101234" || w.attribute(t, "ana", "phone_number_verified") != "false" {
		t.Errorf("sent %+v", sent)
	}
}

func TestS042NobodyWritesWhatTheServiceKeeps(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.confirmed(t, "ana", "ana@example.com")
	token := w.accessToken(t, "ana", goodPassword)
	before := w.user(t, "ana").UserAttributes
	for _, name := range []string{"sub", "identities", "email_verified", "phone_number_verified"} {
		_, err := w.trySignUp(t, "bea", "email", "bea@example.com", name, "true")
		wantError(t, err, "NotAuthorizedException", unauthorizedWrite)
		_, err = w.update(t, token, name, "true")
		wantError(t, err, "NotAuthorizedException", unauthorizedWrite)
		wantError(t, w.deleteAttributes(t, token, name), "NotAuthorizedException", unauthorizedWrite)
	}
	for _, name := range []string{"cognito:user_status", "cognito:groups", "iss", "token_use", "custom:cognito:groups"} {
		_, err := w.trySignUp(t, "bea", "email", "bea@example.com", name, "true")
		wantError(t, err, "InvalidParameterException", "Attributes did not conform to the schema: "+name+": Attribute does not exist in the schema.\n")
		_, err = w.update(t, token, name, "true")
		wantError(t, err, "InvalidParameterException", "user."+name+": Attribute does not exist in the schema.\n")
	}
	for _, name := range []string{"sub", "identities"} {
		wantError(t, w.adminUpdate(t, "ana", name, "x"), "InvalidParameterException", "Cannot modify the non-mutable attribute "+name)
	}
	after := w.user(t, "ana").UserAttributes
	if !slices.EqualFunc(before, after, func(a, b types.AttributeType) bool { return *a.Name == *b.Name && *a.Value == *b.Value }) {
		t.Errorf("attributes changed: %+v", after)
	}
}

func TestS043ClientLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{{Name: new("plan"), AttributeDataType: "String", Mutable: new(true)}}
	})
	narrow := world{w.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		in.ReadAttributes = []string{"email"}
		in.WriteAttributes = []string{"email", "nickname"}
	})}
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "name", "Ana", "custom:plan", "gold")
	result := narrow.signIn(t, "ana", goodPassword)
	token := *result.AccessToken
	got, err := w.s.Anonymous.GetUser(t.Context(), &cip.GetUserInput{AccessToken: &token})
	wantOK(t, err)
	var names []string
	for _, a := range got.UserAttributes {
		names = append(names, *a.Name)
	}
	if !slices.Equal(names, []string{"sub", "email"}) {
		t.Errorf("the client reads %v", names)
	}
	claims := claimsOf(t, result.IdToken)
	for _, name := range []string{"name", "custom:plan"} {
		if claims[name] != nil {
			t.Errorf("%s stands in the ID token", name)
		}
	}
	for _, name := range []string{"name", "custom:plan", "phone_number"} {
		value := "+15550101234"
		_, err := narrow.trySignUp(t, "bea", name, value)
		wantError(t, err, "NotAuthorizedException", unauthorizedWrite)
		_, err = narrow.update(t, token, "nickname", "A", name, value)
		wantError(t, err, "NotAuthorizedException", unauthorizedWrite)
		wantError(t, narrow.deleteAttributes(t, token, name), "NotAuthorizedException", unauthorizedWrite)
	}
	_, err = narrow.update(t, token, "nickname", "A")
	wantOK(t, err)
	if w.attribute(t, "ana", "custom:plan") != "gold" || w.attribute(t, "ana", "nickname") != "A" {
		t.Errorf("attributes %+v", w.user(t, "ana").UserAttributes)
	}
}

func TestVerifyUserAttribute(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "zoe@bank.example")
	token := w.accessToken(t, "ana", goodPassword)
	const onlyTwo = "Invalid attribute name. Only phone_number and email can be verified."
	_, err := w.askCode(t, token, "nickname")
	wantError(t, err, "InvalidParameterException", onlyTwo)
	wantError(t, w.verify(t, token, "nickname", "123456"), "InvalidParameterException", onlyTwo)
	_, err = w.askCode(t, token, "phone_number")
	wantError(t, err, "InvalidParameterException", "User does not have a valid registered phone number")
	_, err = w.askCode(t, "garbage", "email")
	wantError(t, err, "NotAuthorizedException", "Invalid Access Token")
	wantError(t, w.verify(t, token, "email", "123456"), "ExpiredCodeException", expiredCode)
	for n := 1; n <= 2; n++ { // also when it is verified already
		d, err := w.askCode(t, token, "email")
		wantOK(t, err)
		if *d.Destination != "z***@b***" || d.DeliveryMedium != "EMAIL" || *d.AttributeName != "email" {
			t.Errorf("delivery details %+v", d)
		}
		code := w.s.Mailbox.Wait(t, w.pool, "ana", n).Code
		wantError(t, w.verify(t, token, "email", wrong(code)), "CodeMismatchException", wrongCode)
		wantOK(t, w.verify(t, token, "email", code))
		wantError(t, w.verify(t, token, "email", code), "ExpiredCodeException", expiredCode)
		if w.attribute(t, "ana", "email_verified") != "true" {
			t.Error("not verified")
		}
	}
	wantOK(t, w.deleteAttributes(t, token, "email"))
	_, err = w.askCode(t, token, "email")
	wantError(t, err, "InvalidParameterException", "User does not have a valid registered email address")
}

func TestS065AttributeCodeLifetimeAndLimit(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := world{newWorld(t, s).withClient(t, func(in *cip.CreateUserPoolClientInput) { in.AccessTokenValidity = new(int32(24)) })}
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com")
	token := w.accessToken(t, "ana", goodPassword)
	for range 5 {
		_, err := w.askCode(t, token, "email")
		wantOK(t, err)
	}
	_, err := w.askCode(t, token, "email")
	wantError(t, err, "LimitExceededException", tooOften)
	code := w.s.Mailbox.Wait(t, w.pool, "ana", 5).Code
	for range 15 {
		wantError(t, w.verify(t, token, "email", wrong(code)), "CodeMismatchException", wrongCode)
	}
	wantError(t, w.verify(t, token, "email", code), "LimitExceededException", tooOften)
	s.Advance(23 * time.Hour)
	wantError(t, w.verify(t, token, "email", wrong(code)), "CodeMismatchException", wrongCode)
	s.Advance(time.Hour)
	fresh := w.accessToken(t, "ana", goodPassword)
	wantError(t, w.verify(t, fresh, "email", code), "ExpiredCodeException", expiredCode)
}

func TestAdminUpdateUserAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), aliases("email", "preferred_username"))
	w.s.CreateUser(t, w.pool, "ana", goodPassword, "email", "ana@example.com", "email_verified", "true")
	w.s.CreateUser(t, w.pool, "bea", goodPassword)
	const taken = "An account with the given email already exists."
	wantError(t, w.adminUpdate(t, "nobody", "nickname", "A"), "UserNotFoundException", "User does not exist.")
	wantError(t, w.adminUpdate(t, "bea", "email_verified", "true"), "InvalidParameterException", "Email is required to verify/un-verify an email")
	wantError(t, w.adminUpdate(t, "bea", "phone_number_verified", "true"), "InvalidParameterException", "Phone Number is required to verify/un-verify a phone number")
	wantError(t, w.adminUpdate(t, "bea", "email", "ana@example.com", "email_verified", "true"), "AliasExistsException", taken)
	wantOK(t, w.adminUpdate(t, "bea", "email", "bea@example.com", "email_verified", "true"))
	if n := w.s.Mailbox.Count(w.pool, "bea"); n != 0 {
		t.Errorf("%d messages for a verified address", n)
	}
	w.signIn(t, "bea@example.com", goodPassword)
	wantOK(t, w.adminUpdate(t, "bea", "email", "bee@example.com"))
	if w.attribute(t, "bea", "email_verified") != "false" {
		t.Error("a new address is verified by itself")
	}
	w.s.Mailbox.Wait(t, w.pool, "bee@example.com", 1)
	wantOK(t, w.adminUpdate(t, "bea", "preferred_username", "queen"))
	w.signIn(t, "queen", goodPassword)
	wantError(t, w.adminUpdate(t, "ana", "preferred_username", "queen"), "AliasExistsException", "An account with the given preferred_username already exists.")
	wantError(t, w.adminUpdate(t, "ana", "preferred_username", "bea"), "AliasExistsException", "An account with the given preferred_username already exists.")
	wantError(t, w.adminUpdate(t, "bea", "preferred_username", "victim@example.com"), "InvalidParameterException",
		"Username cannot be of email format, since user pool is configured for email alias.")

	_, err := w.s.SDK.AdminDeleteUserAttributes(t.Context(), &cip.AdminDeleteUserAttributesInput{
		UserPoolId: &w.pool, Username: new("ana"), UserAttributeNames: []string{"email"},
	})
	wantOK(t, err)
	if w.attribute(t, "ana", "email_verified") != "" {
		t.Error("the flag outlived the address")
	}
	_, err = w.tryPassword(t, "ana@example.com", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestLastUserNameCannotBeDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), usernames("email"))
	w.confirmed(t, "ana@example.com", "ana@example.com")
	token := w.accessToken(t, "ana@example.com", goodPassword)
	wantError(t, w.deleteAttributes(t, token, "email"), "InvalidParameterException", "user.email: Attribute cannot be deleted.\n")
	_, err := w.update(t, token, "email", "")
	wantError(t, err, "InvalidParameterException", "user.email: Attribute cannot be deleted.\n")
	w.signIn(t, "ana@example.com", goodPassword)
}

func TestS052TokensActOnTheirOwnUserOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.confirmed(t, "ana", "ana@example.com")
	w.confirmed(t, "bea", "bea@example.com")
	ana, bea := w.accessToken(t, "ana", goodPassword), w.accessToken(t, "bea", goodPassword)
	_, err := w.askCode(t, bea, "email")
	wantOK(t, err)
	code := w.s.Mailbox.Wait(t, w.pool, "bea", 2).Code
	wantError(t, w.verify(t, ana, "email", code), "ExpiredCodeException", expiredCode)
	_, err = w.update(t, ana, "nickname", "A")
	wantOK(t, err)
	_, err = w.s.Anonymous.DeleteUser(t.Context(), &cip.DeleteUserInput{AccessToken: &ana})
	wantOK(t, err)
	if w.attribute(t, "bea", "nickname") != "" {
		t.Error("ana's token changed bea")
	}
	wantOK(t, w.verify(t, bea, "email", code))
	wantError(t, w.getUser(t.Context(), &ana), "UserNotFoundException", "User does not exist.")
	_, err = w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: new("ana")})
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	_, err = w.trySignUp(t, "ana", "email", "ana@example.com") // the name is free again
	wantOK(t, err)
}
