package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"cognate/internal/server"
	"cognate/internal/servertest"
)

// Every kind is attached, and the client offers it and is otherwise what it was.
func TestIdpAddTest(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, func(c *server.Config) { c.Mode = server.Dev })
	pool := s.CreatePool(t, nil)
	client := s.CreateClient(t, pool, func(in *cip.CreateUserPoolClientInput) {
		in.SupportedIdentityProviders, in.RefreshTokenValidity = []string{"COGNITO"}, 7
		in.CallbackURLs, in.AllowedOAuthScopes = []string{"https://app.example.com/"}, []string{"openid"}
		in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows = true, []types.OAuthFlowType{types.OAuthFlowTypeCode}
	})
	describe := func() *types.UserPoolClientType {
		got, err := s.SDK.DescribeUserPoolClient(t.Context(), &cip.DescribeUserPoolClientInput{UserPoolId: &pool, ClientId: &client})
		if err != nil {
			t.Fatal(err)
		}
		return got.UserPoolClient
	}
	before := describe()
	for _, kind := range []string{"google", "facebook", "amazon", "apple", "oidc", "saml"} {
		var out, problems bytes.Buffer
		args := []string{"idp", "add-test", "--public-url", s.URL, "--pool", pool, "--client", client, "--kind", kind, "--json"}
		if kind == "oidc" {
			args = append(args, "--name", "Mine")
		}
		if code := run(args, streams{&out, &problems}); code != 0 {
			t.Fatalf("%s: exit %d: %s", kind, code, problems.String())
		}
		var made struct{ IdentityProvider struct{ ProviderName string } }
		if err := json.Unmarshal(out.Bytes(), &made); err != nil || made.IdentityProvider.ProviderName == "" {
			t.Errorf("%s: %v in %s", kind, err, out.String())
		}
	}
	after := describe()
	want := []string{"COGNITO", "Facebook", "Google", "LoginWithAmazon", "Mine", "SignInWithApple", "TestSAML"}
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(after.SupportedIdentityProviders))); diff != "" {
		t.Error(diff)
	}
	if after.RefreshTokenValidity != before.RefreshTokenValidity || !slices.Equal(after.CallbackURLs, before.CallbackURLs) ||
		!slices.Equal(after.ExplicitAuthFlows, before.ExplicitAuthFlows) || !slices.Equal(after.ReadAttributes, before.ReadAttributes) {
		t.Errorf("the client has changed from %+v to %+v", before, after)
	}
	var out, problems bytes.Buffer
	if code := run([]string{"idp", "add-test", "--public-url", s.URL, "--pool", pool, "--kind", "google"}, streams{&out, &problems}); code != exitFailed ||
		!strings.Contains(problems.String(), "DuplicateProviderException") {
		t.Errorf("twice: exit %d: %s", code, problems.String())
	}
}
