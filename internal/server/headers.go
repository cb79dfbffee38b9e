package server

import (
	"net/http"
	"strings"

	"cognate/internal/outbound/fetch"
	"cognate/internal/web/awsapi"
	"cognate/internal/web/domainhost"
)

// withHeaders sets what every answer has.
func (s *Server) withHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff") // no answer of ours is to be guessed at
		if value := s.cfg.strictTransport(s.cfg.origin(r)); value != "" {
			w.Header().Set("Strict-Transport-Security", value)
		}
		next.ServeHTTP(w, r)
	})
}

// strictTransport is the value of Strict-Transport-Security for an answer, or
// empty where it must not be sent (endpoints.md §1, security.md S151): over
// plain HTTP, and for names of a developer's machine, because a browser would
// then refuse plain HTTP to every other program on it.
func (c Config) strictTransport(o awsapi.Origin) string {
	host := domainhost.HostName(o.Host)
	if !o.TLS || host == "" || fetch.LoopbackName(host) {
		return ""
	}
	for _, name := range c.TLSNames {
		if name = domainhost.HostName(name); host == name || strings.HasSuffix(host, "."+name) {
			return ""
		}
	}
	return "max-age=31536000 ; includeSubDomains"
}
