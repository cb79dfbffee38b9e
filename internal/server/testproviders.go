package server

import (
	"net/http"

	"cognate/internal/outbound/oidc"
	"cognate/internal/web/control"
	"cognate/internal/web/testidp"
)

// mountTestProviders puts the identity providers of dev on mux.
func (s *Server) mountTestProviders(mux *http.ServeMux) {
	s.testProviders = testidp.New(testidp.Config{PublicURL: s.cfg.PublicURL, Now: s.cfg.Now, Pools: s.service})
	hosts := s.cfg.hosts()
	admit := control.Admit(hosts...)
	s.testProviders.Register(mux,
		func(next http.HandlerFunc) http.Handler { return control.Page(next, hosts...) },
		func(next http.HandlerFunc) http.Handler { return admit("", next) })
}

// reroute has social providers asked elsewhere: those that are test providers here,
// in dev, and the others at the addresses of the settings. It is nil where all of
// them are the real ones.
func (s *Server) reroute() func(*oidc.Settings) {
	if s.testProviders == nil && len(s.cfg.ProviderURLs) == 0 {
		return nil
	}
	return func(settings *oidc.Settings) {
		if s.testProviders != nil && settings.ClientID == testidp.ClientID {
			s.testProviders.Reroute(settings)
			return
		}
		if base := s.cfg.ProviderURLs[settings.Type]; base != "" {
			settings.MoveTo(base)
		}
	}
}
