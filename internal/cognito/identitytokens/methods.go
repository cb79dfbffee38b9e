package identitytokens

import "strings"

// The first member of amr.
const (
	authenticated   = "authenticated"
	unauthenticated = "unauthenticated"
)

// Login is how an identity has signed in, as amr tells it (identity-pools.md §C2).
type Login struct {
	provider, detail string
}

// UserPoolLogin is a login with a user pool, by its name
// cognito-idp.{region}.amazonaws.com/{id}, and the user's sub.
func UserPoolLogin(provider, sub string) Login {
	return Login{provider, provider + ":CognitoSignIn:" + sub}
}

// OIDCLogin is a login with an OpenID Connect provider of the account. Its key is
// the issuer without scheme, as in Logins.
func OIDCLogin(providerARN, sub string) Login {
	_, issuer, _ := strings.Cut(providerARN, ":oidc-provider/")
	return Login{issuer, providerARN + ":OIDC:" + sub}
}

// SAMLLogin is a login with a SAML provider of the account.
func SAMLLogin(providerARN, subject string) Login {
	return Login{providerARN, providerARN + ":SAML:" + subject}
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
