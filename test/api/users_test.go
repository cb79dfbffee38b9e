package api_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// betterPassword is allowed by the default policy, as goodPassword is.
const betterPassword = "Better-Horse2!"

// world is an app whose users the tests look at.
type world struct{ *app }

// newWorld makes a pool that verifies e-mail, and a public client.
func newWorld(t *testing.T, s *servertest.Server, change ...func(*cip.CreateUserPoolInput)) world {
	t.Helper()
	verifying := func(in *cip.CreateUserPoolInput) {
		in.AutoVerifiedAttributes = []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail}
		for _, c := range change {
			c(in)
		}
	}
	return world{newApp(t, s, verifying, nil)}
}

// hidden is the same pool through a client that hides whether users exist.
func (w world) hidden(t *testing.T) world {
	t.Helper()
	return world{w.withClient(t, func(in *cip.CreateUserPoolClientInput) {
		in.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled
	})}
}

func pairs(attributes ...string) []types.AttributeType {
	var list []types.AttributeType
	for i := 0; i+1 < len(attributes); i += 2 {
		list = append(list, types.AttributeType{Name: &attributes[i], Value: &attributes[i+1]})
	}
	return list
}

// trySignUp signs up with the usual password.
func (w world) trySignUp(t *testing.T, name string, attributes ...string) (*cip.SignUpOutput, error) {
	t.Helper()
	return w.s.Anonymous.SignUp(t.Context(), &cip.SignUpInput{
		ClientId: &w.client, Username: &name, Password: new(goodPassword), UserAttributes: pairs(attributes...),
	})
}

func (w world) signUp(t *testing.T, name string, attributes ...string) *cip.SignUpOutput {
	t.Helper()
	out, err := w.trySignUp(t, name, attributes...)
	if err != nil {
		t.Fatalf("SignUp %s: %v", name, err)
	}
	return out
}

func (w world) confirm(t *testing.T, name, code string) error {
	t.Helper()
	_, err := w.s.Anonymous.ConfirmSignUp(t.Context(), &cip.ConfirmSignUpInput{ClientId: &w.client, Username: &name, ConfirmationCode: &code})
	return err
}

// confirmed is a user who signed up and confirmed an e-mail address.
func (w world) confirmed(t *testing.T, name, email string) {
	t.Helper()
	w.signUp(t, name, "email", email)
	wantOK(t, w.confirm(t, name, w.s.Code(t, w.pool, name)))
}

func (w world) forgot(t *testing.T, name string) (*types.CodeDeliveryDetailsType, error) {
	t.Helper()
	out, err := w.s.Anonymous.ForgotPassword(t.Context(), &cip.ForgotPasswordInput{ClientId: &w.client, Username: &name})
	if err != nil {
		return nil, err
	}
	return out.CodeDeliveryDetails, nil
}

func (w world) confirmForgot(t *testing.T, name, code, password string) error {
	t.Helper()
	_, err := w.s.Anonymous.ConfirmForgotPassword(t.Context(), &cip.ConfirmForgotPasswordInput{
		ClientId: &w.client, Username: &name, ConfirmationCode: &code, Password: &password,
	})
	return err
}

// user is a user as an administrator sees it.
func (w world) user(t *testing.T, name string) *cip.AdminGetUserOutput {
	t.Helper()
	out, err := w.s.SDK.AdminGetUser(t.Context(), &cip.AdminGetUserInput{UserPoolId: &w.pool, Username: &name})
	if err != nil {
		t.Fatalf("AdminGetUser %s: %v", name, err)
	}
	return out
}

// attribute is the value of an attribute of a user, empty when not set.
func (w world) attribute(t *testing.T, user, name string) string {
	t.Helper()
	return valueOf(w.user(t, user).UserAttributes, name)
}

func valueOf(list []types.AttributeType, name string) string {
	for _, a := range list {
		if *a.Name == name {
			return *a.Value
		}
	}
	return ""
}

func (w world) status(t *testing.T, user string) types.UserStatusType {
	t.Helper()
	return w.user(t, user).UserStatus
}

// accessToken signs a user in who has nothing more to prove.
func (w world) accessToken(t *testing.T, name, password string) string {
	t.Helper()
	return *w.signIn(t, name, password).AccessToken
}

// wrong is a code of the right form that is not the given one.
func wrong(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

func secretHash(secret, name, client string) *string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(name + client))
	return new(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func caseInsensitive(in *cip.CreateUserPoolInput) {
	in.UsernameConfiguration = &types.UsernameConfigurationType{CaseSensitive: new(false)}
}

func aliases(names ...types.AliasAttributeType) func(*cip.CreateUserPoolInput) {
	return func(in *cip.CreateUserPoolInput) { in.AliasAttributes = names }
}

func usernames(names ...types.UsernameAttributeType) func(*cip.CreateUserPoolInput) {
	return func(in *cip.CreateUserPoolInput) { in.UsernameAttributes = names }
}
