package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/servertest"
)

const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000"

// newPrefix is a prefix that no other test has.
func newPrefix() string { return "shop-" + servertest.NewPrefix() }

func newHostName() string { return newPrefix() + ".example.com" }

func lite(in *cip.CreateUserPoolInput) { in.UserPoolTier = types.UserPoolTierTypeLite }

func makeDomain(t *testing.T, s *servertest.Server, pool, name string, change func(*cip.CreateUserPoolDomainInput)) (*cip.CreateUserPoolDomainOutput, error) {
	t.Helper()
	in := &cip.CreateUserPoolDomainInput{UserPoolId: &pool, Domain: &name}
	if strings.Contains(name, ".") {
		in.CustomDomainConfig = &types.CustomDomainConfigType{CertificateArn: aws.String(certificate)}
	}
	if change != nil {
		change(in)
	}
	return s.SDK.CreateUserPoolDomain(t.Context(), in)
}

func describeDomain(t *testing.T, s *servertest.Server, name string) *types.DomainDescriptionType {
	t.Helper()
	out, err := s.SDK.DescribeUserPoolDomain(t.Context(), &cip.DescribeUserPoolDomainInput{Domain: &name})
	wantOK(t, err)
	return out.DomainDescription
}

func TestAPrefixDomainIsDescribedAsRecorded(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, prefix := s.CreatePool(t, nil), newPrefix()
	made := s.Call(t, "CreateUserPoolDomain", fmt.Sprintf(`{"UserPoolId":%q,"Domain":%q}`, pool, prefix))
	if made.Status != 200 || made.Body != `{"ManagedLoginVersion":1}` {
		t.Errorf("created: %d %s", made.Status, made.Body)
	}
	// spec/recorded.md §3.5; an empty CustomDomainConfig is of a prefix.
	described := s.Call(t, "DescribeUserPoolDomain", fmt.Sprintf(`{"Domain":%q}`, prefix))
	for _, part := range []string{
		`"AWSAccountId":"123456789012"`, `"CustomDomainConfig":{}`, `"Domain":"` + prefix + `"`, `"ManagedLoginVersion":1`,
		`"S3Bucket":"`, `"CloudFrontDistribution":"127.0.0.1"`, `"Status":"ACTIVE"`, `"UserPoolId":"` + pool + `"`, `"Version":"20`,
	} {
		if !strings.Contains(described.Body, part) {
			t.Errorf("%s is not in %s", part, described.Body)
		}
	}
	shown, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &pool})
	wantOK(t, err)
	if got := aws.ToString(shown.UserPool.Domain); got != prefix || shown.UserPool.CustomDomain != nil {
		t.Errorf("the pool shows %q and %v", got, shown.UserPool.CustomDomain)
	}
}

func TestACustomDomainIsDescribedAsItWasMade(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, host := s.CreatePool(t, nil), newHostName()
	failover := &types.RoutingType{Failover: &types.FailoverType{SecondaryRegion: aws.String("eu-west-1"), PrimaryRoute53HealthCheckId: aws.String("0a1b2c3d-0000-4000-8000-000000000000")}}
	made, err := makeDomain(t, s, pool, host, func(in *cip.CreateUserPoolDomainInput) {
		in.ManagedLoginVersion = aws.Int32(2)
		in.Routing = failover
	})
	wantOK(t, err)
	if aws.ToString(made.CloudFrontDomain) == "" || aws.ToInt32(made.ManagedLoginVersion) != 2 {
		t.Errorf("made %+v", made)
	}
	got := describeDomain(t, s, host)
	want := &types.DomainDescriptionType{
		AWSAccountId: aws.String("123456789012"), CloudFrontDistribution: made.CloudFrontDomain, Domain: &host, ManagedLoginVersion: aws.Int32(2),
		CustomDomainConfig: &types.CustomDomainConfigType{CertificateArn: aws.String(certificate)},
		Status:             types.DomainStatusTypeActive, UserPoolId: &pool, Routing: failover,
	}
	unexported := cmpopts.IgnoreUnexported(types.DomainDescriptionType{}, types.CustomDomainConfigType{}, types.RoutingType{}, types.FailoverType{})
	if diff := cmp.Diff(want, got, unexported, cmpopts.IgnoreFields(types.DomainDescriptionType{}, "Version", "S3Bucket")); diff != "" {
		t.Error(diff)
	}
	shown, err := s.SDK.DescribeUserPool(t.Context(), &cip.DescribeUserPoolInput{UserPoolId: &pool})
	wantOK(t, err)
	if got := aws.ToString(shown.UserPool.CustomDomain); got != host || shown.UserPool.Domain != nil {
		t.Errorf("the pool shows %q and %v", got, shown.UserPool.Domain)
	}
}

