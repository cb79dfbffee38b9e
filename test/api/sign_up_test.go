package api_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

var subForm = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-70[0-9a-f]{2}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func TestSignUpThenConfirm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	out := w.signUp(t, "ana", "email", "f@example.com", "name", "Ana")
	if out.UserConfirmed || !subForm.MatchString(*out.UserSub) || out.Session != nil {
		t.Errorf("answer %+v", out)
	}
	d := out.CodeDeliveryDetails
	if d == nil || *d.AttributeName != "email" || d.DeliveryMedium != "EMAIL" || *d.Destination != "f***@e***" {
		t.Errorf("delivery details %+v", d)
	}
	u := w.user(t, "ana")
	if u.UserStatus != "UNCONFIRMED" || !u.Enabled || *u.Username != "ana" || *u.UserAttributes[0].Name != "sub" || *u.UserAttributes[0].Value != *out.UserSub {
		t.Errorf("user %+v", u)
	}
	if w.attribute(t, "ana", "email_verified") != "false" {
		t.Error("e-mail is verified before the code")
	}
	code := w.s.Code(t, w.pool, "ana")
	if !regexp.MustCompile(`^[0-9]{6}$`).MatchString(code) {
		t.Errorf("code %q", code)
	}
	wantError(t, w.confirm(t, "ana", wrong(code)), "CodeMismatchException", "Invalid verification code provided, please try again.")
	wantOK(t, w.confirm(t, "ana", code))
	if w.status(t, "ana") != "CONFIRMED" || w.attribute(t, "ana", "email_verified") != "true" {
		t.Errorf("user %+v", w.user(t, "ana"))
	}
	wantError(t, w.confirm(t, "ana", code), "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")
}

func TestSignUpSendsOneCodeToThePhoneFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{"email", "phone_number"}
		in.SmsConfiguration = &types.SmsConfigurationType{SnsCallerArn: new("arn:aws:iam::123456789012:role/sms")}
	})
	d := w.signUp(t, "ana", "email", "ana@example.com", "phone_number", "+15550101234").CodeDeliveryDetails
	if *d.AttributeName != "phone_number" || d.DeliveryMedium != "SMS" || *d.Destination != "+*******1234" {
		t.Errorf("delivery details %+v", d)
	}
	wantOK(t, w.confirm(t, "ana", w.s.Code(t, w.pool, "ana")))
	if w.attribute(t, "ana", "phone_number_verified") != "true" || w.attribute(t, "ana", "email_verified") != "false" {
		t.Errorf("attributes %+v", w.user(t, "ana").UserAttributes)
	}
	if n := w.s.Mailbox.Count(w.pool, "ana"); n != 1 {
		t.Errorf("%d messages", n)
	}
}

func TestSignUpWithoutAnythingToVerify(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w := newWorld(t, s, func(in *cip.CreateUserPoolInput) { in.AutoVerifiedAttributes = nil })
	if out := w.signUp(t, "ana", "email", "ana@example.com"); out.CodeDeliveryDetails != nil || out.UserConfirmed {
		t.Errorf("answer %+v", out)
	}
	_, err := w.s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: new("ana")})
	wantError(t, err, "NotAuthorizedException", "Cannot resend codes. Auto verification not turned on.")
	_, err = w.s.SDK.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: &w.pool, Username: new("ana")})
	wantOK(t, err)
	if w.status(t, "ana") != "CONFIRMED" || w.attribute(t, "ana", "email_verified") != "false" {
		t.Errorf("user %+v", w.user(t, "ana"))
	}
	_, err = w.s.SDK.AdminConfirmSignUp(t.Context(), &cip.AdminConfirmSignUpInput{UserPoolId: &w.pool, Username: new("ana")})
	wantError(t, err, "NotAuthorizedException", "User cannot be confirmed. Current status is CONFIRMED")

	w = newWorld(t, s)
	if out := w.signUp(t, "bea"); out.CodeDeliveryDetails != nil {
		t.Errorf("answer %+v", out)
	}
}

