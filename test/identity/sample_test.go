package identity_test

import (
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"

	"cognate/internal/api"
	"cognate/internal/server"
)

// The sample of dev has one identity pool, however often it is made, and a sample that
// was deleted and made again is let into it.
func TestTheSampleOfDevHasAnIdentityPool(t *testing.T) {
	t.Parallel()
	s, err := server.New(t.Context(), server.Config{Mode: server.Dev, Memory: true, DataDir: t.TempDir()})
	wantOK(t, err)
	t.Cleanup(func() { wantOK(t, s.Close()) })
	door := httptest.NewServer(s.Handler())
	t.Cleanup(door.Close)
	client := cognitoidentity.New(cognitoidentity.Options{
		Region: "us-east-1", BaseEndpoint: &door.URL, Credentials: credentials.NewStaticCredentialsProvider("dev", "dev", ""),
	})
	sample, err := s.MakeSample(t.Context())
	wantOK(t, err)
	pool := func() *cognitoidentity.DescribeIdentityPoolOutput {
		t.Helper()
		out, err := client.DescribeIdentityPool(t.Context(), &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &sample.IdentityPoolID})
		wantOK(t, err)
		return out
	}
	first := pool()
	if p := first.CognitoIdentityProviders; len(p) != 1 || *p[0].ClientId != sample.ClientID || *p[0].ProviderName != "cognito-idp.us-east-1.amazonaws.com/"+sample.UserPoolID {
		t.Errorf("providers %+v", p)
	}
	if !first.AllowUnauthenticatedIdentities {
		t.Error("guests are not allowed")
	}
	again, err := s.MakeSample(t.Context())
	wantOK(t, err)
	if again.IdentityPoolID != sample.IdentityPoolID || len(pool().CognitoIdentityProviders) != 1 {
		t.Errorf("made again: %s and %s", sample.IdentityPoolID, again.IdentityPoolID)
	}

	ctx := api.WithRequest(t.Context(), &api.RequestInfo{Region: "us-east-1"})
	_, err = s.Service().DeleteUserPoolDomain(ctx, &api.DeleteUserPoolDomainRequest{UserPoolId: sample.UserPoolID, Domain: "sample"})
	wantOK(t, err)
	wantOK(t, s.Service().DeleteUserPool(ctx, &api.DeleteUserPoolRequest{UserPoolId: sample.UserPoolID}))
	other, err := s.MakeSample(t.Context())
	wantOK(t, err)
	if p := pool().CognitoIdentityProviders; other.IdentityPoolID != sample.IdentityPoolID || len(p) != 2 || aws.ToString(p[1].ClientId) != other.ClientID {
		t.Errorf("after the user pool was deleted: %s, %+v", other.IdentityPoolID, p)
	}
}
