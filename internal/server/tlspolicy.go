package server

import (
	"crypto/tls"
	"net/http"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/web/domainhost"
)

// keepTLSPolicies lets handshakes for custom domains whose SecurityPolicy is
// TLS_V1_3_2025 end in nothing less (spec/newest-features.md §17). The other
// policies are what the port speaks anyway. It comes before the first
// connection.
func (s *Server) keepTLSPolicies(p *parts) {
	if s.tls == nil {
		return
	}
	names := s.cfg.hostNames()
	strict := s.tls.Clone()
	strict.MinVersion = tls.VersionTLS13
	s.tls.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		host := domainhost.HostName(hello.ServerName)
		if host == "" || names.reserved(host) {
			return nil, nil //nolint:nilnil // the usual settings
		}
		d, err := p.directory.Domain(hello.Context(), host)
		if err != nil || !wantsTLS13(d) { // the request says why there is no domain
			return nil, nil //nolint:nilnil // the usual settings
		}
		return strict, nil
	}
}

// keepTLSPolicy refuses requests for such a domain that came by a connection
// made for another name.
func keepTLSPolicy(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		site := domainhost.From(r.Context())
		if r.TLS != nil && r.TLS.Version < tls.VersionTLS13 && wantsTLS13(site.Domain) {
			http.Error(w, "use TLS 1.3", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func wantsTLS13(d *directory.Domain) bool {
	c := d.Settings.Certificate
	return c != nil && c.SecurityPolicy == api.SecurityPolicyTypeTlsV132025
}