func TestSignUpRefusals(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w := newWorld(t, s, func(in *cip.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: new("given_name"), Required: new(true)},
			{Name: new("plan"), AttributeDataType: types.AttributeDataTypeNumber, NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MinValue: new("1")}},
		}
	})
	const schema = "Attributes did not conform to the schema: "
	for _, c := range []struct {
		attributes    []string
		code, message string
	}{
		{nil, "InvalidParameterException", schema + "given_name: The attribute is required\n"},
		{[]string{"given_name", "A", "custom:x", "1"}, "InvalidParameterException", schema + "custom:x: Attribute does not exist in the schema.\n"},
		{[]string{"given_name", "A", "birthdate", "2000"}, "InvalidParameterException", schema + "birthdate: String must be no shorter than 10 characters\n"},
		{[]string{"given_name", "A", "email", "ana"}, "InvalidParameterException", "Invalid email address format."},
		{[]string{"given_name", "A", "phone_number", "555"}, "InvalidParameterException", "Invalid phone number format."},
	} {
		_, err := w.trySignUp(t, "ana", c.attributes...)
		wantError(t, err, c.code, c.message)
	}
	_, err := w.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: &w.client, Username: new("ana"), UserAttributes: pairs("given_name", "A")})
	wantError(t, err, "InvalidParameterException", "Password is required")
	for password, message := range map[string]string{
		"Pw0!":         "Password not long enough",
		"passw0rd!":    "Password must have uppercase characters",
		"PASSW0RD!":    "Password must have lowercase characters",
		"Password!":    "Password must have numeric characters",
		"Passw0rdPass": "Password must have symbol characters",
	} {
		_, err := w.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
			ClientId: &w.client, Username: new("ana"), Password: &password, UserAttributes: pairs("given_name", "A"),
		})
		wantError(t, err, "InvalidPasswordException", "Password did not conform with policy: "+message)
	}
	w.signUp(t, "ana", "given_name", "A", "custom:plan", "3")
	_, err = w.trySignUp(t, "ana", "given_name", "A")
	wantError(t, err, "UsernameExistsException", "User already exists")

	nobody := "1example23456789"
	_, err = s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: &nobody, Username: new("ana"), Password: new(goodPassword)})
	wantError(t, err, "ResourceNotFoundException", "User pool client 1example23456789 does not exist.")
}

func TestS040SelfSignUpWhereOnlyAdministratorsCreate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.AdminCreateUserConfig = &types.AdminCreateUserConfigType{AllowAdminCreateUserOnly: true}
	})
	_, err := w.trySignUp(t, "ana", "email", "ana@example.com")
	wantError(t, err, "NotAuthorizedException", "SignUp is not permitted for this user pool")
}

func TestS044LookAlikesAreDifferentUsersAndCaseIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), caseInsensitive)
	w.signUp(t, "Mike")
	for _, same := range []string{"mike", "MIKE", "mi\u212ae"} {
		_, err := w.trySignUp(t, same)
		wantError(t, err, "UsernameExistsException", "User already exists")
		if got := *w.user(t, same).Username; got != "Mike" {
			t.Errorf("%+q finds %q", same, got)
		}
	}
	for _, different := range []string{"m\u0131ke", "\uff4dike", "m\u0456ke", "mi\u0301ke"} {
		w.signUp(t, different)
		if got := *w.user(t, different).Username; got != different {
			t.Errorf("%+q finds %+q", different, got)
		}
	}
	_, err := w.trySignUp(t, "m\u00edke") // the accented one, in one code point
	wantError(t, err, "UsernameExistsException", "User already exists")
	for _, refused := range []string{"mi ke", "mi\u200bke", "mi\u202eke", "mike\x00", "mi\u00adke"} {
		_, err := w.trySignUp(t, refused)
		wantError(t, err, "InvalidParameterException",
			`1 validation error detected: Value at 'username' failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`)
	}

	w = newWorld(t, servertest.Shared(t))
	w.signUp(t, "Mike")
	w.signUp(t, "mike")
	if w.user(t, "Mike").UserAttributes[0].Value == w.user(t, "mike").UserAttributes[0].Value {
		t.Error("a pool that tells case apart took two names for one user")
	}
}

func TestAddressesAsUserNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), usernames("email", "phone_number"), func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{"email"}
	})
	_, err := w.trySignUp(t, "ana")
	wantError(t, err, "InvalidParameterException", "Username should be either an email or a phone number.")
	out := w.signUp(t, "ana@example.com", "phone_number", "+15550101234")
	u := w.user(t, "ana@example.com")
	if *u.Username != *out.UserSub || valueOf(u.UserAttributes, "email") != "ana@example.com" {
		t.Errorf("user %+v", u)
	}
	for _, name := range []string{*out.UserSub, "+15550101234"} {
		if got := *w.user(t, name).Username; got != *out.UserSub {
			t.Errorf("%s finds %s", name, got)
		}
	}
	_, err = w.trySignUp(t, "ana@example.com")
	wantError(t, err, "UsernameExistsException", "User already exists")
	_, err = w.trySignUp(t, "bea@example.com", "phone_number", "+15550101234")
	wantError(t, err, "UsernameExistsException", "An account with the given phone_number already exists.")
	_, err = w.trySignUp(t, "bea@example.com", "email", "cia@example.com")
	wantError(t, err, "InvalidParameterException", "Username and email attribute must be the same.")
	wantOK(t, w.confirm(t, "ana@example.com", w.s.Code(t, w.pool, "ana@example.com")))
	if w.attribute(t, "ana@example.com", "email_verified") != "true" {
		t.Error("not verified")
	}
}

func TestS045AliasBelongsToOneVerifiedOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), aliases("email", "phone_number", "preferred_username"))
	_, err := w.trySignUp(t, "ana@example.com")
	wantError(t, err, "InvalidParameterException", "Username cannot be of email format, since user pool is configured for email alias.")
	_, err = w.trySignUp(t, "+15550101234")
	wantError(t, err, "InvalidParameterException", "Username cannot be of phone number format, since user pool is configured for phone number alias.")
	_, err = w.trySignUp(t, "ana", "preferred_username", "queen")
	wantError(t, err, "InvalidParameterException", "User cannot be created with a preferred_username alias until confirmed")

	w.signUp(t, "ana", "email", "shared@example.com")
	w.signUp(t, "bea", "email", "shared@example.com")
	// Not verified yet: nobody's sign-in name.
	wantError(t, w.confirm(t, "shared@example.com", "123456"), "UserNotFoundException", "Username/client id combination not found.")
	wantOK(t, w.confirm(t, "ana", w.s.Code(t, w.pool, "ana")))
	if got := *w.user(t, "shared@example.com").Username; got != "ana" {
		t.Errorf("alias finds %s", got)
	}
	code := w.s.Code(t, w.pool, "bea")
	wantError(t, w.confirm(t, "bea", code), "AliasExistsException", "An account with the given email already exists.")
	if w.status(t, "bea") != "UNCONFIRMED" {
		t.Error("bea is confirmed without an alias")
	}
	_, err = w.s.Anonymous.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{
		ClientId: &w.client, Username: new("bea"), ConfirmationCode: &code, ForceAliasCreation: true,
	})
	wantOK(t, err)
	if got := *w.user(t, "shared@example.com").Username; got != "bea" {
		t.Errorf("alias finds %s after it was moved", got)
	}
	if w.attribute(t, "ana", "email_verified") != "false" || w.attribute(t, "bea", "email_verified") != "true" {
		t.Error("the verified flag did not move with the alias")
	}
}

func TestS045FiftyParallelConfirmsMakeOneOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), aliases("email"))
	const users = 50
	name := func(i int) string { return fmt.Sprintf("user%02d", i) }
	var all sync.WaitGroup
	for i := range users {
		all.Go(func() { w.signUp(t, name(i), "email", "victim@example.com") })
	}
	all.Wait()
	var mu sync.Mutex
	owners := 0
	for i := range users {
		code := w.s.Code(t, w.pool, name(i))
		all.Go(func() {
			err := w.confirm(t, name(i), code)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				owners++
				return
			}
			wantError(t, err, "AliasExistsException", "An account with the given email already exists.")
		})
	}
	all.Wait()
	verified := 0
	for i := range users {
		if w.attribute(t, name(i), "email_verified") == "true" {
			verified++
		}
	}
	if owners != 1 || verified != 1 {
		t.Errorf("%d confirmed, %d have the address verified", owners, verified)
	}
}

func TestResendConfirmationCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t))
	w.signUp(t, "ana", "email", "f@example.com")
	first := w.s.Mailbox.Wait(t, w.pool, "ana", 1).Code
	last := first
	for n := 2; n <= 3; n++ {
		out, err := w.s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: new("ana")})
		wantOK(t, err)
		if *out.CodeDeliveryDetails.Destination != "f***@e***" {
			t.Errorf("delivery details %+v", out.CodeDeliveryDetails)
		}
		last = w.s.Mailbox.Wait(t, w.pool, "ana", n).Code // messages on their way together may pass one another
	}
	if first != last {
		wantError(t, w.confirm(t, "ana", first), "CodeMismatchException", "Invalid verification code provided, please try again.")
	}
	wantOK(t, w.confirm(t, "ana", last))
	_, err := w.s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: new("ana")})
	wantError(t, err, "InvalidParameterException", "User is already confirmed.")
	_, err = w.s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: new("nobody")})
	wantError(t, err, "UserNotFoundException", "Username/client id combination not found.")
}

