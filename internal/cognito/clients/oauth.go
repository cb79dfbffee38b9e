package clients

import (
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/idp"
	"cognate/internal/store"
)

// builtInScopes are those that need no resource server
// (spec/endpoints.md §3.4, spec/newest-features.md §11.2).
var builtInScopes = [...]string{
	"phone",
	"email",
	"openid",
	"profile",
	"aws.cognito.signin.user.admin",
	registerScope,
}

// registerScope lets its owner register clients.
const registerScope = "aws.cognito/dcr/register"

// ownDirectory is the name of the pool itself among identity providers.
const ownDirectory = "COGNITO"

// checkOAuth looks at grants and scopes. They may be set while OAuth is
// switched off for the client, and then wait for the switch.
func checkOAuth(s *subject) error {
	c := s.client
	machine := slices.Contains(c.AllowedOAuthFlows, api.OAuthFlowTypeClientCredentials)
	people := slices.Contains(c.AllowedOAuthFlows, api.OAuthFlowTypeCode) || slices.Contains(c.AllowedOAuthFlows, api.OAuthFlowTypeImplicit)
	switch {
	case *c.AllowedOAuthFlowsUserPoolClient && (c.AllowedOAuthFlows == nil || c.AllowedOAuthScopes == nil):
		return api.InvalidParameterException("AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.")
	case machine && people:
		return api.InvalidOAuthFlowException("client_credentials flow can not be selected along with code flow or implicit flow.")
	case machine && !s.confidential:
		return api.InvalidOAuthFlowException("client_credentials flow can not be selected if client does not have a client secret.")
	case people && c.CallbackURLs == nil:
		return api.InvalidParameterException("CallbackUrls can not be empty when code flow or implicit flow is selected")
	}
	for _, scope := range c.AllowedOAuthScopes {
		if !slices.Contains(builtInScopes[:], scope) && !directory.HasScope(s.servers, scope) {
			return api.ScopeDoesNotExistException("Invalid scope requested: %s", scope)
		}
	}
	return nil
}

// checkProviders takes the pool itself and the identity providers that it has.
func checkProviders(s *subject) error {
	for _, name := range s.client.SupportedIdentityProviders {
		if name != ownDirectory && !slices.ContainsFunc(s.providers, func(p *store.IdentityProvider) bool { return p.Name == name }) {
			return api.InvalidParameterException("The provider %s does not exist for User Pool %s.", name, s.pool.Id)
		}
	}
	names := s.client.SupportedIdentityProviders
	if slices.ContainsFunc(s.providers, func(p *store.IdentityProvider) bool { return slices.Contains(names, p.Name) && begins(p) }) &&
		!idp.OnlySAML(names, s.providers) {
		return api.InvalidParameterException("Identity provider initiated sign-in cannot be combined with identity providers other than SAML.")
	}
	return nil
}

// begins reports whether a provider may begin sign-ins by itself. Clients have no
// other providers beside it than those of SAML (federation.md §3.6).
func begins(p *store.IdentityProvider) bool { return p.Settings.Details[idp.IDPInit] == idp.True }
