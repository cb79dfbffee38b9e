package identity_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	ciptypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"cognate/internal/api/identity"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

const misconfigured = "Invalid identity pool configuration. Check assigned IAM roles for this pool."

// startDev starts a server on which every role is there, so that tests of which role
// is chosen need not put any.
func startDev(t *testing.T) *servertest.Server {
	t.Helper()
	return servertest.Start(t, func(c *server.Config) { c.Mode = server.Dev })
}

func (w *world) credentials(t *testing.T, id string, logins map[string]string, customRole string) (*cognitoidentity.GetCredentialsForIdentityOutput, error) {
	t.Helper()
	in := &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &id, Logins: logins}
	if customRole != "" {
		in.CustomRoleArn = aws.String(roleARN(customRole))
	}
	return w.public.GetCredentialsForIdentity(t.Context(), in)
}

// roleOf asks the service whose role credentials are of.
func (w *world) roleOf(t *testing.T, c *types.Credentials) string {
	t.Helper()
	client := w.STSClient(credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretKey, *c.SessionToken))
	who, err := client.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	wantOK(t, err)
	rest, ok := strings.CutPrefix(*who.Arn, "arn:aws:sts::"+account+":assumed-role/")
	name, session, _ := strings.Cut(rest, "/")
	if !ok || session != "CognitoIdentityCredentials" {
		t.Errorf("credentials are those of %s", *who.Arn)
	}
	return name
}

// Row 1 of the checklist, with the enhanced flow.
func TestCredentialsOfAGuestWhoSignsIn_Row1(t *testing.T) {
	t.Parallel()
	w := newWorld(t, startDev(t), nil)
	wantOK(t, w.setRoles(t, map[string]string{"authenticated": roleARN("user"), "unauthenticated": roleARN("guest")}, nil))
	guest := w.mustGetID(t, nil)
	out, err := w.credentials(t, guest, nil, "")
	wantOK(t, err)
	if role := w.roleOf(t, out.Credentials); role != "guest" || *out.IdentityId != guest {
		t.Errorf("%s got the role %s", *out.IdentityId, role)
	}
	if left := out.Credentials.Expiration.Sub(w.Now()); left > time.Hour || left < time.Hour-time.Minute {
		t.Errorf("credentials last %s", left)
	}
	out, err = w.credentials(t, guest, w.login(t, "ana"), "")
	wantOK(t, err)
	if role := w.roleOf(t, out.Credentials); role != "user" || *out.IdentityId != guest {
		t.Errorf("%s got the role %s", *out.IdentityId, role)
	}
	_, err = w.credentials(t, guest, nil, "")
	wantErr(t, err, "NotAuthorizedException", "Access to Identity '"+guest+"' is forbidden.")
}

// Row 7 of the checklist: other names than in the answers of STS.
func TestMembersOfCredentialsInTheAnswer_Row7(t *testing.T) {
	t.Parallel()
	w := newWorld(t, startDev(t), nil)
	wantOK(t, w.setRoles(t, map[string]string{"unauthenticated": roleARN("guest")}, nil))
	r := w.NewRequest(t, "GetCredentialsForIdentity", `{"IdentityId":"`+w.mustGetID(t, nil)+`"}`)
	r.Header.Set("X-Amz-Target", identity.TargetPrefix+".GetCredentialsForIdentity")
	answer := w.Do(t, r)
	for _, member := range []string{`"AccessKeyId":"ASIA`, `"Expiration":1.`, `"SecretKey":"`, `"SessionToken":"`} {
		if !strings.Contains(answer.Body, member) {
			t.Errorf("answer %s has no %s", answer.Body, member)
		}
	}
	if strings.Contains(answer.Body, "SecretAccessKey") {
		t.Errorf("answer %s", answer.Body)
	}
}

func TestPoolsWithoutARoleForTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, startDev(t), nil)
	_, err := w.credentials(t, w.mustGetID(t, nil), nil, "")
	wantErr(t, err, "InvalidIdentityPoolConfigurationException", misconfigured)
	login := w.login(t, "ana")
	_, err = w.credentials(t, w.mustGetID(t, login), login, "")
	wantErr(t, err, "InvalidIdentityPoolConfigurationException", misconfigured)
	_, err = w.credentials(t, anyShape, nil, "")
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+anyShape+"' not found.")
}

// A role that serve does not have cannot be assumed.
func TestRolesThatAreNotThere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	wantOK(t, w.setRoles(t, map[string]string{"unauthenticated": roleARN("guest")}, nil))
	_, err := w.credentials(t, w.mustGetID(t, nil), nil, "")
	wantErr(t, err, "InvalidIdentityPoolConfigurationException", misconfigured)
}

