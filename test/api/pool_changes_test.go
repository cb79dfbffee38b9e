package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/servertest"
)

func TestAnUpdateKeepsAndResetsAsMeasured(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	made, err := s.SDK.CreateUserPool(t.Context(), &cip.CreateUserPoolInput{
		PoolName:               aws.String("shop"),
		AutoVerifiedAttributes: []types.VerifiedAttributeType{types.VerifiedAttributeTypeEmail},
		DeletionProtection:     types.DeletionProtectionTypeActive,
		UserPoolTags:           map[string]string{"team": "shop"},
		Policies: &types.UserPoolPolicyType{
			PasswordPolicy: &types.PasswordPolicyType{MinimumLength: aws.Int32(12)},
			SignInPolicy:   &types.SignInPolicyType{AllowedFirstAuthFactors: []types.AuthFactorType{types.AuthFactorTypePassword, types.AuthFactorTypeEmailOtp}},
		},
	})
	wantOK(t, err)
	before := made.UserPool
	if got := before.UserAttributeUpdateSettings; got == nil || len(got.AttributesRequireVerificationBeforeUpdate) != 0 {
		t.Errorf("update settings of an auto-verifying pool: %v", got)
	}
	answer := s.Call(t, "UpdateUserPool", `{"UserPoolId":"`+*before.Id+`","PoolName":"store"}`)
	if answer.Status != 200 || answer.Body != "{}" {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	described, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: before.Id})
	wantOK(t, err)
	after := described.UserPool
	if diff := cmp.Diff(before.Policies, after.Policies, cmp.AllowUnexported(types.UserPoolPolicyType{}, types.PasswordPolicyType{}, types.SignInPolicyType{}), ignoreNoSmithy()); diff != "" {
		t.Errorf("policies:\n%s", diff)
	}
	if *after.Name != "store" || after.UserPoolTags["team"] != "shop" || after.MfaConfiguration != types.UserPoolMfaTypeOff {
		t.Errorf("name %s, tags %v, MFA %s", *after.Name, after.UserPoolTags, after.MfaConfiguration)
	}
	if after.AutoVerifiedAttributes != nil || after.UserAttributeUpdateSettings != nil || after.DeletionProtection != types.DeletionProtectionTypeInactive {
		t.Errorf("not reset: %v, %v, %s", after.AutoVerifiedAttributes, after.UserAttributeUpdateSettings, after.DeletionProtection)
	}
	if !after.CreationDate.Equal(*before.CreationDate) || after.LastModifiedDate.Before(*before.LastModifiedDate) {
		t.Errorf("dates: %v, %v", after.CreationDate, after.LastModifiedDate)
	}
}

// ignoreNoSmithy leaves out the marker that every SDK type carries.
func ignoreNoSmithy() cmp.Option {
	return cmp.FilterPath(func(p cmp.Path) bool { return strings.HasSuffix(p.String(), "noSmithyDocumentSerde") }, cmp.Ignore())
}

func TestAnUpdateBeyondThePlanChangesNothing(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := s.CreatePool(t, nil)
	_, err := s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{
		UserPoolId: &id, PoolName: aws.String("changed"),
		UserPoolAddOns: &types.UserPoolAddOnsType{AdvancedSecurityMode: types.AdvancedSecurityModeTypeEnforced},
	})
	wantError(t, err, "FeatureUnavailableInTierException", "The following features need to be disabled for the ESSENTIALS pricing tier configured: Threat Protection")
	described, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &id})
	wantOK(t, err)
	if *described.UserPool.Name != "test" || described.UserPool.UserPoolAddOns != nil {
		t.Errorf("changed: %s, %v", *described.UserPool.Name, described.UserPool.UserPoolAddOns)
	}
}

