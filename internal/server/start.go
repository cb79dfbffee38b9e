package server

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"cognate/internal/web/control"
	"cognate/internal/web/start"
)

// mountStart puts the start page of dev on mux.
func (s *Server) mountStart(mux *http.ServeMux) {
	pages := &start.Start{Facts: s.facts, Post: s.postForm, Providers: s.sampleProviders, Attach: s.attachProviders}
	hosts := s.cfg.hosts()
	pages.Register(mux, func(next http.HandlerFunc) http.Handler { return control.Page(next, hosts...) },
		func(next http.HandlerFunc) http.Handler { return control.Change(next, hosts...) })
}

func (s *Server) facts() start.Facts {
	f := start.Facts{Endpoint: s.cfg.PublicURL, Region: s.cfg.Region}
	sample := s.sample.Load()
	if sample == nil {
		return f
	}
	f.UserPoolID, f.ClientID, f.Username, f.Password = sample.UserPoolID, sample.ClientID, sample.Username, sample.Password
	f.Issuer, f.Domain, f.IdentityPoolID = sample.Issuer, sample.Domain, sample.IdentityPoolID
	if u, err := url.Parse(f.Domain); err == nil {
		f.DomainHost = u.Host
	}
	return f
}

// postForm sends a form to this server as if it came over the network from
// where r came.
func (s *Server) postForm(r *http.Request, address, form string) (int, []byte) {
	post, err := http.NewRequestWithContext(r.Context(), http.MethodPost, address, strings.NewReader(form))
	if err != nil {
		return http.StatusInternalServerError, []byte(err.Error())
	}
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	post.RemoteAddr, post.TLS = r.RemoteAddr, r.TLS
	answer := &kept{header: http.Header{}, status: http.StatusOK}
	s.handler.ServeHTTP(answer, post)
	return answer.status, answer.body.Bytes()
}

// kept is an answer that stays in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) WriteHeader(status int)      { k.status = status }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }
