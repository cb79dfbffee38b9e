package identitytokens

import (
	"slices"
	"strings"
)

// The first member of amr.
const (
	authenticated   = "authenticated"
	unauthenticated = "unauthenticated"
)

// Login is how an identity has signed in, as amr tells it (identity-pools.md §C2).
type Login struct {
	provider, detail string
}

// What stands in the amr between a provider of the account and who somebody is there.
const (
	byOIDC = ":OIDC:"
	bySAML = ":SAML:"
)

// UserPoolLogin is a login with a user pool, by its name
// cognito-idp.{region}.amazonaws.com/{id}, and the user's sub.
func UserPoolLogin(provider, sub string) Login {
	return Login{provider, provider + ":CognitoSignIn:" + sub}
}

// OIDCLogin is a login with an OpenID Connect provider of the account. Its key is
// the issuer without scheme, as in Logins.
func OIDCLogin(providerARN, sub string) Login {
	_, issuer, _ := strings.Cut(providerARN, ":oidc-provider/")
	return Login{issuer, providerARN + byOIDC + sub}
}

// SAMLLogin is a login with a SAML provider of the account.
func SAMLLogin(providerARN, subject string) Login {
	return Login{providerARN, providerARN + bySAML + subject}
}

// SocialLogin is a login with a public provider, by its domain and the id of the app
// there.
func SocialLogin(domain, appID, subject string) Login {
	return Login{domain, domain + ":" + appID + ":" + subject}
}

// DeveloperLogin is a login that the operator's own server vouches for.
func DeveloperLogin(provider, poolID, userID string) Login {
	return Login{provider, provider + ":" + poolID + ":" + userID}
}

// Guest gives the amr of an identity without logins.
func Guest() []string { return []string{unauthenticated} }

// Authenticated gives the amr of an identity that has just shown these logins.
func Authenticated(logins ...Login) []string {
	methods := make([]string, 1, 1+2*len(logins))
	methods[0] = authenticated
	for _, l := range logins {
		methods = append(methods, l.provider, l.detail)
	}
	return methods
}

// AccountProviders gives the ARNs of the providers of the account that an amr names.
// Who somebody is there stands behind them and says nothing of providers.
func AccountProviders(methods []string) []string {
	const parts = 6 // arn:aws:iam::{account}:{resource}
	var arns []string
	for _, method := range methods {
		fields := strings.SplitN(method, ":", parts)
		if len(fields) < parts || fields[0] != "arn" {
			continue
		}
		var mark string
		switch kind, _, _ := strings.Cut(fields[parts-1], "/"); kind {
		case "oidc-provider":
			mark = byOIDC
		case "saml-provider":
			mark = bySAML
		default:
			continue
		}
		resource, _, marked := strings.Cut(fields[parts-1], mark)
		arn := strings.Join(append(fields[:parts-1:parts-1], resource), ":")
		if marked && !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	return arns
}