func TestS065GuessingTheSignUpCode(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newWorld(t, s)
	w.signUp(t, "ana", "email", "ana@example.com")
	code := w.s.Code(t, w.pool, "ana")
	for range 15 {
		wantError(t, w.confirm(t, "ana", wrong(code)), "CodeMismatchException", "Invalid verification code provided, please try again.")
	}
	// Now not even the right one is taken, until the hour is over.
	wantError(t, w.confirm(t, "ana", code), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	s.Advance(time.Hour)
	wantOK(t, w.confirm(t, "ana", code))
}

func TestS065SignUpCodeExpiresAfterADay(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newWorld(t, s)
	w.signUp(t, "ana", "email", "ana@example.com")
	code := w.s.Code(t, w.pool, "ana")
	s.Advance(24 * time.Hour)
	wantError(t, w.confirm(t, "ana", code), "ExpiredCodeException", "Invalid code provided, please request a code again.")
}

func TestS066ResendingIsLimited(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newWorld(t, s)
	w.signUp(t, "ana", "email", "ana@example.com")
	resend := func() error {
		_, err := w.s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: &w.client, Username: new("ana")})
		return err
	}
	for range 5 {
		wantOK(t, resend())
	}
	wantError(t, resend(), "LimitExceededException", "Attempt limit exceeded, please try after some time.")
	s.Advance(time.Hour)
	wantOK(t, resend())
}

func TestS074SecretHashOnEveryPublicCall(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{"email"}
	})
	made, err := s.SDK.CreateUserPoolClient(t.Context(), &cip.CreateUserPoolClientInput{UserPoolId: &pool, ClientName: new("secret"), GenerateSecret: true})
	wantOK(t, err)
	client, secret := made.UserPoolClient.ClientId, *made.UserPoolClient.ClientSecret
	public := s.CreateClient(t, pool, nil)
	name, code := "ana", "123456"
	calls := map[string]func(client, hash *string) error{
		"SignUp": func(client, hash *string) error {
			_, err := s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{ClientId: client, SecretHash: hash, Username: &name, Password: new(goodPassword), UserAttributes: pairs("email", "ana@example.com")})
			return err
		},
		"ConfirmSignUp": func(client, hash *string) error {
			_, err := s.Anonymous.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: client, SecretHash: hash, Username: &name, ConfirmationCode: &code})
			return err
		},
		"ResendConfirmationCode": func(client, hash *string) error {
			_, err := s.Anonymous.ResendConfirmationCode(t.Context(), &cip.ResendConfirmationCodeInput{ClientId: client, SecretHash: hash, Username: &name})
			return err
		},
		"ForgotPassword": func(client, hash *string) error {
			_, err := s.Anonymous.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: client, SecretHash: hash, Username: &name})
			return err
		},
		"ConfirmForgotPassword": func(client, hash *string) error {
			_, err := s.Anonymous.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{ClientId: client, SecretHash: hash, Username: &name, ConfirmationCode: &code, Password: new(goodPassword)})
			return err
		},
	}
	for operation, call := range calls {
		t.Run(operation, func(t *testing.T) {
			wantError(t, call(client, nil), "NotAuthorizedException", fmt.Sprintf("Client %s is configured with secret but SECRET_HASH was not received", *client))
			wantError(t, call(client, secretHash("another", name, *client)), "NotAuthorizedException", "Unable to verify secret hash for client "+*client)
			wantError(t, call(client, secretHash(secret, "bea", *client)), "NotAuthorizedException", "Unable to verify secret hash for client "+*client)
			wantError(t, call(&public, secretHash(secret, name, public)), "InvalidParameterException",
				fmt.Sprintf("App client %s is not configured for secret but secret hash was received", public))
		})
	}
	right := secretHash(secret, name, *client)
	wantOK(t, calls["SignUp"](client, right))
	code = s.Code(t, pool, name)
	wantOK(t, calls["ConfirmSignUp"](client, right))
	wantOK(t, calls["ForgotPassword"](client, right))
}

