package identity_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/smithy-go"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// With the quotas of an AWS account, calls beyond the rate are refused before they
// are served. The calls name nothing that is there, so the machine keeps up.
func TestCallsBeyondTheRateAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.Quotas = "aws" })
	id := aws.String(anyShape)
	calls := map[string]func() error{
		"GetId": func() error {
			_, err := s.Identity.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: id})
			return err
		},
		"GetCredentialsForIdentity": func() error {
			_, err := s.Identity.GetCredentialsForIdentity(t.Context(), &cognitoidentity.GetCredentialsForIdentityInput{IdentityId: id})
			return err
		},
		"GetOpenIdToken": func() error {
			_, err := s.Identity.GetOpenIdToken(t.Context(), &cognitoidentity.GetOpenIdTokenInput{IdentityId: id})
			return err
		},
		"GetOpenIdTokenForDeveloperIdentity": func() error {
			_, err := s.Identity.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
				IdentityPoolId: id, Logins: map[string]string{developer: "u"},
			})
			return err
		},
		"DescribeIdentityPool": func() error {
			_, err := s.Identity.DescribeIdentityPool(t.Context(), &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: id})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			for range 2000 {
				var e smithy.APIError
				if err := call(); !errors.As(err, &e) || e.ErrorCode() != "ResourceNotFoundException" {
					wantErr(t, err, "TooManyRequestsException", "Rate exceeded")
					return
				}
			}
			t.Error("2000 calls in a row were served")
		})
	}
}
