package access

import (
	"errors"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	identitytypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"cognate/internal/servertest"
)

func (k key) userPools(s *servertest.Server) *cip.Client {
	return s.Client(k.id, k.secret, func(o *cip.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(k.id, k.secret, k.token)
	})
}

func (k key) identityPools(s *servertest.Server) *cognitoidentity.Client {
	return s.IdentityClient(credentials.NewStaticCredentialsProvider(k.id, k.secret, k.token))
}

func createPool(t *testing.T, c *cip.Client, tags map[string]string) (id, arn string) {
	t.Helper()
	out, err := c.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("shop"), UserPoolTags: tags})
	wantOK(t, err)
	return *out.UserPool.Id, *out.UserPool.Arn
}

// spec/identity-pools.md E2: what the tags of a pool decide.
func TestTagsOfPoolsDecide(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	blue, blueARN := createPool(t, s.SDK, map[string]string{"team": "blue"})
	_, greenARN := createPool(t, s.SDK, map[string]string{"Team": "green"})
	green := greenARN[len("arn:aws:cognito-idp:us-east-1:123456789012:userpool/"):]
	_, plainARN := createPool(t, s.SDK, nil)
	by := user(t, s, root, "of-blue", statement("Allow", "cognito-idp:*", "*", `{"StringEquals":{"aws:ResourceTag/Team":"blue"}}`)).userPools(s)
	describe := func(id string) error {
		_, err := by.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &id})
		return err
	}
	wantOK(t, describe(blue))
	wantDenied(t, describe(green), userARN("of-blue"), "cognito-idp:DescribeUserPool", greenARN)
	wantDenied(t, describe("us-east-1_unknown01"), userARN("of-blue"), "cognito-idp:DescribeUserPool", "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_unknown01")
	_, err := by.ListTagsForResource(t.Context(), &cip.ListTagsForResourceInput{ResourceArn: &blueARN})
	wantOK(t, err)
	_, err = by.ListTagsForResource(t.Context(), &cip.ListTagsForResourceInput{ResourceArn: &plainARN})
	wantDenied(t, err, userARN("of-blue"), "cognito-idp:ListTagsForResource", plainARN)

	// Whoever may not change the tag does not get at the pool by it.
	_, err = by.TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: &plainARN, Tags: map[string]string{"team": "blue"}})
	wantDenied(t, err, userARN("of-blue"), "cognito-idp:TagResource", plainARN)
	// A tag that was changed counts at once.
	_, err = s.SDK.TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: &blueARN, Tags: map[string]string{"team": "red"}})
	wantOK(t, err)
	wantDenied(t, describe(blue), userARN("of-blue"), "cognito-idp:DescribeUserPool", blueARN)
}

func TestTagsOfRequestsDecide(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	_, arn := createPool(t, s.SDK, map[string]string{"stage": "test", "keep": "x"})
	by := user(t, s, root, "tester",
		statement("Allow", "cognito-idp:* cognito-identity:*", "*", `{"StringEquals":{"aws:RequestTag/stage":"test"},"ForAllValues:StringEquals":{"aws:TagKeys":["stage"]}}`),
		statement("Allow", "cognito-idp:UntagResource", "*", `{"ForAllValues:StringEquals":{"aws:TagKeys":["stage"]}}`))
	c := by.userPools(s)
	create := func(tags map[string]string) error {
		_, err := c.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("x"), UserPoolTags: tags})
		return err
	}
	wantOK(t, create(map[string]string{"stage": "test"}))
	wantDenied(t, create(nil), userARN("tester"), "cognito-idp:CreateUserPool", "*")
	wantDenied(t, create(map[string]string{"stage": "prod"}), userARN("tester"), "cognito-idp:CreateUserPool", "*")
	wantDenied(t, create(map[string]string{"stage": "test", "other": "x"}), userARN("tester"), "cognito-idp:CreateUserPool", "*")
	_, err := c.TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"stage": "prod"}})
	wantDenied(t, err, userARN("tester"), "cognito-idp:TagResource", arn)
	_, err = c.UntagResource(t.Context(), &cip.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"keep"}})
	wantDenied(t, err, userARN("tester"), "cognito-idp:UntagResource", arn)
	_, err = c.UntagResource(t.Context(), &cip.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"stage"}})
	wantOK(t, err)

	i := by.identityPools(s)
	for _, stage := range []string{"test", "prod"} {
		_, err := i.CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("x"), IdentityPoolTags: map[string]string{"stage": stage}})
		if stage == "test" {
			wantOK(t, err)
		} else {
			wantDenied(t, err, userARN("tester"), "cognito-identity:CreateIdentityPool", "*")
		}
	}
}

