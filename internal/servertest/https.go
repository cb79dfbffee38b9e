package servertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognate/internal/outbound/fetch"
)

// HTTPS is the server's address over TLS, by the name localhost: the port of
// URL, which tells both apart. Server.HTTP trusts it. Other clients trust it by
//   - CertPool, in Go;
//   - RootFile, for programs that read a file: NODE_EXTRA_CA_CERTS of Node,
//     curl --cacert, and their kind;
//   - the flag --ignore-certificate-errors-spki-list with KeyHash, for Chromium,
//     which wants --user-data-dir beside it. A certificate for another server
//     stays an error, as in life.
func (s *Server) HTTPS() string { return s.HTTPSAt("localhost") }

// HTTPSAt is the server's address over TLS by another name of this machine,
// such as shop.auth.localhost. Server.HTTP and Chromium find it; other programs
// may need to be told that it is 127.0.0.1.
func (s *Server) HTTPSAt(host string) string {
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "http://"))
	return "https://" + net.JoinHostPort(host, port)
}

// CertPool trusts the server's certificates.
func (s *Server) CertPool() *x509.CertPool { return s.authority.Pool() }

// KeyHash names the server's certificates to Chromium, see HTTPS.
func (s *Server) KeyHash() string { return s.authority.KeyHash() }

// RootFile writes what trusts the server's certificates into a file in PEM.
func (s *Server) RootFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "root.pem")
	if err := os.WriteFile(path, s.authority.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// transport finds every name of this machine and trusts the server.
func (s *Server) transport() *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 64,
		TLSClientConfig:     &tls.Config{RootCAs: s.CertPool()},
		ForceAttemptHTTP2:   true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			if host, port, err := net.SplitHostPort(address); err == nil && fetch.LoopbackName(host) && net.ParseIP(host) == nil {
				address = net.JoinHostPort("127.0.0.1", port)
			}
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
}
