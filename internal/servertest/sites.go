package servertest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cognate/internal/server"
)

// Trusted is an option that gives another server the certificates of s, so that
// clients of s trust both.
func (s *Server) Trusted(c *server.Config) { c.Authority = s.authority }

// ServeSite serves somebody else's site over TLS until the test ends: an
// application's, or a stranger's. host is a name of this machine, such as
// localhost or other.auth.localhost. Clients that trust the server trust the
// site. It gives the site's address without a slash at its end.
func (s *Server) ServeSite(t testing.TB, host string, handler http.Handler) (address string) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	site := httptest.NewUnstartedServer(handler)
	_ = site.Listener.Close()
	site.Listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.authority.GetCertificate})
	site.Start()
	t.Cleanup(site.Close)
	return "https://" + strings.Replace(listener.Addr().String(), "127.0.0.1", host, 1)
}