// spec/identity-pools.md E1: a role is handed to the service by those only who may.
func TestRolesAreNotPassedOnByEverybody(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, _ := createPool(t, s.SDK, nil)
	identity, err := s.Identity.CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("x")})
	wantOK(t, err)
	const mine, admins = "arn:aws:iam::123456789012:role/shop/mine", "arn:aws:iam::123456789012:role/admins"
	by := user(t, s, root, "passer", statement("Allow", "cognito-idp:* cognito-identity:*", "*", ""),
		statement("Allow", "iam:PassRole", "arn:aws:iam::123456789012:role/shop/*", `{"StringEquals":{"iam:PassedToService":["cognito-idp.amazonaws.com","cognito-identity.amazonaws.com"]}}`))
	c, i := by.userPools(s), by.identityPools(s)
	group := func(name string, role *string) error {
		_, err := c.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &pool, GroupName: &name, RoleArn: role})
		return err
	}
	wantOK(t, group("none", nil))
	wantOK(t, group("mine", aws.String(mine)))
	wantDenied(t, group("admins", aws.String(admins)), userARN("passer"), "iam:PassRole", admins)
	_, err = c.UpdateGroup(t.Context(), &cip.UpdateGroupInput{UserPoolId: &pool, GroupName: aws.String("mine"), RoleArn: aws.String(admins)})
	wantDenied(t, err, userARN("passer"), "iam:PassRole", admins)
	_, err = c.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("x"), SmsConfiguration: &types.SmsConfigurationType{SnsCallerArn: aws.String(admins)}})
	wantDenied(t, err, userARN("passer"), "iam:PassRole", admins)
	_, err = c.SetUserPoolMfaConfig(t.Context(), &cip.SetUserPoolMfaConfigInput{
		UserPoolId: &pool, SmsMfaConfiguration: &types.SmsMfaConfigType{SmsConfiguration: &types.SmsConfigurationType{SnsCallerArn: aws.String(admins)}},
	})
	wantDenied(t, err, userARN("passer"), "iam:PassRole", admins)

	roles := func(arn string) error {
		_, err := i.SetIdentityPoolRoles(t.Context(), &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: identity.IdentityPoolId, Roles: map[string]string{"authenticated": mine, "unauthenticated": arn}})
		return err
	}
	wantOK(t, roles(mine))
	var e smithy.APIError
	if err := roles(admins); !errors.As(err, &e) || e.ErrorCode() != "NotAuthorizedException" || e.ErrorMessage() != "Access to Role '"+admins+"' is forbidden." {
		t.Errorf("got %v", err)
	}
}

// Identities are named without their pool; a policy knows it all the same.
func TestIdentitiesBelongToTheirPools_S137(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	newPool := func() (arn, identity string) {
		t.Helper()
		p, err := s.Identity.CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("x"), AllowUnauthenticatedIdentities: true})
		wantOK(t, err)
		i, err := s.Identity.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: p.IdentityPoolId})
		wantOK(t, err)
		return "arn:aws:cognito-identity:us-east-1:123456789012:identitypool/" + *p.IdentityPoolId, *i.IdentityId
	}
	arn, mine := newPool()
	_, foreign := newPool()
	by := user(t, s, root, "of-one-pool", statement("Allow", "cognito-identity:*", "*", `{"StringEquals":{"cognito-identity:IdentityPoolArn":"`+arn+`"}}`)).identityPools(s)
	describe := func(id string) error {
		_, err := by.DescribeIdentity(t.Context(), &cognitoidentity.DescribeIdentityInput{IdentityId: &id})
		return err
	}
	remove := func(ids ...string) ([]identitytypes.UnprocessedIdentityId, error) {
		out, err := by.DeleteIdentities(t.Context(), &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: ids})
		if err != nil {
			return nil, err
		}
		return out.UnprocessedIdentityIds, nil
	}
	const unknown = "us-east-1:00000000-0000-0000-0000-000000000009"
	wantOK(t, describe(mine))
	wantDenied(t, describe(foreign), userARN("of-one-pool"), "cognito-identity:DescribeIdentity", "*")
	wantDenied(t, describe(unknown), userARN("of-one-pool"), "cognito-identity:DescribeIdentity", "*")
	_, err := remove(foreign, unknown)
	wantDenied(t, err, userARN("of-one-pool"), "cognito-identity:DeleteIdentities", "*")
	wantOK(t, describe(mine))
	left, err := remove(foreign, mine, unknown)
	wantOK(t, err)
	if len(left) != 2 || *left[0].IdentityId != foreign || *left[1].IdentityId != unknown ||
		left[0].ErrorCode != identitytypes.ErrorCodeAccessDenied || left[1].ErrorCode != identitytypes.ErrorCodeAccessDenied {
		t.Errorf("left %+v", left)
	}
	list := func(id string) error {
		_, err := s.Identity.DescribeIdentity(t.Context(), &cognitoidentity.DescribeIdentityInput{IdentityId: &id})
		return err
	}
	wantOK(t, list(foreign))
	if err := list(mine); err == nil {
		t.Error("what the caller may delete is still there")
	}
}

