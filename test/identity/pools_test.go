package identity_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/servertest"
)

const (
	account  = "123456789012"
	anyShape = "us-east-1:00000000-0000-4000-8000-000000000000" // of an id that nobody has
)

var notMetadata = cmpopts.IgnoreTypes(middleware.Metadata{})

func TestIdentityPoolIsDescribedAsItWasMade(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	in := &cognitoidentity.CreateIdentityPoolInput{
		IdentityPoolName:               aws.String("shop, for Ana=Ben"),
		AllowUnauthenticatedIdentities: true,
		AllowClassicFlow:               aws.Bool(true),
		SupportedLoginProviders:        map[string]string{"accounts.google.com": "one;two", "api.twitter.com": "key;secret"},
		DeveloperProviderName:          aws.String(developer),
		OpenIdConnectProviderARNs:      []string{"arn:aws:iam::" + account + ":oidc-provider/idp.example.com/realm"},
		SamlProviderARNs:               []string{"arn:aws:iam::" + account + ":saml-provider/corp"},
		CognitoIdentityProviders: []types.CognitoIdentityProvider{
			{ProviderName: aws.String(nameOf("us-east-1_Nobody123")), ClientId: aws.String("abc"), ServerSideTokenCheck: aws.Bool(true)},
		},
		IdentityPoolTags: map[string]string{"team": "shop"},
	}
	made, err := s.Identity.CreateIdentityPool(t.Context(), in)
	wantOK(t, err)
	want := &cognitoidentity.DescribeIdentityPoolOutput{
		IdentityPoolId: made.IdentityPoolId, IdentityPoolName: in.IdentityPoolName, AllowUnauthenticatedIdentities: true,
		AllowClassicFlow: in.AllowClassicFlow, SupportedLoginProviders: in.SupportedLoginProviders,
		DeveloperProviderName: in.DeveloperProviderName, OpenIdConnectProviderARNs: in.OpenIdConnectProviderARNs,
		SamlProviderARNs: in.SamlProviderARNs, CognitoIdentityProviders: in.CognitoIdentityProviders, IdentityPoolTags: in.IdentityPoolTags,
	}
	got, err := s.Identity.DescribeIdentityPool(t.Context(), &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: made.IdentityPoolId})
	wantOK(t, err)
	if diff := cmp.Diff(want, got, notMetadata, cmpopts.IgnoreUnexported(*got, types.CognitoIdentityProvider{})); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(*made.IdentityPoolId, "us-east-1:") || len(*made.IdentityPoolId) != len(anyShape) {
		t.Errorf("id %s", *made.IdentityPoolId)
	}
}

func TestUpdateIdentityPoolReplacesTheWholePool(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), func(in *cognitoidentity.CreateIdentityPoolInput) {
		in.AllowClassicFlow = aws.Bool(true)
		in.IdentityPoolTags = map[string]string{"team": "shop"}
		in.SupportedLoginProviders = map[string]string{"accounts.google.com": "one"}
	})
	update := &cognitoidentity.UpdateIdentityPoolInput{IdentityPoolId: &w.pool, IdentityPoolName: aws.String("renamed")}
	_, err := w.signed.UpdateIdentityPool(t.Context(), update)
	wantOK(t, err)
	got, err := w.signed.DescribeIdentityPool(t.Context(), &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &w.pool})
	wantOK(t, err)
	want := &cognitoidentity.DescribeIdentityPoolOutput{
		IdentityPoolId: &w.pool, IdentityPoolName: aws.String("renamed"), AllowClassicFlow: aws.Bool(false),
		IdentityPoolTags: map[string]string{}, DeveloperProviderName: aws.String(developer), // which cannot change
	}
	if diff := cmp.Diff(want, got, notMetadata, cmpopts.IgnoreUnexported(*got)); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	update.DeveloperProviderName = aws.String("other.example")
	_, err = w.signed.UpdateIdentityPool(t.Context(), update)
	wantErr(t, err, "InvalidParameterException", "The developer provider name cannot be changed once it is set.")
}

func TestSettingsThatMeanNothingAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	entry := func(name, client string) []types.CognitoIdentityProvider {
		e := types.CognitoIdentityProvider{}
		if name != "" {
			e.ProviderName = &name
		}
		if client != "" {
			e.ClientId = &client
		}
		return []types.CognitoIdentityProvider{e}
	}
	many := func(n int) map[string]string {
		tags := make(map[string]string, n)
		for i := range n {
			tags[fmt.Sprint("t", i)] = ""
		}
		return tags
	}
	invalid := "Invalid Cognito Identity Provider"
	tests := []struct {
		name          string
		change        func(*cognitoidentity.CreateIdentityPoolInput)
		code, message string
	}{
		{"client without pool", func(in *cognitoidentity.CreateIdentityPoolInput) { in.CognitoIdentityProviders = entry("", "abc") }, "InvalidParameterException", invalid},
		{"pool without client", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.CognitoIdentityProviders = entry(nameOf("us-east-1_Abc"), "")
		}, "InvalidParameterException", invalid},
		{"pool id alone", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.CognitoIdentityProviders = entry("us-east-1_Abc", "abc")
		}, "InvalidParameterException", invalid},
		{"pool of another Region than its host", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.CognitoIdentityProviders = entry(nameOf("eu-west-1_Abc"), "abc")
		}, "InvalidParameterException", invalid},
		{"unknown social provider", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.SupportedLoginProviders = map[string]string{"social.example": "a"}
		}, "InvalidParameterException", "social.example is not a supported login provider."},
		{"Twitter without secret", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.SupportedLoginProviders = map[string]string{"api.twitter.com": "key"}
		}, "InvalidParameterException", ""},
		{"developer provider that is another's name", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.DeveloperProviderName = aws.String("accounts.google.com")
		}, "InvalidParameterException", "accounts.google.com cannot be the name of a developer provider."},
		{"developer provider that is the service", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.DeveloperProviderName = aws.String("cognito-identity.amazonaws.com")
		}, "InvalidParameterException", ""},
		{"OIDC provider of another account", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.OpenIdConnectProviderARNs = []string{"arn:aws:iam::999999999999:oidc-provider/idp.example.com"}
		}, "InvalidParameterException", ""},
		{"SAML provider that is an OIDC provider", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.SamlProviderARNs = []string{"arn:aws:iam::" + account + ":oidc-provider/idp.example.com"}
		}, "InvalidParameterException", ""},
		{"developer provider that is an OIDC provider's name", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.DeveloperProviderName = aws.String("idp.example.com")
			in.OpenIdConnectProviderARNs = []string{"arn:aws:iam::" + account + ":oidc-provider/idp.example.com"}
		}, "InvalidParameterException", "idp.example.com names two providers of the identity pool."},
		{"Google twice", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.SupportedLoginProviders = map[string]string{"accounts.google.com": "a"}
			in.OpenIdConnectProviderARNs = []string{"arn:aws:iam::" + account + ":oidc-provider/accounts.google.com"}
		}, "InvalidParameterException", "accounts.google.com names two providers of the identity pool."},
		{"51 tags", func(in *cognitoidentity.CreateIdentityPoolInput) { in.IdentityPoolTags = many(51) }, "InvalidParameterException", ""},
		{"tag of the service", func(in *cognitoidentity.CreateIdentityPoolInput) {
			in.IdentityPoolTags = map[string]string{"aws:team": "a"}
		}, "InvalidParameterException", ""},
		{"51 user pools", func(in *cognitoidentity.CreateIdentityPoolInput) {
			for i := range 51 {
				in.CognitoIdentityProviders = append(in.CognitoIdentityProviders, entry(nameOf(fmt.Sprintf("us-east-1_A%d", i)), "abc")...)
			}
		}, "LimitExceededException", "An identity pool can have at most 50 user pools."},
		{"name with a slash", func(in *cognitoidentity.CreateIdentityPoolInput) { in.IdentityPoolName = aws.String("a/b") }, "ValidationException", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			in := &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("shop")}
			test.change(in)
			_, err := s.Identity.CreateIdentityPool(t.Context(), in)
			wantErr(t, err, test.code, test.message)
		})
	}
}