func TestSignUpWhenNoMessageCanBeSent(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.Mail = nil })
	w := newWorld(t, s)
	_, err := w.trySignUp(t, "ana", "email", "ana@example.com")
	wantError(t, err, "CodeDeliveryFailureException", "Unable to deliver message to user")
	if w.status(t, "ana") != "UNCONFIRMED" {
		t.Error("the user is not there")
	}
	_, err = w.s.SDK.AdminCreateUser(t.Context(), &cip.AdminCreateUserInput{
		UserPoolId: &w.pool, Username: new("bea"), UserAttributes: pairs("email", "bea@example.com"), DesiredDeliveryMediums: []types.DeliveryMediumType{"EMAIL"},
	})
	wantError(t, err, "CodeDeliveryFailureException", "Unable to deliver message to user")
	if w.status(t, "bea") != "FORCE_CHANGE_PASSWORD" {
		t.Error("the invited user is not there")
	}
}

func TestFunctionsAreNeverSkipped(t *testing.T) {
	t.Parallel()
	function := new("arn:aws:lambda:us-east-1:123456789012:function:f")
	for trigger, c := range map[string]struct {
		config types.LambdaConfigType
		call   func(w world) error
	}{
		"PreSignUp":     {types.LambdaConfigType{PreSignUp: function}, func(w world) error { _, err := w.trySignUp(t, "ana"); return err }},
		"CustomMessage": {types.LambdaConfigType{CustomMessage: function}, func(w world) error { _, err := w.trySignUp(t, "ana", "email", "a@example.com"); return err }},
		"PostConfirmation": {types.LambdaConfigType{PostConfirmation: function}, func(w world) error {
			w.signUp(t, "ana", "email", "a@example.com")
			return w.confirm(t, "ana", w.s.Code(t, w.pool, "ana"))
		}},
	} {
		w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) { in.LambdaConfig = &c.config })
		wantError(t, c.call(w), "UnexpectedLambdaException", trigger+" invocation failed due to error ResourceNotFoundException.")
	}
}

func TestFiftyParallelSignUpsMakeOneUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), caseInsensitive)
	var made atomic.Int64
	var all sync.WaitGroup
	for i := range 50 {
		name := []string{"ana", "Ana", "ANA"}[i%3]
		all.Go(func() {
			_, err := w.trySignUp(t, name, "email", "ana@example.com")
			if err == nil {
				made.Add(1)
				return
			}
			wantError(t, err, "UsernameExistsException", "User already exists")
		})
	}
	all.Wait()
	if made.Load() != 1 || len(w.list(t, "")) != 1 {
		t.Errorf("%d sign-ups succeeded, users: %v", made.Load(), w.list(t, ""))
	}
}

func TestAliasesFollowTheCaseRuleOfThePool(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), caseInsensitive, aliases("email", "preferred_username"))
	w.confirmed(t, "ana", "Ana@Example.com")
	w.signIn(t, "aNA@exAMPLE.com", goodPassword)
	if got := w.attribute(t, "ANA@EXAMPLE.COM", "email"); got != "Ana@Example.com" {
		t.Errorf("e-mail came back as %s", got)
	}
	w.signUp(t, "bea", "email", "ana@example.COM")
	wantError(t, w.confirm(t, "bea", w.s.Code(t, w.pool, "bea")), "AliasExistsException", "An account with the given email already exists.")
	wantOK(t, w.adminUpdate(t, "ana", "preferred_username", "Queen"))
	w.signIn(t, "queen", goodPassword)
	_, err := w.trySignUp(t, "QUEEN")
	wantError(t, err, "UsernameExistsException", "User already exists")

	w = newWorld(t, servertest.Shared(t), aliases("email"))
	w.confirmed(t, "ana", "Ana@Example.com")
	_, err = w.tryPassword(t, "ana@example.com", goodPassword)
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestConfirmationByLinkCarriesTheCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) {
		in.VerificationMessageTemplate = &types.VerificationMessageTemplateType{
			DefaultEmailOption: types.DefaultEmailOptionTypeConfirmWithLink,
			EmailSubjectByLink: new("Welcome"), EmailMessageByLink: new("Please {##click here##}."),
		}
	})
	// Without a domain there is nowhere for a link to lead.
	w.signUp(t, "bea", "email", "bea@example.com")
	if m := w.s.Mailbox.Wait(t, w.pool, "bea", 1); m.Link != "" || !strings.Contains(m.Body, m.Code) {
		t.Errorf("message %+v", m)
	}
	prefix := newPrefix()
	_, err := makeDomain(t, w.s, w.pool, prefix, nil)
	wantOK(t, err)
	w.signUp(t, "ana", "email", "ana@example.com")
	m := w.s.Mailbox.Wait(t, w.pool, "ana", 1)
	_, port, _ := strings.Cut(strings.TrimPrefix(w.s.URL, "http://"), ":")
	link := "http://" + prefix + ".auth.localhost:" + port + "/confirmUser?client_id=" + w.client + "&user_name=ana&confirmation_code=" + m.Code
	if m.Subject != "Welcome" || !strings.Contains(m.Body, ">click here</a>") || m.Link != link {
		t.Errorf("message %+v, want the link %s", m, link)
	}
	wantOK(t, w.confirm(t, "ana", m.Code))
	// Nothing but the sign-up is confirmed by a link.
	_, err = w.forgot(t, "ana")
	wantOK(t, err)
	if m := w.s.Mailbox.Wait(t, w.pool, "ana", 2); m.Link != "" || !strings.Contains(m.Body, m.Code) {
		t.Errorf("message %+v", m)
	}
}

