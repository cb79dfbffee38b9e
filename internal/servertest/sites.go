package servertest

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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
	listener, err := s.sites.listen()
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

// sites remembers where sites have been. A server whose clock stands still takes
// what a site said as news forever, so no other site comes to the same address.
type sites struct {
	mu   sync.Mutex
	seen map[string]bool
}

// listen listens where no site has been.
func (s *sites) listen() (net.Listener, error) {
	for {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("listen for a site: %w", err)
		}
		if s.first(listener.Addr().String()) {
			return listener, nil
		}
		defer listener.Close() // held until another was found, or it would come again
	}
}

func (s *sites) first(address string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil {
		s.seen = make(map[string]bool)
	}
	known := s.seen[address]
	s.seen[address] = true
	return !known
}
