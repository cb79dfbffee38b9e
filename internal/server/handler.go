package server

import (
	"net/http"

	"cognate/internal/web/assets"
	"cognate/internal/web/awsapi"
	"cognate/internal/web/control"
	"cognate/internal/web/oauth"
)

// mount puts the doors on the one port.
func (s *Server) mount(p *parts) (http.Handler, error) {
	aws, err := awsapi.New(awsapi.Config{
		Services: []awsapi.Service{awsapi.UserPools(s.service), awsapi.IdentityPools(s.identities)},
		Region:   s.cfg.Region, AccountID: s.cfg.AccountID, Now: s.cfg.Now, Log: s.cfg.Log,
		AcceptAnyCredentials: s.cfg.Mode == Dev,
		Access:               p.access,
		Resources:            resources{p.db, p.directory},
		Origin:               s.cfg.origin,
		Limit:                p.limitAPI,
		Observe:              s.metrics.observe,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("POST /{$}", patient(s.withDecrypt(aws)))
	mux.Handle("OPTIONS /{$}", aws)
	mux.HandleFunc("GET /health/live", s.live)
	mux.HandleFunc("GET /health/ready", s.ready)
	documents := &oauth.WellKnown{
		KeySet:     p.tokens.KeySet,
		Issuer:     s.cfg.issuer,
		PublicBase: func(poolID string) string { return s.cfg.PublicURL + "/" + poolID },
		Domain:     s.discoveredDomain(p),
		Log:        s.cfg.Log,
	}
	documents.Register(mux)
	if err := p.identityIssuer(mux); err != nil {
		return nil, err
	}
	p.feedbackPage().Register(mux)
	images := &assets.Images{Find: p.styles.Asset, Log: s.cfg.Log}
	images.Register(mux)
	p.takeUploads(mux)
	if s.inbox != nil {
		control.Register(mux, s.inbox, s.cfg.hosts()...)
		control.RegisterFunctions(mux, control.Functions{Journal: s.journal, Try: p.tryFunction, Secrets: s.secrets.shownTo}, s.cfg.hosts()...)
		s.mountTestProviders(mux)
		s.mountStart(mux)
		p.signingKeys().Register(mux, control.Admit(s.cfg.hosts()...))
		p.moving(aws).Register(mux, p.longer(control.Admit(s.cfg.hosts()...)))
		control.Access{Access: p.access, Nobody: p.access.Unchecked(""), Log: s.cfg.Log}.Register(mux, control.Admit(s.cfg.hosts()...))
	} else {
		control.RegisterForOperators(mux, control.Functions{Journal: s.journal, Try: p.tryFunction}, s.forOperators(aws))
		p.signingKeys().Register(mux, s.forOperators(aws))
		p.moving(aws).Register(mux, p.longer(s.forOperators(aws)))
		control.Access{Access: p.access, Log: s.cfg.Log}.Register(mux, s.forOperators(aws))
	}
	domains, err := s.domainDoors(p)
	if err != nil {
		return nil, err
	}
	own, err := s.withQueries(p, mux)
	if err != nil {
		return nil, err
	}
	return s.counted(s.withHeaders(s.answerChallenges(s.byDomain(p, domains, own)))), nil
}
