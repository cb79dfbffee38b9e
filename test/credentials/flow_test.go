package credentials_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// From a sign-in to a call that the role's policy permits, and one that it does not.
func TestFromASignInToSignedCalls(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool", "cognito-idp:ListUsers"), nil)
	identity, c := a.user(t)
	if !strings.HasPrefix(c.AccessKeyID, "ASIA") || len(c.AccessKeyID) != 20 || len(c.SecretAccessKey) != 40 {
		t.Errorf("credentials look like %s and %d characters", c.AccessKeyID, len(c.SecretAccessKey))
	}
	if left := c.Expires.Sub(s.Now()); left > time.Hour || left < time.Hour-time.Minute {
		t.Errorf("credentials are good for %v", left)
	}
	if got := a.callerARN(t, c); got != session(a.userRole) {
		t.Errorf("they stand for %s", got)
	}
	users := a.as(c)
	wantOK(t, a.describe(t, users))
	_, err := users.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &a.pool})
	wantCode(t, err, "AccessDeniedException", "User: "+session(a.userRole)+" is not authorized to perform: cognito-idp:DeleteUserPool on resource: "+
		a.poolARN()+" because no identity-based policy allows the cognito-idp:DeleteUserPool action")
	wantOK(t, a.describe(t, s.SDK)) // it is still there

	// A web identity does not call the identity pools' API with a signature (B5).
	_, err = s.IdentityClient(static(c)).DescribeIdentity(t.Context(), &cognitoidentity.DescribeIdentityInput{IdentityId: &identity})
	wantCode(t, err, "AccessDeniedException", "")
}

// A policy may name the identity; each user gets at what is its own.
func TestPoliciesSeeTheIdentity(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), document(map[string]any{
		"Effect": "Allow", "Action": "cognito-idp:TagResource", "Resource": "*",
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:RequestTag/owner": "${cognito-identity.amazonaws.com:sub}"}},
	}), nil)
	ana, c := a.user(t)
	bob, _ := a.user(t)
	tag := func(owner string) error {
		_, err := a.as(c).TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: aws.String(a.poolARN()), Tags: map[string]string{"owner": owner}})
		return err
	}
	wantOK(t, tag(ana))
	wantCode(t, tag(bob), "AccessDeniedException", "")
	wantCode(t, tag("${cognito-identity.amazonaws.com:sub}"), "AccessDeniedException", "")
}

// Attributes of users become tags of their sessions (B3).
func TestPoliciesSeePrincipalTags(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	policy := document(map[string]any{
		"Effect": "Allow", "Action": "cognito-idp:DescribeUserPool", "Resource": "*",
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/mail": "ana@example.com"}},
	})
	a := newApp(t, s, policy, nil)
	tags := func(claims map[string]string) {
		t.Helper()
		_, err := s.Identity.SetPrincipalTagAttributeMap(t.Context(), &cognitoidentity.SetPrincipalTagAttributeMapInput{
			IdentityPoolId: &a.identityPool, IdentityProviderName: &a.provider, UseDefaults: aws.Bool(false), PrincipalTags: claims,
		})
		wantOK(t, err)
	}
	_, untagged := a.user(t, "email", "ana@example.com")
	wantCode(t, a.describe(t, a.as(untagged)), "AccessDeniedException", "")

	tags(map[string]string{"mail": "email"})
	logins := a.logins(a.signIn(t, "email", "ana@example.com").IdToken)
	identity := a.identity(t, logins)
	_, err := a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &identity, Logins: logins})
	wantCode(t, err, "InvalidIdentityPoolConfigurationException", "Invalid identity pool configuration. Check assigned IAM roles for this pool.")

	putRole(t, s, a.userRole, trust(a.identityPool, "authenticated", "sts:AssumeRoleWithWebIdentity", "sts:TagSession"), policy)
	wantOK(t, a.describe(t, a.as(a.credentialsOf(t, identity, logins))))
	_, bob := a.user(t, "email", "bob@example.com")
	wantCode(t, a.describe(t, a.as(bob)), "AccessDeniedException", "")
}

// What the role permits to everybody, guests have only within B5.
func TestS124GuestsAreScopedDown(t *testing.T) {
	t.Parallel()
	a := newApp(t, servertest.Shared(t), allow("*", "*"), nil)
	guest := a.identity(t, nil)
	c := a.credentialsOf(t, guest, nil)
	if got := a.callerARN(t, c); got != session(a.guestRole) {
		t.Errorf("a guest is %s", got)
	}
	wantOK(t, a.describe(t, a.as(c)))
	_, err := a.s.IdentityClient(static(c)).ListIdentityPools(t.Context(), &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(1)})
	wantCode(t, err, "AccessDeniedException", "")
}