// The SDK that we build with does not know the TLS policy yet
// (spec/newest-features.md §17).
func TestACustomDomainHasATLSPolicy(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, host := s.CreatePool(t, nil), newHostName()
	for _, c := range []struct{ operation, policy, want string }{
		{"CreateUserPoolDomain", ``, "TLS_V1_2_2021"},
		{"UpdateUserPoolDomain", `,"SecurityPolicy":"TLS_V1_3_2025"`, "TLS_V1_3_2025"},
		{"UpdateUserPoolDomain", `,"SecurityPolicy":"TLS_V1"`, "TLS_V1"},
	} {
		made := s.Call(t, c.operation, fmt.Sprintf(`{"UserPoolId":%q,"Domain":%q,"CustomDomainConfig":{"CertificateArn":%q%s}}`, pool, host, certificate, c.policy))
		got := s.Call(t, "DescribeUserPoolDomain", fmt.Sprintf(`{"Domain":%q}`, host))
		if want := fmt.Sprintf(`"CustomDomainConfig":{"CertificateArn":%q,"SecurityPolicy":%q}`, certificate, c.want); made.Status != 200 || !strings.Contains(got.Body, want) {
			t.Errorf("%s%s: %d %s", c.operation, c.policy, made.Status, got.Body)
		}
	}
	got := s.Call(t, "UpdateUserPoolDomain", fmt.Sprintf(`{"UserPoolId":%q,"Domain":%q,"CustomDomainConfig":{"CertificateArn":%q,"SecurityPolicy":"TLS_V2"}}`, pool, host, certificate))
	if got.ErrorType() != "InvalidParameterException" {
		t.Errorf("unknown policy: %s", got.Body)
	}
}

func TestAnUnknownDomainIsAnEmptyDescription(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	for _, name := range []string{newPrefix(), newHostName(), "Not_a_prefix"} {
		if got := s.Call(t, "DescribeUserPoolDomain", fmt.Sprintf(`{"Domain":%q}`, name)); got.Status != 200 || got.Body != `{"DomainDescription":{}}` {
			t.Errorf("%s: %d %s", name, got.Status, got.Body)
		}
	}
}

const (
	badPrefix = `The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens. Please enter a different name that follows this format: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`
	badParent = "Custom domain is not a valid subdomain: Was not able to resolve the root domain, please ensure an A record exists for the root domain."
	badName   = "Custom domain is not a valid subdomain: it has to be a host name in lower case below a top-level domain."
	ownName   = "Custom domain is not a valid subdomain: the name belongs to this installation."
)

func TestDomainsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool := s.CreatePool(t, nil)
	custom := `,"CustomDomainConfig":{"CertificateArn":"` + certificate + `"}`
	for _, c := range []struct{ name, members, message string }{
		{"Shop", ``, badPrefix},
		{"-shop", ``, badPrefix},
		{"shop-", ``, badPrefix},
		{"sh_op", ``, badPrefix},
		{"shop.example.com", ``, badPrefix},
		{"my-aws-shop", ``, "Domain cannot contain reserved word: aws"},
		{"newcognito", ``, "Domain cannot contain reserved word: cognito"},
		{"amazonas", ``, "Domain cannot contain reserved word: amazon"},
		{"com", custom, badName},
		{"Shop.example.com", custom, badName},
		{"shop.example.com.", custom, badName},
		{"-shop.example.com", custom, badName},
		{"shop-.example.com", custom, badName},
		{"shop.example.c-", custom, badName},
		{"shop..example.com", custom, badName},
		{"192.168.0.1", custom, badName},
		{"127.0.0.1", custom, badName},
		{"auth.localhost", custom, ownName},
		{"shop.auth.localhost", custom, ownName},
		{"shop." + servertest.Unresolved, custom, badParent},
		{
			"shop.example.com", `,"CustomDomainConfig":{"CertificateArn":"arn:aws:acm:eu-west-1:123456789012:certificate/a"}`,
			"Invalid request provided: The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.",
		},
		{"shop", `,"ManagedLoginVersion":3`, "ManagedLoginVersion must be 1 or 2."},
		{"shop", `,"ManagedLoginVersion":0`, "ManagedLoginVersion must be 1 or 2."},
	} {
		got := s.Call(t, "CreateUserPoolDomain", fmt.Sprintf(`{"UserPoolId":%q,"Domain":%q%s}`, pool, c.name, c.members))
		if got.Status != 400 || got.ErrorType() != "InvalidParameterException" || got.Message() != c.message {
			t.Errorf("%s%s: %d %s %s", c.name, c.members, got.Status, got.ErrorType(), got.Message())
		}
	}
	got := s.Call(t, "CreateUserPoolDomain", fmt.Sprintf(`{"UserPoolId":%q,"Domain":"shop"}`, unknownPool))
	if got.ErrorType() != "ResourceNotFoundException" || got.Message() != "User pool "+unknownPool+" does not exist." {
		t.Errorf("unknown pool: %s", got.Body)
	}
	got = s.Call(t, "CreateUserPoolDomain", fmt.Sprintf(`{"UserPoolId":%q,"Domain":%q}`, pool, strings.Repeat("a", 64)))
	if got.Status != 400 || !strings.Contains(got.Message(), "length less than or equal to 63") {
		t.Errorf("long name: %s", got.Body)
	}
}