func TestWhereARequestComesFromDecides(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for name, tt := range map[string]struct {
		condition string
		ok        bool
	}{
		"from-here":     {`{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}`, true},
		"from-there":    {`{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`, false},
		"over-tls":      {`{"Bool":{"aws:SecureTransport":"true"}}`, false},
		"by-this-sdk":   {`{"StringLike":{"aws:UserAgent":"aws-sdk-go-v2/*"}}`, true},
		"in-region":     {`{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}`, true},
		"not-in-region": {`{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}`, false},
		"in-time":       {`{"DateLessThan":{"aws:CurrentTime":"2100-01-01T00:00:00Z"}}`, true},
		"too-late":      {`{"DateLessThan":{"aws:CurrentTime":"2001-01-01T00:00:00Z"}}`, false},
	} {
		by := user(t, s, root, name, statement("Allow", "cognito-idp:ListUserPools", "*", tt.condition)).userPools(s)
		_, err := by.ListUserPools(t.Context(), &cip.ListUserPoolsInput{MaxResults: aws.Int32(1)})
		if tt.ok {
			wantOK(t, err)
		} else {
			wantDenied(t, err, userARN(name), "cognito-idp:ListUserPools", "*")
		}
	}
}

// Public operations are nobody's to forbid, and a signature on them counts for nothing.
func TestPublicOperationsNeedNoPolicy(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	by := user(t, s, root, "denied", statement("Deny", "*", "*", ""))
	answer := by.send(t, s, "cognito-idp", http.MethodPost, "/", "AWSCognitoIdentityProviderService.GetUser", map[string]string{"AccessToken": "a.b.c"})
	if answer.ErrorType() != "NotAuthorizedException" {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
}

// Condition keys know no case: of two tags that differ in it alone a policy would see
// one, and the other would come into the pool unjudged.
func TestTagsThatDifferInCaseAreJudgedOrRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, arn := createPool(t, s.SDK, map[string]string{"team": "blue"})
	only := user(t, s, root, "tags-blue", statement("Allow", "cognito-idp:* cognito-identity:*", "*", `{"StringEquals":{"aws:RequestTag/team":"blue"}}`))
	both := map[string]string{"team": "blue", "TEAM": "red", "Team": "red"}
	for range 20 { // which of them was judged was left to chance
		_, err := only.userPools(s).TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: &arn, Tags: both})
		wantCode(t, err, "InvalidParameterException")
		_, err = only.userPools(s).CreateUserPool(t.Context(), &cip.CreateUserPoolInput{PoolName: aws.String("shop"), UserPoolTags: both})
		wantCode(t, err, "InvalidParameterException")
		_, err = only.identityPools(s).CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("shop"), IdentityPoolTags: both})
		wantCode(t, err, "InvalidParameterException")
	}
	_, err := only.userPools(s).TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"team": "blue"}})
	wantOK(t, err)

	// The first administrator may have them. Which one counts does not change then.
	_, err = s.SDK.TagResource(t.Context(), &cip.TagResourceInput{ResourceArn: &arn, Tags: map[string]string{"TEAM": "red"}})
	wantOK(t, err)
	of := user(t, s, root, "of-red", statement("Allow", "cognito-idp:*", "*", `{"StringEquals":{"aws:ResourceTag/team":"red"}}`)).userPools(s)
	for range 20 {
		if _, err := of.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &pool}); err == nil {
			t.Fatal("the tag TEAM counts where there is a tag team")
		}
	}
}
