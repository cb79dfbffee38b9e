package rolechoice

import (
	"maps"
	"slices"
	"strings"
)

// The claims in which user pools tell the roles of a user's groups, and the
// attributes of SAML assertions that this package reads.
const (
	claimRoles     = "cognito:roles"
	claimPreferred = "cognito:preferred_role"

	samlRole = "https://aws.amazon.com/SAML/Attributes/Role"
	samlID   = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"
	samlName = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
)

// Login is what a provider says of a caller: the outcome of checking a token.
// The functions below make one for each kind of provider.
type Login struct {
	// Provider names the provider in maps of principal tags.
	Provider string
	// Mapping is the provider's key among the role mappings of a pool.
	Mapping string

	claims    map[string]any
	roles     []string // those that the token itself grants
	preferred string
	saml      bool
}

// UserPool is a login with the ID token of a user pool. The provider is the
// name by which clients know the pool, cognito-idp.{region}.amazonaws.com/{id}.
func UserPool(provider, clientID string, claims map[string]any) Login {
	l := Login{Provider: provider, Mapping: provider + ":" + clientID, claims: claims, roles: texts(claims[claimRoles])}
	if preferred := texts(claims[claimPreferred]); len(preferred) == 1 {
		l.preferred = preferred[0]
	}
	return l
}

// OIDC is a login with the ID token of an OpenID Connect provider of the account.
// What such a provider says of roles counts only by the rules of the pool.
func OIDC(providerARN string, claims map[string]any) Login {
	return Login{Provider: providerARN, Mapping: providerARN, claims: claims}
}

// SAML is a login with an assertion. The subject is its NameID.
func SAML(providerARN, subject string, attributes map[string]any) Login {
	l := Login{Provider: providerARN, Mapping: providerARN, claims: make(map[string]any, len(attributes)+1), saml: true}
	l.claims[samlID] = subject
	maps.Copy(l.claims, attributes)
	for _, pair := range texts(attributes[samlRole]) {
		if role, ok := roleOf(pair, providerARN); ok && !slices.Contains(l.roles, role) {
			l.roles = append(l.roles, role)
		}
	}
	return l
}

// roleOf reads "role,provider" in either order. Pairs for other providers are
// no business of this one.
func roleOf(pair, providerARN string) (string, bool) {
	first, second, ok := strings.Cut(pair, ",")
	first, second = strings.TrimSpace(first), strings.TrimSpace(second)
	switch {
	case !ok:
		return "", false
	case second == providerARN:
		return first, first != ""
	case first == providerARN:
		return second, second != ""
	}
	return "", false
}

// Social is a login with a token of one of the public providers, by its domain.
// Of Facebook and Amazon the pool sees who the user is, and no profile.
func Social(domain string, claims map[string]any) Login {
	l := Login{Provider: domain, Mapping: domain, claims: claims}
	if domain == "graph.facebook.com" || domain == "www.amazon.com" {
		l.claims = make(map[string]any, 3)
		for _, name := range []string{"iss", "aud", "sub"} {
			if value, ok := claims[name]; ok {
				l.claims[name] = value
			}
		}
	}
	return l
}