func TestADomainHasOneOwnerAndAPoolOneOfEachKind(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, other := s.CreatePool(t, nil), s.CreatePool(t, nil)
	prefix, host := newPrefix(), newHostName()
	const taken, twice, full = "Domain already associated with another user pool.", "Domain already exists.", "User pool already has a domain configured."
	for i, c := range []struct{ pool, name, message string }{
		{pool, prefix, ""},
		{pool, prefix, twice},
		{pool, newPrefix(), full},
		{other, prefix, taken},
		{pool, host, ""},
		{pool, host, twice},
		{pool, newHostName(), full},
		{other, host, taken},
		{other, newHostName(), ""},
	} {
		_, err := makeDomain(t, s, c.pool, c.name, nil)
		if c.message == "" {
			wantOK(t, err)
			continue
		}
		t.Logf("%d: %s", i, c.name)
		wantError(t, err, "InvalidParameterException", c.message)
	}
}

func TestOneOfManyPoolsGetsADomainInARace(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	prefix := newPrefix()
	pools := make(chan string, 6)
	for range cap(pools) {
		pools <- s.CreatePool(t, nil)
	}
	made := 0
	for _, err := range atOnce(cap(pools), func() error {
		_, err := makeDomain(t, s, <-pools, prefix, nil)
		return err
	}) {
		if err == nil {
			made++
			continue
		}
		wantError(t, err, "InvalidParameterException", "Domain already associated with another user pool.")
	}
	if made != 1 {
		t.Errorf("%d pools have it", made)
	}
}

func TestManagedLoginNeedsItsPlan(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, prefix := s.CreatePool(t, lite), newPrefix()
	const refused = "The following features need to be disabled for the LITE pricing tier configured: Managed Login"
	_, err := makeDomain(t, s, pool, prefix, func(in *cip.CreateUserPoolDomainInput) { in.ManagedLoginVersion = aws.Int32(2) })
	wantError(t, err, "FeatureUnavailableInTierException", refused)
	_, err = makeDomain(t, s, pool, prefix, nil)
	wantOK(t, err)
	_, err = s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{UserPoolId: &pool, Domain: &prefix, ManagedLoginVersion: aws.Int32(2)})
	wantError(t, err, "FeatureUnavailableInTierException", refused)

	pool, prefix = s.CreatePool(t, nil), newPrefix()
	_, err = makeDomain(t, s, pool, prefix, func(in *cip.CreateUserPoolDomainInput) { in.ManagedLoginVersion = aws.Int32(2) })
	wantOK(t, err)
	downgrade := &cip.UpdateUserPoolInput{UserPoolId: &pool, UserPoolTier: types.UserPoolTierTypeLite}
	_, err = s.SDK.UpdateUserPool(t.Context(), downgrade)
	wantError(t, err, "FeatureUnavailableInTierException", refused)
	_, err = s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{UserPoolId: &pool, Domain: &prefix, ManagedLoginVersion: aws.Int32(1)})
	wantOK(t, err)
	_, err = s.SDK.UpdateUserPool(t.Context(), downgrade)
	wantOK(t, err)
}

func TestAnUpdateOfADomainKeepsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, host, prefix := s.CreatePool(t, nil), newHostName(), newPrefix()
	for _, name := range []string{host, prefix} {
		_, err := makeDomain(t, s, pool, name, func(in *cip.CreateUserPoolDomainInput) { in.ManagedLoginVersion = aws.Int32(2) })
		wantOK(t, err)
	}
	const renewed = certificate + "-2"
	out, err := s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{
		UserPoolId: &pool, Domain: &host, CustomDomainConfig: &types.CustomDomainConfigType{CertificateArn: aws.String(renewed)},
	})
	wantOK(t, err)
	if aws.ToString(out.CloudFrontDomain) == "" || aws.ToInt32(out.ManagedLoginVersion) != 2 {
		t.Errorf("updated to %+v", out)
	}
	out, err = s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{UserPoolId: &pool, Domain: &host, ManagedLoginVersion: aws.Int32(1)})
	wantOK(t, err)
	got := describeDomain(t, s, host)
	if aws.ToInt32(out.ManagedLoginVersion) != 1 || aws.ToInt32(got.ManagedLoginVersion) != 1 || aws.ToString(got.CustomDomainConfig.CertificateArn) != renewed {
		t.Errorf("described as %+v, %+v", got, got.CustomDomainConfig)
	}
	if got := describeDomain(t, s, prefix); aws.ToInt32(got.ManagedLoginVersion) != 2 {
		t.Errorf("the other domain has version %d", aws.ToInt32(got.ManagedLoginVersion))
	}
	_, err = s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{
		UserPoolId: &pool, Domain: &prefix, CustomDomainConfig: &types.CustomDomainConfigType{CertificateArn: aws.String(renewed)},
	})
	wantCode(t, err, "InvalidParameterException")
}

func TestOnlyItsPoolChangesOrDeletesADomain(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, other, prefix := s.CreatePool(t, nil), s.CreatePool(t, nil), newPrefix()
	_, err := makeDomain(t, s, pool, prefix, nil)
	wantOK(t, err)
	const unknown = "No such domain or user pool exists."
	for _, c := range []struct{ pool, name string }{{other, prefix}, {unknownPool, prefix}, {pool, newPrefix()}} {
		_, err := s.SDK.DeleteUserPoolDomain(t.Context(), &cip.DeleteUserPoolDomainInput{UserPoolId: &c.pool, Domain: &c.name})
		wantError(t, err, "InvalidParameterException", unknown)
		_, err = s.SDK.UpdateUserPoolDomain(t.Context(), &cip.UpdateUserPoolDomainInput{UserPoolId: &c.pool, Domain: &c.name})
		wantError(t, err, "InvalidParameterException", unknown)
	}
	_, err = s.SDK.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &pool})
	wantError(t, err, "InvalidParameterException", "User pool cannot be deleted. It has a domain configured that should be deleted first.")
	_, err = s.SDK.DeleteUserPoolDomain(t.Context(), &cip.DeleteUserPoolDomainInput{UserPoolId: &pool, Domain: &prefix})
	wantOK(t, err)
	if got := describeDomain(t, s, prefix); got.Domain != nil {
		t.Errorf("still described: %+v", got)
	}
	_, err = s.SDK.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &pool})
	wantOK(t, err)
	_, err = makeDomain(t, s, other, prefix, nil)
	wantOK(t, err)
}

func TestADomainOfAnotherRegionIsNotShown(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	pool, prefix := s.CreatePool(t, nil), newPrefix()
	_, err := makeDomain(t, s, pool, prefix, nil)
	wantOK(t, err)
	elsewhere := func(o *cip.Options) { o.Region = "eu-west-1" }
	out, err := s.SDK.DescribeUserPoolDomain(t.Context(), &cip.DescribeUserPoolDomainInput{Domain: &prefix}, elsewhere)
	wantOK(t, err)
	if out.DomainDescription.Domain != nil {
		t.Errorf("described: %+v", out.DomainDescription)
	}
	_, err = s.SDK.DeleteUserPoolDomain(t.Context(), &cip.DeleteUserPoolDomainInput{UserPoolId: &pool, Domain: &prefix}, elsewhere)
	wantError(t, err, "InvalidParameterException", "No such domain or user pool exists.")
}