func TestUnknownIdentityPoolsAreNotFound(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	id := aws.String(anyShape)
	message := "IdentityPool '" + anyShape + "' not found."
	arn := aws.String("arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/" + anyShape)
	calls := map[string]func() error{
		"DescribeIdentityPool": func() error {
			_, err := s.Identity.DescribeIdentityPool(t.Context(), &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: id})
			return err
		},
		"UpdateIdentityPool": func() error {
			_, err := s.Identity.UpdateIdentityPool(t.Context(), &cognitoidentity.UpdateIdentityPoolInput{IdentityPoolId: id, IdentityPoolName: aws.String("a")})
			return err
		},
		"DeleteIdentityPool": func() error {
			_, err := s.Identity.DeleteIdentityPool(t.Context(), &cognitoidentity.DeleteIdentityPoolInput{IdentityPoolId: id})
			return err
		},
		"GetIdentityPoolRoles": func() error {
			_, err := s.Identity.GetIdentityPoolRoles(t.Context(), &cognitoidentity.GetIdentityPoolRolesInput{IdentityPoolId: id})
			return err
		},
		"SetIdentityPoolRoles": func() error {
			_, err := s.Identity.SetIdentityPoolRoles(t.Context(), &cognitoidentity.SetIdentityPoolRolesInput{IdentityPoolId: id, Roles: map[string]string{}})
			return err
		},
		"GetPrincipalTagAttributeMap": func() error {
			_, err := s.Identity.GetPrincipalTagAttributeMap(t.Context(), &cognitoidentity.GetPrincipalTagAttributeMapInput{IdentityPoolId: id, IdentityProviderName: aws.String("a")})
			return err
		},
		"SetPrincipalTagAttributeMap": func() error {
			_, err := s.Identity.SetPrincipalTagAttributeMap(t.Context(), &cognitoidentity.SetPrincipalTagAttributeMapInput{IdentityPoolId: id, IdentityProviderName: aws.String("a")})
			return err
		},
		"ListIdentities": func() error {
			_, err := s.Identity.ListIdentities(t.Context(), &cognitoidentity.ListIdentitiesInput{IdentityPoolId: id, MaxResults: aws.Int32(1)})
			return err
		},
		"GetId": func() error {
			_, err := s.Identity.GetId(t.Context(), &cognitoidentity.GetIdInput{IdentityPoolId: id})
			return err
		},
		"GetOpenIdTokenForDeveloperIdentity": func() error {
			_, err := s.Identity.GetOpenIdTokenForDeveloperIdentity(t.Context(), &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: id, Logins: map[string]string{"a": "b"}})
			return err
		},
		"LookupDeveloperIdentity": func() error {
			_, err := s.Identity.LookupDeveloperIdentity(t.Context(), &cognitoidentity.LookupDeveloperIdentityInput{IdentityPoolId: id, DeveloperUserIdentifier: aws.String("a")})
			return err
		},
		"MergeDeveloperIdentities": func() error {
			_, err := s.Identity.MergeDeveloperIdentities(t.Context(), &cognitoidentity.MergeDeveloperIdentitiesInput{
				IdentityPoolId: id, DeveloperProviderName: aws.String("a"), SourceUserIdentifier: aws.String("a"), DestinationUserIdentifier: aws.String("b"),
			})
			return err
		},
		"UnlinkDeveloperIdentity": func() error {
			_, err := s.Identity.UnlinkDeveloperIdentity(t.Context(), &cognitoidentity.UnlinkDeveloperIdentityInput{
				IdentityPoolId: id, IdentityId: id, DeveloperProviderName: aws.String("a"), DeveloperUserIdentifier: aws.String("b"),
			})
			return err
		},
		"ListTagsForResource": func() error {
			_, err := s.Identity.ListTagsForResource(t.Context(), &cognitoidentity.ListTagsForResourceInput{ResourceArn: arn})
			return err
		},
		"TagResource": func() error {
			_, err := s.Identity.TagResource(t.Context(), &cognitoidentity.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"a": "b"}})
			return err
		},
		"UntagResource": func() error {
			_, err := s.Identity.UntagResource(t.Context(), &cognitoidentity.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"a"}})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) { wantErr(t, call(), "ResourceNotFoundException", message) })
	}
}

func TestIdentityPoolsOfOtherRegionsAreNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	elsewhere := func(o *cognitoidentity.Options) { o.Region = "eu-west-1" }
	_, err := w.signed.DescribeIdentityPool(t.Context(), &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &w.pool}, elsewhere)
	wantErr(t, err, "ResourceNotFoundException", "")
	id := w.mustGetID(t, nil)
	_, err = w.signed.DescribeIdentity(t.Context(), &cognitoidentity.DescribeIdentityInput{IdentityId: &id}, elsewhere)
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+id+"' not found.")
	_, err = w.signed.DeleteIdentities(t.Context(), &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: []string{id}}, elsewhere)
	wantOK(t, err)
	w.describe(t, id) // it is still there
	list, err := w.signed.ListIdentityPools(t.Context(), &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(60)}, elsewhere)
	wantOK(t, err)
	if len(list.IdentityPools) != 0 {
		t.Errorf("pools elsewhere: %v", list.IdentityPools)
	}
}

func TestIdentityPoolsAreListedByPages(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	var want, got []string
	for range 5 {
		made, err := s.Identity.CreateIdentityPool(t.Context(), &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("shop")})
		wantOK(t, err)
		want = append(want, *made.IdentityPoolId)
	}
	pages := cognitoidentity.NewListIdentityPoolsPaginator(s.Identity, &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		wantOK(t, err)
		if len(page.IdentityPools) > 2 {
			t.Errorf("a page of %d", len(page.IdentityPools))
		}
		for _, p := range page.IdentityPools {
			got = append(got, *p.IdentityPoolId)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	_, err := s.Identity.ListIdentityPools(t.Context(), &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(2), NextToken: aws.String("x")})
	wantErr(t, err, "InvalidParameterException", "")
	_, err = s.Identity.ListIdentityPools(t.Context(), &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(61)})
	wantErr(t, err, "ValidationException", "")
}

func TestDeletedIdentityPoolTakesItsIdentities(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	id := w.mustGetID(t, nil)
	_, err := w.signed.DeleteIdentityPool(t.Context(), &cognitoidentity.DeleteIdentityPoolInput{IdentityPoolId: &w.pool})
	wantOK(t, err)
	_, err = w.getID(t, nil)
	wantErr(t, err, "ResourceNotFoundException", "IdentityPool '"+w.pool+"' not found.")
	_, err = w.openID(t, id, nil)
	wantErr(t, err, "ResourceNotFoundException", "Identity '"+id+"' not found.")
}

func TestTagsOfIdentityPools(t *testing.T) {
	t.Parallel()
	w := newWorld(t, servertest.Shared(t), nil)
	arn := aws.String("arn:aws:cognito-identity:us-east-1:" + account + ":identitypool/" + w.pool)
	tags := func() map[string]string {
		out, err := w.signed.ListTagsForResource(t.Context(), &cognitoidentity.ListTagsForResourceInput{ResourceArn: arn})
		wantOK(t, err)
		return out.Tags
	}
	_, err := w.signed.TagResource(t.Context(), &cognitoidentity.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"team": "shop", "cost": ""}})
	wantOK(t, err)
	_, err = w.signed.UntagResource(t.Context(), &cognitoidentity.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"cost", "none"}})
	wantOK(t, err)
	if diff := cmp.Diff(map[string]string{"team": "shop"}, tags()); diff != "" {
		t.Error(diff)
	}
	full := map[string]string{}
	for i := range 50 {
		full[fmt.Sprint(i)] = "x"
	}
	_, err = w.signed.TagResource(t.Context(), &cognitoidentity.TagResourceInput{ResourceArn: arn, Tags: full})
	wantErr(t, err, "InvalidParameterException", "An identity pool can have at most 50 tags.")
	for _, wrong := range []string{"arn:aws:cognito-idp:us-east-1:" + account + ":userpool/x", "arn:aws:cognito-identity:us-east-1:" + account + ":identity/x"} {
		_, err := w.signed.ListTagsForResource(t.Context(), &cognitoidentity.ListTagsForResourceInput{ResourceArn: &wrong})
		wantErr(t, err, "InvalidParameterException", "Invalid ARN")
	}
	other := strings.Replace(*arn, account, "999999999999", 1)
	_, err = w.signed.ListTagsForResource(t.Context(), &cognitoidentity.ListTagsForResourceInput{ResourceArn: &other})
	wantErr(t, err, "ResourceNotFoundException", "")
}
