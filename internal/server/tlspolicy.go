package server

import (
	"crypto/tls"
	"net/http"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/web/domainhost"
)

// keepTLSPolicy refuses requests for a custom domain whose SecurityPolicy is
// TLS_V1_3_2025 that came by less: by a connection made for another name,
// because handshakes for its own are refused (spec/newest-features.md §17).
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