func TestLevelsAndRegistrationOfAPool(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := s.CreatePool(t, nil)
	update := func(members string) servertest.Answer {
		return s.Call(t, "UpdateUserPool", `{"UserPoolId":"`+id+`",`+members+`}`)
	}
	described := func() string { return s.Call(t, "DescribeUserPool", `{"UserPoolId":"`+id+`"}`).Body }

	if got := update(`"AcrConfiguration":{"Level4":{"AcrValue":"best"}},"DcrConfiguration":{"OpenDcrEnabled":true,"OpenDcrGrantTypes":[]}`); got.Status != 200 {
		t.Fatal(got.Body)
	}
	const levels = `"AcrConfiguration":{"Level1":{"AcrValue":"urn:cognito:loa:1"},"Level2":{"AcrValue":"urn:cognito:loa:2"},"Level3":{"AcrValue":"urn:cognito:loa:3"},"Level4":{"AcrValue":"best"}}`
	const registration = `"DcrConfiguration":{"AuthenticatedGrantTypes":["code","client_credentials"],"EnableStatus":"Enabled","OpenDcrEnabled":true,"OpenDcrGrantTypes":[]}`
	if got := described(); !strings.Contains(got, levels) || !strings.Contains(got, registration) {
		t.Errorf("described as %s", got)
	}
	if got := update(`"PoolName":"shop"`); got.Status != 200 { // registration stays when left out
		t.Fatal(got.Body)
	}
	if got := described(); !strings.Contains(got, registration) {
		t.Errorf("after an update without it: %s", got)
	}
	if got := update(`"UserPoolTier":"LITE"`); got.ErrorType() != "FeatureUnavailableInTierException" {
		t.Errorf("a move to Lite: %s", got.Body)
	}
	if got := update(`"AcrConfiguration":{"Level1":{"AcrValue":"two words"}}`); got.ErrorType() != "InvalidParameterException" {
		t.Errorf("a name with a space: %s", got.Body)
	}
	if got := update(`"AcrConfiguration":{"Level1":{"AcrValue":"urn:cognito:loa:2"}}`); got.ErrorType() != "InvalidParameterException" {
		t.Errorf("a name taken by default: %s", got.Body)
	}
}

func TestAProtectedPoolIsNotDeleted(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := s.CreatePool(t, func(in *cip.CreateUserPoolInput) { in.DeletionProtection = types.DeletionProtectionTypeActive })
	remove := func() error {
		_, err := s.SDK.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &id})
		return err
	}
	wantError(t, remove(), "InvalidParameterException", "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
	_, err := s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &id, DeletionProtection: types.DeletionProtectionTypeInactive})
	wantOK(t, err)
	wantOK(t, remove())
	wantError(t, remove(), "ResourceNotFoundException", "User pool "+id+" does not exist.")
}

func TestADeletedPoolIsGoneWithItsClientsGroupsAndUsers(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := s.CreatePool(t, nil)
	client := s.CreateClient(t, id, nil)
	s.CreateUser(t, id, "ana", "Correct-horse-9")
	_, err := s.SDK.CreateGroup(t.Context(), &cip.CreateGroupInput{UserPoolId: &id, GroupName: aws.String("admins")})
	wantOK(t, err)
	answer := s.Call(t, "DeleteUserPool", `{"UserPoolId":"`+id+`"}`)
	if answer.Status != 200 || answer.Body != "" {
		t.Errorf("deletion answers %d %q", answer.Status, answer.Body)
	}
	_, err = s.Anonymous.InitiateAuth(t.Context(), &cip.InitiateAuthInput{
		ClientId: &client, AuthFlow: types.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": "ana", "PASSWORD": "Correct-horse-9"},
	})
	wantError(t, err, "ResourceNotFoundException", "User pool client "+client+" does not exist.")
	_, err = s.SDK.ListGroups(t.Context(), &cip.ListGroupsInput{UserPoolId: &id})
	wantError(t, err, "ResourceNotFoundException", "User pool "+id+" does not exist.")
}

func TestADescribedPoolShowsChangesOfOtherRequestsAtOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := s.CreatePool(t, nil)
	for i := range 5 {
		name := fmt.Sprint("name", i)
		_, err := s.SDK.UpdateUserPool(t.Context(), &cip.UpdateUserPoolInput{UserPoolId: &id, PoolName: &name})
		wantOK(t, err)
		described, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &id})
		wantOK(t, err)
		if *described.UserPool.Name != name {
			t.Errorf("named %s, want %s", *described.UserPool.Name, name)
		}
	}
}
