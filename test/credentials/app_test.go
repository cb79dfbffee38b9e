package credentials_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"

	"cognate/internal/servertest"
)

const (
	account  = "123456789012"
	password = "Correct-horse-7"
)

// app is a user pool with an identity pool for its users and for guests, and roles
// for both: user and guest of the app.
type app struct {
	s            *servertest.Server
	pool, client string
	provider     string // the user pool in Logins
	identityPool string
	userRole     string // ARNs
	guestRole    string
	open         *cognitoidentity.Client // signs nothing
}

// newApp makes an app on a server. The roles trust the identity pool and permit what
// the policy says; change may alter the identity pool.
func newApp(t *testing.T, s *servertest.Server, policy string, change func(*cognitoidentity.CreateIdentityPoolInput)) *app {
	t.Helper()
	a := &app{s: s, pool: s.CreatePool(t, nil), open: s.IdentityClient(aws.AnonymousCredentials{})}
	a.client = s.CreateClient(t, a.pool, nil)
	a.provider = "cognito-idp.us-east-1.amazonaws.com/" + a.pool
	in := &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName: aws.String("test"), AllowUnauthenticatedIdentities: true, AllowClassicFlow: aws.Bool(true),
		CognitoIdentityProviders: []idtypes.CognitoIdentityProvider{{ProviderName: &a.provider, ClientId: &a.client}},
	}
	if change != nil {
		change(in)
	}
	made, err := s.Identity.CreateIdentityPool(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	a.identityPool = *made.IdentityPoolId
	a.userRole = newRole(t, s, trust(a.identityPool, "authenticated"), policy)
	a.guestRole = newRole(t, s, trust(a.identityPool, "unauthenticated"), policy)
	a.setRoles(t, nil)
	return a
}

func (a *app) setRoles(t *testing.T, mapping *idtypes.RoleMapping) {
	t.Helper()
	in := &cognitoidentity.SetIdentityPoolRolesInput{
		IdentityPoolId: &a.identityPool,
		Roles:          map[string]string{"authenticated": a.userRole, "unauthenticated": a.guestRole},
	}
	if mapping != nil {
		in.RoleMappings = map[string]idtypes.RoleMapping{a.provider + ":" + a.client: *mapping}
	}
	if _, err := a.s.Identity.SetIdentityPoolRoles(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

// trust is a policy by which a role is for callers of an identity pool in a state.
func trust(identityPool, state string, actions ...string) string {
	if len(actions) == 0 {
		actions = []string{"sts:AssumeRoleWithWebIdentity"}
	}
	return document(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"Federated": "cognito-identity.amazonaws.com"}, "Action": actions,
		"Condition": map[string]any{
			"StringEquals":           map[string]any{"cognito-identity.amazonaws.com:aud": identityPool},
			"ForAnyValue:StringLike": map[string]any{"cognito-identity.amazonaws.com:amr": state},
		},
	})
}

// allow is a policy that permits actions on a resource.
func allow(resource string, actions ...string) string {
	return document(map[string]any{"Effect": "Allow", "Action": actions, "Resource": resource})
}

func document(statements ...map[string]any) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err) // strings and lists only
	}
	return string(text)
}

func (a *app) poolARN() string {
	return "arn:aws:cognito-idp:us-east-1:" + account + ":userpool/" + a.pool
}

// signIn makes a user and signs in.
func (a *app) signIn(t *testing.T, attributes ...string) *types.AuthenticationResultType {
	t.Helper()
	name := "user-" + uuid.NewString()
	a.s.CreateUser(t, a.pool, name, password, attributes...)
	return a.signInAs(t, name)
}

func (a *app) signInAs(t *testing.T, name string) *types.AuthenticationResultType {
	t.Helper()
	answer, err := a.s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &a.client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer.AuthenticationResult
}

func (a *app) logins(token *string) map[string]string { return map[string]string{a.provider: *token} }

// identity is GetId.
func (a *app) identity(t *testing.T, logins map[string]string) string {
	t.Helper()
	got, err := a.open.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: &a.identityPool, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	return *got.IdentityId
}

// credentialsOf is GetCredentialsForIdentity.
func (a *app) credentialsOf(t *testing.T, identity string, logins map[string]string) aws.Credentials {
	t.Helper()
	got, err := a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &identity, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	return aws.Credentials{
		AccessKeyID: *got.Credentials.AccessKeyId, SecretAccessKey: *got.Credentials.SecretKey, SessionToken: *got.Credentials.SessionToken,
		CanExpire: true, Expires: *got.Credentials.Expiration,
	}
}

// user gets the credentials of a new user.
func (a *app) user(t *testing.T, attributes ...string) (identity string, c aws.Credentials) {
	t.Helper()
	logins := a.logins(a.signIn(t, attributes...).IdToken)
	identity = a.identity(t, logins)
	return identity, a.credentialsOf(t, identity, logins)
}

// static serves credentials as they are: the SDK would look at the clock.
func static(c aws.Credentials) aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey, c.SessionToken)
}

// as is a client of user pools that signs with credentials.
func (a *app) as(c aws.Credentials) *cip.Client {
	return a.s.Client("", "", func(o *cip.Options) { o.Credentials = static(c) })
}

// describe is a signed call on the app's user pool.
func (a *app) describe(t *testing.T, c *cip.Client) error {
	t.Helper()
	_, err := c.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &a.pool})
	return err
}

// callerARN asks STS whom credentials stand for.
func (a *app) callerARN(t *testing.T, c aws.Credentials) string {
	t.Helper()
	got, err := a.s.STSClient(static(c)).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil {
		t.Fatal(err)
	}
	return *got.Arn
}

// session is the ARN of a session of the enhanced flow.
func session(role string) string {
	return "arn:aws:sts::" + account + ":assumed-role/" + role[strings.LastIndexByte(role, '/')+1:] + "/CognitoIdentityCredentials"
}

// wantCode checks the exception of an answer, and its text where one is given.
func wantCode(t *testing.T, err error, code, message string) {
	t.Helper()
	var answer smithy.APIError
	if !errors.As(err, &answer) || answer.ErrorCode() != code || message != "" && answer.ErrorMessage() != message {
		t.Errorf("answered %v, want %s: %s", err, code, message)
	}
}

func wantOK(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}
