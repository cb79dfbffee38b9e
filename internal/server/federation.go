package server

import (
	"net/http"

	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/federation"
	"cognate/internal/cognito/limits"
	"cognate/internal/web/domainhost"
	"cognate/internal/web/federated"
	"cognate/internal/web/login"
)

// unopenedPerHour is how many assertions that cannot be decrypted are tried for a
// provider. Reading a block of AES-CBC by trial takes thousands.
const unopenedPerHour = 100

// federation is what the ways to identity providers and back need.
func (s *Server) federation(p *parts, decisions *authorization.Operations) federated.Config {
	return federated.Config{
		Now: s.cfg.Now, Log: s.cfg.Log, Directory: p.directory, Authorization: decisions, Sessions: p.browsers,
		Federation: &federation.Federation{DB: p.db, Now: s.cfg.Now, Triggers: p.triggers},
		SignIn:     p.operations, Asker: p.asker, SAML: p.saml, Reroute: s.reroute(),
		Unopened: &limits.Guesses{Now: s.cfg.Now, PerSource: unopenedPerHour},
		Cookies:  federated.Cookies{New: login.NewCookie},
		Began:    func(w http.ResponseWriter, r *http.Request) { login.SetXSRF(w, r); domainhost.SetHeaders(w.Header()) },
	}
}
