package api_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// spec/newest-features.md §1.2: both roles are listed, and there is one.
func TestAPoolHasItsPrimaryAlone(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	got := s.Call(t, "ListUserPoolReplicas", `{"UserPoolId":"`+pool+`"}`)
	want := `{"UserPoolReplicas":[{"RegionName":"us-east-1","Role":"PRIMARY","Status":"ACTIVE","UserPoolArn":"` + arnOf(pool) + `"}]}`
	if got.Body != want {
		t.Errorf("%s\nwant %s", got.Body, want)
	}
	if got := s.Call(t, "ListUserPoolReplicas", `{"UserPoolId":"`+pool+`","NextToken":"x"}`); got.ErrorType() != "InvalidParameterException" {
		t.Errorf("a token that nobody gave: %d %s", got.Status, got.Body)
	}
}

// No replica is made, and none is said to be.
func TestReplicasAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	create := func(pool, region string) error {
		_, err := s.SDK.CreateUserPoolReplica(t.Context(), &cip.CreateUserPoolReplicaInput{UserPoolId: &pool, RegionName: &region})
		return err
	}
	ordinary := s.CreatePool(t, nil)
	lite := s.CreatePool(t, func(in *cip.CreateUserPoolInput) { in.UserPoolTier = types.UserPoolTierTypeLite })
	keyed := s.CreatePool(t, func(in *cip.CreateUserPoolInput) {
		in.KeyConfiguration = &types.KeyConfigurationType{
			KeyType:   types.EncryptionKeyTypeCustomerManagedKey,
			KmsKeyArn: aws.String("arn:aws:kms:us-east-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab"),
		}
	})
	wantCode(t, create(lite, "eu-west-1"), "FeatureUnavailableInTierException")
	wantCode(t, create(ordinary, "eu-west-1"), "InvalidParameterException")
	wantCode(t, create(ordinary, "us-east-1"), "InvalidParameterException")
	wantCode(t, create(keyed, "eu-west-1"), "InvalidParameterException")
	wantCode(t, create("us-east-1_unknown", "eu-west-1"), "ResourceNotFoundException")
	for _, pool := range []string{ordinary, "us-east-1_unknown"} {
		_, err := s.SDK.UpdateUserPoolReplica(t.Context(), &cip.UpdateUserPoolReplicaInput{
			UserPoolId: &pool, RegionName: aws.String("eu-west-1"), Status: types.UpdateReplicaStatusTypeActive,
		})
		wantCode(t, err, "ResourceNotFoundException")
		_, err = s.SDK.DeleteUserPoolReplica(t.Context(), &cip.DeleteUserPoolReplicaInput{UserPoolId: &pool, RegionName: aws.String("eu-west-1")})
		wantCode(t, err, "ResourceNotFoundException")
	}
	listed, err := s.SDK.ListUserPoolReplicas(t.Context(), &cip.ListUserPoolReplicasInput{UserPoolId: &keyed})
	wantOK(t, err)
	if n := len(listed.UserPoolReplicas); n != 1 {
		t.Errorf("%d replicas after all", n)
	}
}
