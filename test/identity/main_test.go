// Package identity_test calls the identity pools of a whole server over HTTP with
// the AWS SDK for Go v2, as applications do. COGNATE_TEST_DB chooses the engine.
package identity_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	ciptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

const (
	password  = "Correct-Horse1!"
	developer = "login.example"
)

// world is a user pool with two clients and two users, and an identity pool that
// takes the tokens of the first client.
type world struct {
	*servertest.Server
	signed, public *cognitoidentity.Client

	userPool, client, other string
	provider                string // the user pool's name in Logins
	pool                    string
}

func newWorld(t *testing.T, s *servertest.Server, change func(*cognitoidentity.CreateIdentityPoolInput)) *world {
	t.Helper()
	w := &world{Server: s, signed: s.Identity, public: s.IdentityClient(aws.AnonymousCredentials{})}
	w.userPool = s.CreatePool(t, nil)
	w.client, w.other = s.CreateClient(t, w.userPool, nil), s.CreateClient(t, w.userPool, nil)
	s.CreateUser(t, w.userPool, "ana", password)
	s.CreateUser(t, w.userPool, "ben", password)
	w.provider = nameOf(w.userPool)
	w.pool = w.newPool(t, func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.AllowUnauthenticatedIdentities = true
		in.DeveloperProviderName = aws.String(developer)
		in.CognitoIdentityProviders = []types.CognitoIdentityProvider{{ProviderName: &w.provider, ClientId: &w.client}}
		if change != nil {
			change(in)
		}
	})
	return w
}

func nameOf(userPool string) string {
	return "cognito-idp.us-east-1.amazonaws.com/" + userPool
}

func (w *world) newPool(t *testing.T, change func(*cognitoidentity.CreateIdentityPoolInput)) string {
	t.Helper()
	in := &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("shop")}
	if change != nil {
		change(in)
	}
	made, err := w.signed.CreateIdentityPool(t.Context(), in)
	wantOK(t, err)
	return *made.IdentityPoolId
}

// secondUserPool makes another user pool with a client and the user ana, and lets
// the identity pool take its tokens too.
func (w *world) secondUserPool(t *testing.T) *world {
	t.Helper()
	second := *w
	second.userPool = w.CreatePool(t, nil)
	second.client = w.CreateClient(t, second.userPool, nil)
	w.CreateUser(t, second.userPool, "ana", password)
	second.provider = nameOf(second.userPool)
	pool, err := w.signed.DescribeIdentityPool(t.Context(), &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &w.pool})
	wantOK(t, err)
	_, err = w.signed.UpdateIdentityPool(t.Context(), &cognitoidentity.UpdateIdentityPoolInput{
		IdentityPoolId: &w.pool, IdentityPoolName: pool.IdentityPoolName,
		AllowUnauthenticatedIdentities: pool.AllowUnauthenticatedIdentities, AllowClassicFlow: pool.AllowClassicFlow,
		CognitoIdentityProviders: append(pool.CognitoIdentityProviders, types.CognitoIdentityProvider{ProviderName: &second.provider, ClientId: &second.client}),
	})
	wantOK(t, err)
	return &second
}

// signIn gives the tokens of a user of the user pool.
func (w *world) signIn(t *testing.T, user string) *ciptypes.AuthenticationResultType {
	t.Helper()
	return w.signInTo(t, w.client, user)
}

func (w *world) signInTo(t *testing.T, client, user string) *ciptypes.AuthenticationResultType {
	t.Helper()
	out, err := w.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &client, AuthFlow: ciptypes.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": user, "PASSWORD": password},
	})
	wantOK(t, err)
	return out.AuthenticationResult
}

// login is the Logins of a user who has just signed in.
func (w *world) login(t *testing.T, user string) map[string]string {
	t.Helper()
	return map[string]string{w.provider: *w.signIn(t, user).IdToken}
}

func (w *world) getID(t *testing.T, logins map[string]string) (string, error) {
	t.Helper()
	out, err := w.public.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &w.pool, Logins: logins})
	if err != nil {
		return "", err
	}
	return *out.IdentityId, nil
}

func (w *world) mustGetID(t *testing.T, logins map[string]string) string {
	t.Helper()
	id, err := w.getID(t, logins)
	wantOK(t, err)
	return id
}

func (w *world) openID(t *testing.T, id string, logins map[string]string) (*cognitoidentity.GetOpenIdTokenOutput, error) {
	t.Helper()
	return w.public.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: &id, Logins: logins})
}

func (w *world) describe(t *testing.T, id string) *cognitoidentity.DescribeIdentityOutput {
	t.Helper()
	out, err := w.signed.DescribeIdentity(t.Context(), &cognitoidentity.DescribeIdentityInput{IdentityId: &id})
	wantOK(t, err)
	return out
}

func merge(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, m := range parts {
		maps.Copy(all, m)
	}
	return all
}

func wantOK(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantErr wants an exception; an empty message is not compared.
func wantErr(t testing.TB, err error, code, message string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || message != "" && e.ErrorMessage() != message {
		t.Errorf("error is %v, want %s: %s", err, code, message)
	}
}