// group puts a user into a new group with a role.
func (w *world) group(t *testing.T, user, role string, precedence int32) {
	t.Helper()
	_, err := w.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{
		UserPoolId: &w.userPool, GroupName: aws.String(user + "-" + role), RoleArn: aws.String(roleARN(role)), Precedence: &precedence,
	})
	wantOK(t, err)
	_, err = w.SDK.AdminAddUserToGroup(t.Context(), &cip.AdminAddUserToGroupInput{
		UserPoolId: &w.userPool, Username: &user, GroupName: aws.String(user + "-" + role),
	})
	wantOK(t, err)
}

// Row 5 of the checklist, and S122 of security.md: users' groups choose among roles.
func TestS122RolesOfTokens_Row5(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	w := newWorld(t, s, nil)
	for _, user := range []string{"none", "one", "two", "tied"} {
		s.CreateUser(t, w.userPool, user, password)
	}
	w.group(t, "one", "a", 1)
	w.group(t, "two", "a", 2)
	w.group(t, "two", "b", 1)
	w.group(t, "tied", "a", 1)
	w.group(t, "tied", "b", 1)
	denied := "The ambiguous role mapping rules denied this request"
	tests := []struct {
		user, custom string
		ambiguous    types.AmbiguousRoleResolutionType
		want         string // role or message
	}{
		{"one", "", types.AmbiguousRoleResolutionTypeDeny, "a"},
		{"two", "", types.AmbiguousRoleResolutionTypeDeny, "b"},
		{"two", "a", types.AmbiguousRoleResolutionTypeDeny, "a"},
		{"two", "c", types.AmbiguousRoleResolutionTypeAuthenticatedRole, "Access to Role '" + roleARN("c") + "' is forbidden."},
		{"two", "standard", types.AmbiguousRoleResolutionTypeAuthenticatedRole, "Access to Role '" + roleARN("standard") + "' is forbidden."},
		{"none", "a", types.AmbiguousRoleResolutionTypeAuthenticatedRole, "Access to Role '" + roleARN("a") + "' is forbidden."},
		{"tied", "", types.AmbiguousRoleResolutionTypeDeny, denied},
		{"tied", "", types.AmbiguousRoleResolutionTypeAuthenticatedRole, "standard"},
		{"tied", "b", types.AmbiguousRoleResolutionTypeDeny, "b"},
		{"none", "", types.AmbiguousRoleResolutionTypeDeny, denied},
		{"none", "", types.AmbiguousRoleResolutionTypeAuthenticatedRole, "standard"},
	}
	for _, test := range tests {
		t.Run(strings.Join([]string{test.user, test.custom, string(test.ambiguous)}, " "), func(t *testing.T) {
			wantOK(t, w.setRoles(t, map[string]string{"authenticated": roleARN("standard")}, map[string]types.RoleMapping{
				w.provider + ":" + w.client: {Type: types.RoleMappingTypeToken, AmbiguousRoleResolution: test.ambiguous},
			}))
			w.wantRole(t, w.login(t, test.user), test.custom, test.want)
		})
	}
}

// wantRole asks for credentials with a login; want is the role, or the message of the
// refusal.
func (w *world) wantRole(t *testing.T, login map[string]string, custom, want string) {
	t.Helper()
	out, err := w.credentials(t, w.mustGetID(t, login), login, custom)
	if strings.Contains(want, " ") {
		wantErr(t, err, "NotAuthorizedException", want)
		return
	}
	wantOK(t, err)
	if role := w.roleOf(t, out.Credentials); role != want {
		t.Errorf("got the role %s, want %s", role, want)
	}
}

// Row 4 of the checklist, and the other rules.
func TestS122RolesByRules_Row4(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	w := newWorld(t, s, nil)
	s.CreateUser(t, w.userPool, "dora", password, "email", "dora@shop.example", "name", "Dora")
	equals, contains, starts, not := types.MappingRuleMatchTypeEquals, types.MappingRuleMatchTypeContains,
		types.MappingRuleMatchTypeStartsWith, types.MappingRuleMatchTypeNotEqual
	tests := []struct {
		name   string
		rules  []types.MappingRule
		custom string
		want   string
	}{
		{"equal", []types.MappingRule{rule("email", equals, "dora@shop.example", "a")}, "", "a"},
		{"the first that matches", []types.MappingRule{rule("name", equals, "Ana", "a"), rule("name", equals, "Dora", "b"), rule("name", equals, "Dora", "c")}, "", "b"},
		{"other case", []types.MappingRule{rule("name", equals, "dora", "a")}, "", "The ambiguous role mapping rules denied this request"},
		{"part", []types.MappingRule{rule("email", contains, "@shop.", "a")}, "", "a"},
		{"beginning", []types.MappingRule{rule("email", starts, "shop", "a"), rule("email", starts, "dora@", "b")}, "", "b"},
		{"unequal", []types.MappingRule{rule("name", not, "Dora", "a"), rule("name", not, "Ana", "b")}, "", "b"},
		{"unequal to what is not there", []types.MappingRule{rule("family_name", not, "Ana", "a")}, "", "The ambiguous role mapping rules denied this request"},
		{"custom role of a matching rule", []types.MappingRule{rule("name", equals, "Dora", "a"), rule("email", starts, "dora", "b")}, "b", "b"},
		{"custom role of a rule that does not match", []types.MappingRule{rule("name", equals, "Dora", "a"), rule("name", equals, "Ana", "b")}, "b", "Access to Role '" + roleARN("b") + "' is forbidden."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wantOK(t, w.setRoles(t, map[string]string{"authenticated": roleARN("standard")}, map[string]types.RoleMapping{
				w.provider + ":" + w.client: byRules(test.rules...),
			}))
			w.wantRole(t, w.login(t, "dora"), test.custom, test.want)
		})
	}
}