// Roles of groups come with the token; the user may choose among them.
func TestS122RolesOfGroups(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool"), nil)
	a.setRoles(t, &idtypes.RoleMapping{Type: idtypes.RoleMappingTypeToken, AmbiguousRoleResolution: idtypes.AmbiguousRoleResolutionTypeDeny})
	first := newRole(t, s, trust(a.identityPool, "authenticated"), allow("*", "cognito-idp:DescribeUserPool"))
	second := newRole(t, s, trust(a.identityPool, "authenticated"), allow("*", "cognito-idp:ListUsers"))
	for i, role := range []string{first, second} {
		name := "group-" + string(rune('a'+i))
		_, err := s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &a.pool, GroupName: &name, RoleArn: &role, Precedence: aws.Int32(int32(i))})
		wantOK(t, err)
	}
	s.CreateUser(t, a.pool, "ana", password)
	ask := func(custom *string) (*cognitoidentity.GetCredentialsForIdentityOutput, error) {
		logins := a.logins(a.signInAs(t, "ana").IdToken)
		identity := a.identity(t, logins)
		return a.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &identity, Logins: logins, CustomRoleArn: custom})
	}
	_, err := ask(nil)
	wantCode(t, err, "NotAuthorizedException", "The ambiguous role mapping rules denied this request")
	for _, group := range []string{"group-a", "group-b"} {
		_, err := s.SDK.AdminAddUserToGroup(t.Context(), &cip.AdminAddUserToGroupInput{UserPoolId: &a.pool, Username: aws.String("ana"), GroupName: &group})
		wantOK(t, err)
	}
	for _, c := range []struct{ custom, want string }{{"", first}, {second, second}} {
		var custom *string
		if c.custom != "" {
			custom = &c.custom
		}
		got, err := ask(custom)
		if err != nil {
			t.Error(err)
			continue
		}
		arn := a.callerARN(t, aws.Credentials{
			AccessKeyID: *got.Credentials.AccessKeyId, SecretAccessKey: *got.Credentials.SecretKey, SessionToken: *got.Credentials.SessionToken,
		})
		if arn != session(c.want) {
			t.Errorf("custom role %q: %s, want %s", c.custom, arn, session(c.want))
		}
	}
	_, err = ask(&a.userRole) // identity-pools.md, checklist row 5
	wantCode(t, err, "NotAuthorizedException", "")
}

// tokenOf gives the SDK's provider the pool's token, as a file would.
type tokenOf string

func (o tokenOf) GetIdentityToken() ([]byte, error) { return []byte(o), nil }

// The classic flow, with the credential provider of the SDK.
func TestClassicFlowByTheSDKsProvider(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool"), nil)
	logins := a.logins(a.signIn(t).IdToken)
	identity := a.identity(t, logins)
	got, err := a.open.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: &identity, Logins: logins})
	if err != nil {
		t.Fatal(err)
	}
	provide := func(role string) aws.CredentialsProvider {
		return aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(s.STSClient(aws.AnonymousCredentials{}), role, tokenOf(*got.Token),
			func(o *stscreds.WebIdentityRoleOptions) { o.RoleSessionName = "app-1" }))
	}
	users := s.Client("", "", func(o *cip.Options) { o.Credentials = provide(a.userRole) })
	wantOK(t, a.describe(t, users))
	_, err = users.ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
	wantCode(t, err, "AccessDeniedException", "")

	// The role for guests does not trust authenticated identities.
	_, err = provide(a.guestRole).Retrieve(t.Context())
	wantCode(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
}

// AssumeRole by the SDK's provider: from a user's session on to another role.
func TestAssumeRoleByTheSDKsProvider(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	a := newApp(t, s, allow("*", "sts:AssumeRole"), nil)
	_, c := a.user(t)
	further := newRole(t, s, document(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": a.userRole}, "Action": "sts:AssumeRole",
	}), allow("*", "cognito-idp:DescribeUserPool"))
	closed := newRole(t, s, document(map[string]any{
		"Effect": "Allow", "Principal": map[string]any{"AWS": a.guestRole}, "Action": "sts:AssumeRole",
	}), allow("*", "*"))
	provider := stscreds.NewAssumeRoleProvider(s.STSClient(static(c)), further, func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "on" })
	next, err := provider.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantOK(t, a.describe(t, a.as(next)))
	_, err = stscreds.NewAssumeRoleProvider(s.STSClient(static(c)), closed).Retrieve(t.Context())
	wantCode(t, err, "AccessDenied", "")
}

// A token of the user pool lives on in the identity pool as long as the session does,
// unless the identity pool asks the user pool.
func TestS121ServerSideTokenCheck(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	check := func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.CognitoIdentityProviders[0].ServerSideTokenCheck = aws.Bool(true)
	}
	a := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool"), check)
	lax := newApp(t, s, allow("*", "cognito-idp:DescribeUserPool"), nil)
	for _, end := range []struct {
		name string
		act  func(app *app, tokens *types.AuthenticationResultType, name string) error
	}{
		{"signed out", func(_ *app, tokens *types.AuthenticationResultType, _ string) error {
			_, err := s.Anonymous.GlobalSignOut(t.Context(), &cip.GlobalSignOutInput{AccessToken: tokens.AccessToken})
			return err
		}},
		{"disabled", func(app *app, _ *types.AuthenticationResultType, name string) error {
			_, err := s.SDK.AdminDisableUser(t.Context(), &cip.AdminDisableUserInput{UserPoolId: &app.pool, Username: &name})
			return err
		}},
		{"deleted", func(app *app, _ *types.AuthenticationResultType, name string) error {
			_, err := s.SDK.AdminDeleteUser(t.Context(), &cip.AdminDeleteUserInput{UserPoolId: &app.pool, Username: &name})
			return err
		}},
		{"revoked", func(app *app, tokens *types.AuthenticationResultType, _ string) error {
			_, err := s.Anonymous.RevokeToken(t.Context(), &cip.RevokeTokenInput{ClientId: &app.client, Token: tokens.RefreshToken})
			return err
		}},
	} {
		for _, app := range []*app{a, lax} {
			name := strings.ReplaceAll(end.name, " ", "-")
			s.CreateUser(t, app.pool, name, password)
			tokens := app.signInAs(t, name)
			logins := app.logins(tokens.IdToken)
			identity := app.identity(t, logins)
			wantOK(t, end.act(app, tokens, name))
			_, err := app.open.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &identity, Logins: logins})
			if app == lax {
				wantOK(t, err)
			} else {
				wantCode(t, err, "NotAuthorizedException", "Token is inactive")
			}
		}
	}
}
