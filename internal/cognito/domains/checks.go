package domains

import (
	"context"
	"regexp"
	"strings"

	"cognate/internal/api"
	"cognate/internal/store"
)

// The values of ManagedLoginVersion.
const (
	classic      int32 = 1
	managedLogin int32 = 2
)

var (
	prefixForm = regexp.MustCompile(`^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$`)
	// hostForm wants two labels or more, and a letter in the last one: an
	// address is no name.
	hostForm = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*$`)
	// certificateForm is a certificate in the only Region that serves custom domains.
	certificateForm = regexp.MustCompile(`^arn:aws[a-z-]*:acm:us-east-1:\d{12}:certificate/[\w-]+$`)
)

// reservedWords must not be in a prefix, not even inside a longer word.
var reservedWords = [...]string{"aws", "amazon", "cognito"}

// checkName looks at a new domain: a host name when it comes with a
// configuration, else a prefix (spec/endpoints.md §2). It may ask the name
// system, so it comes before the transaction.
func (o *Operations) checkName(ctx context.Context, name string, config *api.CustomDomainConfigType) error {
	if config == nil {
		return checkPrefix(name)
	}
	if !hostForm.MatchString(name) || strings.HasSuffix(name, "-") {
		return api.InvalidParameterException("Custom domain is not a valid subdomain: it has to be a host name in lower case below a top-level domain.")
	}
	if o.Ours(name) {
		return api.InvalidParameterException("Custom domain is not a valid subdomain: the name belongs to this installation.")
	}
	if err := checkCertificate(config); err != nil {
		return err
	}
	_, parent, _ := strings.Cut(name, ".")
	if o.Resolve != nil && !o.Resolve(ctx, parent) {
		return api.InvalidParameterException("Custom domain is not a valid subdomain: Was not able to resolve the root domain, please ensure an A record exists for the root domain.")
	}
	return nil
}

func checkPrefix(name string) error {
	if !prefixForm.MatchString(name) {
		return api.InvalidParameterException(`The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens. Please enter a different name that follows this format: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`)
	}
	for _, word := range reservedWords {
		if strings.Contains(name, word) {
			return api.InvalidParameterException("Domain cannot contain reserved word: %s", word)
		}
	}
	return nil
}

// checkCertificate looks at the form only: which certificate the name gets is
// a setting of the server.
func checkCertificate(config *api.CustomDomainConfigType) error {
	if !certificateForm.MatchString(config.CertificateArn) {
		return api.InvalidParameterException("Invalid request provided: The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.")
	}
	return nil
}

// configured fills in the policy that counts when none is given.
func configured(config *api.CustomDomainConfigType) *api.CustomDomainConfigType {
	c := *config
	if c.SecurityPolicy == "" {
		c.SecurityPolicy = api.SecurityPolicyTypeTlsV122021
	}
	return &c
}

// version gives the version of the pages: the one asked for, or the one that
// counts without. The plan has to have managed login.
func version(asked *int32, otherwise int32, pool *store.Pool) (int32, error) {
	if asked == nil {
		return otherwise, nil
	}
	switch {
	case *asked != classic && *asked != managedLogin:
		return 0, api.InvalidParameterException("ManagedLoginVersion must be 1 or 2.")
	case *asked == managedLogin && pool.Settings.Pool.UserPoolTier == api.UserPoolTierTypeLite:
		return 0, api.FeatureUnavailableInTierException("The following features need to be disabled for the LITE pricing tier configured: Managed Login")
	default:
		return *asked, nil
	}
}

// routing makes an empty routing an absent one.
func routing(given *api.RoutingType) *api.RoutingType {
	if given == nil || given.Failover == nil {
		return nil
	}
	return given
}
