package server

import (
	"fmt"
	"net/http"

	"cognate/internal/api"
	stsapi "cognate/internal/api/sts"
	"cognate/internal/cognito/sts"
	"cognate/internal/cognito/webidentity"
	"cognate/internal/outbound/oidc"
	"cognate/internal/outbound/remotests"
	"cognate/internal/store"
	stsdoor "cognate/internal/web/stsapi"
)

// stsService is the whole API of STS, made as service is. The door knows only the
// operations that are built.
type stsService struct {
	*sts.Operations
	laterSTS
}

type laterSTS struct{ stsapi.Unimplemented }

var _ stsapi.Service = (*stsService)(nil)

// socialNames are the social providers as identity pools name them.
var socialNames = map[api.IdentityProviderTypeType]string{
	api.IdentityProviderTypeTypeGoogle: webidentity.Google, api.IdentityProviderTypeTypeSignInWithApple: webidentity.Apple,
	api.IdentityProviderTypeTypeFacebook: webidentity.Facebook, api.IdentityProviderTypeTypeLoginWithAmazon: webidentity.Amazon,
	"Twitter": webidentity.Twitter, "Digits": webidentity.Digits,
}

// outsideTokens makes what checks tokens from elsewhere.
func (p *parts) outsideTokens() *webidentity.Verifier {
	social := &oidc.AccessTokens{Client: p.asker, Elsewhere: make(map[string]string)}
	for kind, address := range p.cfg.ProviderURLs {
		social.Elsewhere[socialNames[kind]] = address
	}
	return &webidentity.Verifier{
		Now: p.cfg.Now, Pools: p.tokens, Keys: &oidc.KeySets{Client: p.asker}, Social: social,
		Endpoints: []string{p.cfg.PublicURL, p.cfg.PublicURL + "/"},
	}
}

// remoteSTS gives the service elsewhere that the settings name, or nil.
func (c Config) remoteSTS() (*remotests.Client, error) {
	if c.STSURL == "" {
		return nil, nil //nolint:nilnil // there need not be one
	}
	client, err := remotests.Parse(c.STSURL, c.Region)
	if err != nil {
		return nil, fmt.Errorf("sts-url: %w", err)
	}
	client.InWrite = store.InWrite
	return client, nil
}

// withQueries sends requests of the query protocol to the door of STS, and all others
// to next.
func (s *Server) withQueries(p *parts, next http.Handler) (http.Handler, error) {
	door, err := stsdoor.New(stsdoor.Config{
		Service: &stsService{Operations: &sts.Operations{
			DB: p.db, Access: p.access, Verifier: p.outside, Identities: p.identities, Now: s.cfg.Now, AccountID: s.cfg.AccountID,
		}},
		Callers: p.access, Region: s.cfg.Region, Now: s.cfg.Now, Log: s.cfg.Log,
		AcceptAnyCredentials: s.cfg.Mode == Dev, Origin: s.cfg.origin, Observe: s.metrics.observe,
		Limit: p.limitAPI,
	})
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" && stsdoor.IsQuery(r) {
			door.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}), nil
}
