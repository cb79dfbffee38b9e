package server

import (
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/web/federated"
	"cognate/internal/web/login"
	"cognate/internal/web/oauth"
	"cognate/internal/web/pages"
)

// pagesFiles is where the stylesheets and scripts of the pages are.
const pagesFiles = "/_pages/"

// domainDoors are what is served at the domains of pools: the OAuth endpoints, the
// pages and what they are made of.
func (s *Server) domainDoors(p *parts) (http.Handler, error) {
	decisions := p.operations.oauthOps
	renderer, err := pages.New(pages.Options{
		Style: p.styleOf,
		Image: p.imageOf,
		Log:   s.cfg.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	config := login.Config{
		DB: p.db, Now: s.cfg.Now, Log: s.cfg.Log, Directory: p.directory, Authorization: decisions, Sessions: p.browsers,
		SignIn: p.operations, Users: p.operations, Apps: p.operations, Passkeys: p.operations.passkeyOps,
		Looks: looks{p.styles}, Pages: renderer, CookieKey: p.db.Key("cookies of pages"),
	}
	if s.inbox != nil {
		config.Inbox = s.cfg.PublicURL + "/_cognate/inbox"
	}
	elsewhere := &federated.Doors{Config: s.federation(p, decisions)}
	config.SignOutThere = elsewhere.Logout
	signIn, err := login.New(config)
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	elsewhere.Fail = signIn.Fail
	mux := http.NewServeMux()
	elsewhere.Register(mux)
	endpoints := &oauth.Endpoints{
		Authorization: decisions, Sessions: p.browsers, Log: s.cfg.Log,
		XSRF:   func(w http.ResponseWriter, r *http.Request) { login.SetXSRF(w, r) },
		Depart: elsewhere.Depart,
		Limit:  p.limitGrant,
	}
	endpoints.Register(mux)
	mux.Handle("GET "+pagesFiles, renderer.Assets())
	mux.Handle("/", signIn)
	return s.identified(s.recorded(mux, p.limitPages(mux))), nil
}

// identified gives each request an id, which the answer names
// (endpoints.md §1), and the behaviour what it may know of the request.
func (s *Server) identified(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := &api.RequestInfo{RequestID: uuid.NewString(), Region: s.cfg.Region, UserAgent: r.UserAgent()}
		if from := s.cfg.origin(r); from.IP.IsValid() {
			info.SourceIP = from.IP.String()
		}
		w.Header().Set("X-Amz-Cognito-Request-Id", info.RequestID)
		next.ServeHTTP(w, r.WithContext(api.WithRequest(r.Context(), info)))
	})
}