func TestBoundariesOfUserOperations(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cip.CreateUserPoolInput) { in.AutoVerifiedAttributes = nil })
	long := func(n int) string { return strings.Repeat("u", n) }
	one := func(path, text string) string {
		return "1 validation error detected: Value " + path + " failed to satisfy constraint: Member must have " + text
	}
	w.signUp(t, long(128))
	_, err := w.trySignUp(t, long(129))
	wantError(t, err, "InvalidParameterException", one("at 'username'", "length less than or equal to 128"))
	w.signUp(t, "ana", "name", long(2048))
	_, err = w.trySignUp(t, "bea", "name", long(2049))
	wantError(t, err, "InvalidParameterException", one("at 'userAttributes.1.member.value'", "length less than or equal to 2048"))
	wantOK(t, w.setPassword(t, "ana", "Aa1!"+long(252), true))
	wantError(t, w.setPassword(t, "ana", "Aa1!"+long(253), true), "InvalidParameterException", one("at 'password'", "length less than or equal to 256"))
	for limit, message := range map[int32]string{
		0: "", 60: "",
		61: one("'61' at 'limit'", "value less than or equal to 60"),
		-1: one("'-1' at 'limit'", "value greater than or equal to 0"),
	} {
		_, err := w.s.SDK.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.pool, Limit: &limit})
		if message == "" {
			wantOK(t, err)
			continue
		}
		wantError(t, err, "InvalidParameterException", message)
	}
	answer := w.s.Call(t, "ConfirmSignUp", fmt.Sprintf(`{"ClientId":%q}`, w.client))
	const missing = "failed to satisfy constraint: Member must not be null"
	if !strings.HasPrefix(answer.Message(), "2 validation errors detected: ") || strings.Count(answer.Message(), missing) != 2 ||
		!strings.Contains(answer.Message(), "at 'username' "+missing) || !strings.Contains(answer.Message(), "at 'confirmationCode' "+missing) {
		t.Errorf("missing members: %s", answer.Body)
	}
}

func TestS066CountersOutliveARestart(t *testing.T) {
	t.Parallel()
	if engine := os.Getenv("COGNATE_TEST_DB"); engine != "" && engine != "sqlite" {
		t.Skip("servers on PostgreSQL keep nothing else in common")
	}
	dir := t.TempDir()
	var w world
	t.Run("before", func(t *testing.T) {
		w = newWorld(t, servertest.Start(t, func(c *server.Config) { c.DataDir = dir }))
		w.signUp(t, "ana", "email", "ana@example.com")
		for range 15 {
			wantError(t, w.confirm(t, "ana", wrong(w.s.Code(t, w.pool, "ana"))), "CodeMismatchException", wrongCode)
		}
	})
	t.Run("after", func(t *testing.T) {
		again := world{&app{s: servertest.Start(t, func(c *server.Config) { c.DataDir = dir }), pool: w.pool, client: w.client}}
		wantError(t, again.confirm(t, "ana", w.s.Code(t, w.pool, "ana")), "LimitExceededException", tooOften)
	})
}
