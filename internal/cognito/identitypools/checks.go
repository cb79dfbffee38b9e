package identitypools

import (
	"strings"

	"cognate/internal/api/identity"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/webidentity"
)

// Limits of a pool (spec/identity-pools.md A3).
const (
	maxTags      = 50
	maxUserPools = 50
)

// check refuses settings of a pool that mean nothing.
func (o *Operations) check(pool *identity.IdentityPool) error {
	if err := checkTags(pool.IdentityPoolTags); err != nil {
		return err
	}
	if err := checkSocial(pool.SupportedLoginProviders); err != nil {
		return err
	}
	if name := pool.DeveloperProviderName; name == identitytokens.Provider || webidentity.IsSocial(name) {
		return identity.InvalidParameterException("%s cannot be the name of a developer provider.", name)
	}
	if err := o.checkARNs(pool.OpenIdConnectProviderARNs, oidcKind); err != nil {
		return err
	}
	if err := checkNames(pool); err != nil {
		return err
	}
	if err := o.checkARNs(pool.SamlProviderARNs, samlKind); err != nil {
		return err
	}
	return o.checkUserPools(pool.CognitoIdentityProviders)
}

func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return identity.InvalidParameterException("An identity pool can have at most %d tags.", maxTags)
	}
	for key := range tags {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			return identity.InvalidParameterException("aws: prefixed tag key names are not allowed for external use.")
		}
	}
	return nil
}

func checkSocial(providers map[string]string) error {
	for name, appID := range providers {
		if !webidentity.IsSocial(name) {
			return identity.InvalidParameterException("%s is not a supported login provider.", name)
		}
		if name != webidentity.Twitter && name != webidentity.Digits {
			continue
		}
		if key, secret, ok := strings.Cut(appID, ";"); !ok || key == "" || secret == "" {
			return identity.InvalidParameterException("%s needs the consumer key and the consumer secret, with a semicolon between them.", name)
		}
	}
	return nil
}

// The kinds of providers in ARNs.
const (
	oidcKind = "oidc-provider"
	samlKind = "saml-provider"
)

// checkARNs refuses providers that cannot be of this installation. Whether they are
// there is looked up when somebody comes with their tokens.
func (o *Operations) checkARNs(arns []string, kind string) error {
	seen := make(map[string]bool, len(arns))
	for _, arn := range arns {
		if accountOf(arn, kind) != o.AccountID {
			return identity.InvalidParameterException("%s is not the ARN of a provider of this account.", arn)
		}
		if seen[arn] {
			return identity.InvalidParameterException("%s is given more than once.", arn)
		}
		seen[arn] = true
	}
	return nil
}

// checkNames refuses OIDC providers whose name in Logins means another provider of
// the pool: what one says of its users would count for those of the other.
func checkNames(pool *identity.IdentityPool) error {
	for _, arn := range pool.OpenIdConnectProviderARNs {
		name := oidcName(arn)
		if _, taken := pool.SupportedLoginProviders[name]; taken || name == pool.DeveloperProviderName {
			return identity.InvalidParameterException("%s names two providers of the identity pool.", name)
		}
	}
	return nil
}

// oidcName is what Logins call an OIDC provider: its issuer without scheme.
func oidcName(arn string) string {
	_, name, _ := strings.Cut(arn, ":"+oidcKind+"/")
	return name
}

// checkUserPools refuses entries that are no user pools with a client, by the form
// of both (recorded.md §2.6). As with AWS, neither needs to exist yet.
func (o *Operations) checkUserPools(entries []identity.CognitoIdentityProvider) error {
	names := make(map[string]bool)
	for _, e := range entries {
		name, ok := o.userPool(e.ProviderName)
		if !ok || e.ClientId == "" {
			return identity.InvalidParameterException("Invalid Cognito Identity Provider")
		}
		names[name] = true
	}
	if len(names) > maxUserPools {
		return identity.LimitExceededException("An identity pool can have at most %d user pools.", maxUserPools)
	}
	return nil
}

const (
	userPoolHost   = "cognito-idp."
	userPoolDomain = ".amazonaws.com/"
)

// userPool reads the name of a user pool, in the form in which clients make it or as
// the issuer of the pool's tokens without its scheme, and gives the first form
// (spec/identity-pools.md A4).
func (o *Operations) userPool(name string) (string, bool) {
	id := name[strings.LastIndexByte(name, '/')+1:]
	region, short, ok := strings.Cut(id, "_")
	if !ok || region == "" || short == "" {
		return "", false
	}
	canonical := userPoolHost + region + userPoolDomain + id
	return canonical, name == canonical || name == withoutScheme(o.UserPoolIssuer(id))
}

// poolIDOf gives the id of the user pool with a name that userPool gave.
func poolIDOf(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

func withoutScheme(issuer string) string {
	_, rest, _ := strings.Cut(issuer, "://")
	return rest
}
