package server

import (
	"context"
	"slices"

	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/idp"
	"cognate/internal/outbound/fetch"
	"cognate/internal/outbound/oidc"
	"cognate/internal/web/testidp"
)

// metadataTypes are the media types that metadata of SAML is published as.
const metadataTypes = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.1"

// identityProviders gives what asks the identity providers of pools, and keeps what
// is known of those of SAML. Dev asks those on this machine as well, over plain HTTP.
func (s *Server) identityProviders() (*oidc.Client, *idp.SAML) {
	dev := s.cfg.Mode == Dev
	policy := fetch.Policy{Allow: slices.Clip(s.cfg.AllowNetworks), Roots: s.cfg.ProviderRoots, Timeout: s.cfg.ProviderTime}
	if dev {
		policy.Allow = append(policy.Allow, fetch.Loopback...)
	}
	asker := oidc.New(policy, dev, s.cfg.Now)
	asker.Route = s.cfg.testProviderRoute()
	return asker, &idp.SAML{
		DB: s.db, Now: s.cfg.Now, Keys: s.cfg.Keys, Plain: dev, Log: s.cfg.Log, Audit: audit.Trail{Log: s.cfg.Log},
		Fetch: func(ctx context.Context, address string) ([]byte, error) {
			return asker.Document(ctx, address, metadataTypes)
		},
	}
}

// testClient is the client id of social providers that dev plays itself.
func (c Config) testClient() string {
	if c.Mode == Dev {
		return testidp.ClientID
	}
	return ""
}
