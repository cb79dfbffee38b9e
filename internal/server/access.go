package server

import (
	"fmt"

	"cognate/internal/cognito/access"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/outbound/oidc"
)

// openAccess makes what knows who may do what.
func (s *Server) openAccess() (*access.Access, error) {
	a, err := access.New(access.Config{
		DB: s.db, Now: s.cfg.Now, AccountID: s.cfg.AccountID, Dev: s.cfg.Mode == Dev,
		Root: access.RootKey{ID: s.root.id, Secret: s.root.secret},
	})
	if err != nil {
		return nil, fmt.Errorf("open the access of callers: %w", err)
	}
	return a, nil
}

// outsideTokens makes what checks tokens that people bring from elsewhere.
func (p *parts) outsideTokens() *webidentity.Verifier {
	return &webidentity.Verifier{
		Now: p.cfg.Now, Pools: p.tokens, Keys: &oidc.KeySets{Client: p.asker}, Social: &oidc.AccessTokens{Client: p.asker},
		Endpoints: []string{p.cfg.PublicURL + "/"},
	}
}
