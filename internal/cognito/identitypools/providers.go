package identitypools

import "cognate/internal/store"

// kind is what a provider's logins are checked by.
type kind uint8

const (
	byUserPool kind = iota + 1
	byOIDC
	bySAML
	bySocial
	byDeveloper
)

// provider is who may vouch for the identities of a pool.
type provider struct {
	kind kind
	// name is that of its logins.
	name string
	// claims names it in role mappings and in the maps of principal tags, which call
	// providers of the account by their ARNs.
	claims string

	appID   string          // of social providers
	clients map[string]bool // of user pools: whether their tokens are checked at the pool
}

// providersOf gives the providers of a pool by the keys that they have in Logins. A
// user pool can have two.
func (o *Operations) providersOf(pool *store.IdentityPool) map[string]*provider {
	settings := &pool.Settings.Pool
	all := make(map[string]*provider)
	if name := settings.DeveloperProviderName; name != "" {
		all[name] = &provider{kind: byDeveloper, name: name, claims: name}
	}
	for name, appID := range settings.SupportedLoginProviders {
		all[name] = &provider{kind: bySocial, name: name, claims: name, appID: appID}
	}
	for _, arn := range settings.SamlProviderARNs {
		all[arn] = &provider{kind: bySAML, name: arn, claims: arn}
	}
	for _, arn := range settings.OpenIdConnectProviderARNs {
		name := oidcName(arn)
		all[name] = &provider{kind: byOIDC, name: name, claims: arn}
	}
	for _, e := range settings.CognitoIdentityProviders {
		name, ok := o.userPool(e.ProviderName)
		if !ok {
			continue // of a time when the installation had another address
		}
		p := all[name]
		if p == nil {
			p = &provider{kind: byUserPool, name: name, claims: name, clients: make(map[string]bool)}
			all[name] = p
			all[withoutScheme(o.UserPoolIssuer(poolIDOf(name)))] = p
		}
		p.clients[e.ClientId] = p.clients[e.ClientId] || e.ServerSideTokenCheck != nil && *e.ServerSideTokenCheck
	}
	return all
}