// The developer's flow ends in the default role, too.
func TestCredentialsForDevelopersTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, startDev(t), nil)
	wantOK(t, w.setRoles(t, map[string]string{"authenticated": roleARN("user")}, nil))
	vouched, err := w.vouch(t, "u1", "", nil)
	wantOK(t, err)
	w2 := map[string]string{"cognito-identity.amazonaws.com": *vouched.Token}
	out, err := w.credentials(t, *vouched.IdentityId, w2, "")
	wantOK(t, err)
	if role := w.roleOf(t, out.Credentials); role != "user" {
		t.Errorf("got the role %s", role)
	}
}

// The credentials of the basic flow are those of STS, for a token of the pool.
func TestBasicFlowEndsAtSTS(t *testing.T) {
	t.Parallel()
	w := newWorld(t, startDev(t), classic)
	login := w.login(t, "ana")
	token, err := w.openID(t, w.mustGetID(t, login), login)
	wantOK(t, err)
	anonymous := w.STSClient(aws.AnonymousCredentials{})
	out, err := anonymous.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String(roleARN("app")), RoleSessionName: aws.String("phone"), WebIdentityToken: token.Token,
	})
	wantOK(t, err)
	if *out.Provider != "cognito-identity.amazonaws.com" || *out.Audience != w.pool || *out.SubjectFromWebIdentityToken != *token.IdentityId {
		t.Errorf("session of %s from %s for %s", *out.SubjectFromWebIdentityToken, *out.Provider, *out.Audience)
	}
}

// End to end in the way of applications: the SDK signs calls with the credentials.
func TestSignedCallsWithCredentialsOfAnIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t, startDev(t), nil)
	wantOK(t, w.setRoles(t, map[string]string{"authenticated": roleARN("user")}, nil))
	login := w.login(t, "ana")
	id := w.mustGetID(t, login)
	provider := aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		out, err := w.public.GetCredentialsForIdentity(ctx, &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: &id, Logins: login})
		if err != nil {
			return aws.Credentials{}, err
		}
		c := out.Credentials
		return aws.Credentials{
			AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretKey, SessionToken: *c.SessionToken, CanExpire: true, Expires: *c.Expiration,
		}, nil
	}))
	pools := w.Client("", "", func(o *cip.Options) { o.Credentials = provider })
	list, err := pools.ListUsers(t.Context(), &cip.ListUsersInput{UserPoolId: &w.userPool})
	wantOK(t, err)
	if !slices.ContainsFunc(list.Users, func(u ciptypes.UserType) bool { return *u.Username == "ana" }) {
		t.Errorf("users %v", list.Users)
	}
}

func TestChosenIDsInDev(t *testing.T) {
	t.Parallel()
	s := startDev(t)
	create := func(id string) (string, error) {
		out, err := s.Identity.CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{
			IdentityPoolName: aws.String("shop"), IdentityPoolTags: map[string]string{"cognate:id": id},
		})
		if err != nil {
			return "", err
		}
		return *out.IdentityPoolId, nil
	}
	made, err := create(anyShape)
	wantOK(t, err)
	if made != anyShape {
		t.Errorf("made %s", made)
	}
	_, err = create(anyShape)
	wantErr(t, err, "InvalidParameterException", "IdentityPool '"+anyShape+"' already exists.")
	for _, id := range []string{"", "eu-west-1:00000000-0000-4000-8000-000000000001", "us-east-1:{00000000-0000-4000-8000-000000000001}", "us-east-1:ABCDEF00-0000-4000-8000-000000000001"} {
		_, err := create(id)
		wantErr(t, err, "InvalidParameterException", "The tag cognate:id must be us-east-1: followed by a UUID in small letters.")
	}
	w := newWorld(t, servertest.Shared(t), func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.IdentityPoolTags = map[string]string{"cognate:id": anyShape}
	})
	if w.pool == anyShape {
		t.Error("serve lets ids be chosen")
	}
}
