package identity_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"cognate/internal/servertest"
)

const unsupported = "Token is not from a supported provider of this identity pool."

// Rows 2 and 3 of the checklist are among them.
func TestTokensThatAreNoLogins_Rows2And3(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	good := w.signIn(t, "ana")
	tampered := []byte(*good.IdToken)
	middle := len(tampered) - 100 // of the signature
	if tampered[middle]++; tampered[middle] != 'B' {
		tampered[middle] = 'A'
	}
	elsewhere := newWorld(t, servertest.Shared(t), nil)
	own, err := w.signed.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
		IdentityPoolId: &w.pool, Logins: map[string]string{developer: "u"},
	})
	wantOK(t, err)
	tests := []struct{ name, key, token, code, message string }{
		{"of another client (row 2)", w.provider, *w.signInTo(t, w.other, "ana").IdToken, "NotAuthorizedException", unsupported},
		{"access token (row 3)", w.provider, *good.AccessToken, "NotAuthorizedException", "Invalid login token. Missing a required claim: aud"},
		{"refresh token", w.provider, *good.RefreshToken, "NotAuthorizedException", "Invalid login token. Not a valid OpenId Connect identity token."},
		{"of another pool", w.provider, *elsewhere.signIn(t, "ana").IdToken, "NotAuthorizedException", "Invalid login token. Issuer doesn't match providerName"},
		{"tampered with", w.provider, string(tampered), "NotAuthorizedException", "Invalid login token. Couldn't verify signed token."},
		{"of the service", "cognito-identity.amazonaws.com", *own.Token, "NotAuthorizedException", "Invalid login token. Can't pass in a Cognito token."},
		{"of the service as a user pool's", w.provider, *own.Token, "NotAuthorizedException", ""},
		{"of a provider that the pool does not have", "accounts.google.com", *good.IdToken, "NotAuthorizedException", unsupported},
		{"of a user pool that the pool does not have", elsewhere.provider, *elsewhere.signIn(t, "ana").IdToken, "NotAuthorizedException", unsupported},
		{"of the developer", developer, "ana", "ValidationException", "Please provide a valid public provider."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := w.getID(t, map[string]string{test.key: test.token})
			wantErr(t, err, test.code, test.message)
			// One bad token fails the call, whatever else there is.
			_, err = w.getID(t, merge(map[string]string{w.provider: *good.IdToken}, map[string]string{test.key: test.token}))
			wantErr(t, err, test.code, test.message)
		})
	}
}

func TestExpiredLoginTellsBothTimes(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	w := newWorld(t, s, nil)
	login := w.login(t, "ana")
	made := s.Now().Unix()
	s.Advance(time.Hour) // how long ID tokens of a new client last
	_, err := w.getID(t, login)
	if err == nil {
		t.Fatal("an expired token is a login")
	}
	var now, exp int64
	_, text, _ := strings.Cut(err.Error(), "NotAuthorizedException: ")
	if n, _ := fmt.Sscanf(text, "Invalid login token. Token expired: %d >= %d", &now, &exp); n != 2 || exp-made > 3600 || exp-made < 3590 || now < exp {
		t.Errorf("error is %v, the token of %d", err, made)
	}
}

// The values of Logins are bounded by the constraints of the model (recorded.md §2.6).
func TestLoginValuesHaveBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	const bounds = " at 'logins' failed to satisfy constraint: " +
		"Map value must satisfy constraint: [Member must have length less than or equal to 50000, Member must have length greater than or equal to 1]"
	_, err := w.getID(t, map[string]string{"accounts.google.com": ""})
	wantErr(t, err, "ValidationException", "1 validation error detected: Value '{accounts.google.com=}'"+bounds)
	_, err = w.getID(t, map[string]string{"accounts.google.com": strings.Repeat("x", 50_001)})
	wantErr(t, err, "ValidationException", "")
	if err != nil && !strings.HasSuffix(err.Error(), bounds) {
		t.Errorf("error is %v", err)
	}
	eleven := map[string]string{}
	for i := range 11 {
		eleven[fmt.Sprint("p", i)] = "x"
	}
	_, err = w.getID(t, eleven)
	wantErr(t, err, "ValidationException", "")
}

// ServerSideTokenCheck asks the user pool (A4): S033 and S121 of security.md.
func TestS121ServerSideTokenCheckRefusesEndedSignIns(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	checked := newWorld(t, s, func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.CognitoIdentityProviders[0].ServerSideTokenCheck = aws.Bool(true)
	})
	unchecked := checked.newPool(t, func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.CognitoIdentityProviders = []types.CognitoIdentityProvider{{ProviderName: &checked.provider, ClientId: &checked.client}}
	})
	user := func(end string) *cip.AdminUserGlobalSignOutInput {
		return &cip.AdminUserGlobalSignOutInput{UserPoolId: &checked.userPool, Username: &end}
	}
	ends := map[string]func(name, refresh string) error{
		"signed out": func(name, _ string) error {
			_, err := s.SDK.AdminUserGlobalSignOut(t.Context(), user(name))
			return err
		},
		"revoked": func(_, refresh string) error {
			_, err := s.Anonymous.RevokeToken(t.Context(), &cip.RevokeTokenInput{ClientId: &checked.client, Token: &refresh})
			return err
		},
		"disabled": func(name, _ string) error {
			_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &checked.userPool, Username: &name})
			return err
		},
		"deleted": func(name, _ string) error {
			_, err := s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &checked.userPool, Username: &name})
			return err
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			who := strings.ReplaceAll(name, " ", "-")
			s.CreateUser(t, checked.userPool, who, password)
			tokens := checked.signIn(t, who)
			logins := map[string]string{checked.provider: *tokens.IdToken}
			checked.mustGetID(t, logins)
			wantOK(t, end(who, *tokens.RefreshToken))
			_, err := checked.getID(t, logins)
			wantErr(t, err, "NotAuthorizedException", "Token is inactive")
			_, err = checked.public.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &unchecked, Logins: logins})
			wantOK(t, err) // without the check the token is enough
		})
	}
}
