package security_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/server"
	"cognate/internal/server/certificates"
	"cognate/internal/servertest"
)

// ownCertificate makes the files of an operator for a host.
func ownCertificate(t *testing.T, host string) (pair certificates.Pair, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pair = certificates.Pair{Cert: filepath.Join(dir, "tls.crt"), Key: filepath.Join(dir, "tls.key")}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	for path, text := range map[string][]byte{pair.Cert: text, pair.Key: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return pair, pool
}

// Both kinds of certificates, every version, and every suite that Go knows:
// what is not modern gets no connection.
func TestS194HandshakeMatrix(t *testing.T) {
	t.Parallel()
	pair, pool := ownCertificate(t, "id.example.com")
	own := servertest.Start(t, func(c *server.Config) {
		c.Authority, c.Certificates, c.PublicURL = nil, []certificates.Pair{pair}, "https://id.example.com"
	})
	local := servertest.Start(t)
	for _, side := range []struct {
		name, host string
		server     *servertest.Server
		pool       *x509.CertPool
	}{{"files", "id.example.com", own, pool}, {"local authority", "shop.auth.localhost", local, local.CertPool()}} {
		handshake := func(change func(*tls.Config)) (tls.ConnectionState, error) {
			settings := &tls.Config{ServerName: side.host, RootCAs: side.pool, NextProtos: []string{"h2", "http/1.1"}}
			change(settings)
			c, err := tls.Dial("tcp", strings.TrimPrefix(side.server.URL, "http://"), settings)
			if err != nil {
				return tls.ConnectionState{}, err
			}
			defer c.Close()
			return c.ConnectionState(), nil
		}
		for version, allowed := range map[uint16]bool{
			tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true,
		} {
			state, err := handshake(func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version })
			if (err == nil) != allowed || allowed && state.Version != version {
				t.Errorf("%s, %s: version %x, %v", side.name, tls.VersionName(version), state.Version, err)
			}
		}
		state, err := handshake(func(c *tls.Config) { c.MinVersion = tls.VersionTLS10 })
		if err != nil || state.Version != tls.VersionTLS13 || state.NegotiatedProtocol != "h2" {
			t.Errorf("%s: a client that can do all gets %x with %q, %v", side.name, state.Version, state.NegotiatedProtocol, err)
		}
		accepted := 0
		for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
			if !slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
				continue
			}
			modern := strings.HasPrefix(suite.Name, "TLS_ECDHE_") && (strings.Contains(suite.Name, "_GCM_") || strings.Contains(suite.Name, "_POLY1305"))
			_, err := handshake(func(c *tls.Config) { c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{suite.ID} })
			switch {
			case err == nil && !modern:
				t.Errorf("%s: %s is accepted", side.name, suite.Name)
			case err == nil:
				accepted++
			}
		}
		if accepted != 3 { // those for ECDSA keys
			t.Errorf("%s: %d modern suites of TLS 1.2 are accepted, want 3", side.name, accepted)
		}
	}
}

// Names that the local authority was not made for get no certificate, and one
// for another name is not taken.
func TestS194WrongNamesGetNoConnection(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	for _, name := range []string{"example.com", "localhost.example.com"} {
		_, err := tls.Dial("tcp", strings.TrimPrefix(s.URL, "http://"), &tls.Config{ServerName: name, RootCAs: s.CertPool()})
		if err == nil {
			t.Errorf("connected as %s", name)
		}
	}
}

// After a request over TLS the rest of the server knows that it was one, and
// no answer for this machine's names tells browsers to insist on it.
func TestS151HeadersOverTLS(t *testing.T) {
	t.Parallel()
	pair, pool := ownCertificate(t, "id.example.com")
	own := servertest.Start(t, func(c *server.Config) {
		c.Authority, c.Certificates, c.PublicURL = nil, []certificates.Pair{pair}, "https://id.example.com"
	})
	const insist = "max-age=31536000 ; includeSubDomains"
	outside := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(own.URL, "http://"))
		},
	}}
	for _, path := range []string{"/health/ready", "/nowhere", "/us-east-1_aaaaaaaaa/.well-known/jwks.json"} {
		if got := answerHeader(t, outside, "https://id.example.com"+path, "Strict-Transport-Security"); got != insist {
			t.Errorf("%s over TLS: %q, want %q", path, got, insist)
		}
		if got := answerHeader(t, outside, "http://id.example.com"+path, "Strict-Transport-Security"); got != "" {
			t.Errorf("%s in the clear: %q", path, got)
		}
		s := servertest.Shared(t)
		for _, base := range []string{s.HTTPS(), s.HTTPSAt("127.0.0.1"), s.HTTPSAt("shop.auth.localhost")} {
			if got := answerHeader(t, s.HTTP, base+path, "Strict-Transport-Security"); got != "" {
				t.Errorf("%s%s: %q", base, path, got)
			}
			if got := answerHeader(t, s.HTTP, base+path, "X-Content-Type-Options"); got != "nosniff" {
				t.Errorf("%s%s: %q", base, path, got)
			}
		}
	}
}

func answerHeader(t *testing.T, client *http.Client, url, name string) string {
	t.Helper()
	answer, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.Header.Get(name)
}

// A server with certificates answers other machines in the clear with nothing
// but the way to https; those behind a proxy that has TLS are not in the clear.
func TestS194NoDowngrade(t *testing.T) {
	t.Parallel()
	pair, _ := ownCertificate(t, "id.example.com")
	s := servertest.Start(t, func(c *server.Config) {
		c.Authority, c.Certificates, c.PublicURL = nil, []certificates.Pair{pair}, "https://id.example.com"
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, test := range []struct {
		name, method, path, proto, from string
		status                          int
		location                        string
	}{
		{"a browser", "GET", "/login?a=b&c=%2F", "http", "192.0.2.9", 308, "https://id.example.com/login?a=b&c=%2F"},
		{"a browser that says nothing of how", "GET", "//evil.example/", "", "192.0.2.9", 308, "https://id.example.com//evil.example/"},
		{"a form", "POST", "/login", "http", "192.0.2.9", 403, ""},
		{"the API", "POST", "/", "http", "192.0.2.9", 403, ""},
		{"over TLS", "GET", "/nowhere", "https", "192.0.2.9", 404, ""},
		{"a check of health", "GET", "/health/ready", "http", "192.0.2.9", 200, ""},
		{"this machine", "GET", "/nowhere", "", "", 404, ""},
	} {
		r, err := http.NewRequestWithContext(t.Context(), test.method, s.URL+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Host = "id.example.com"
		if test.proto != "" {
			r.Header.Set("X-Forwarded-Proto", test.proto)
		}
		if test.from != "" {
			r.Header.Set("X-Forwarded-For", test.from)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != test.status || answer.Header.Get("Location") != test.location {
			t.Errorf("%s: %d %q, want %d %q", test.name, answer.StatusCode, answer.Header.Get("Location"), test.status, test.location)
		}
	}
}

// A custom domain may ask for TLS 1.3 alone; the oldest policy does not bring
// back what nobody should speak.
func TestS194PolicyOfCustomDomains(t *testing.T) {
	t.Parallel()
	const newest, oldest = "newest.example.org", "oldest.example.org"
	first, firstPool := ownCertificate(t, newest)
	second, secondPool := ownCertificate(t, oldest)
	s := servertest.Start(t, func(c *server.Config) {
		c.Authority, c.Certificates, c.PublicURL = nil, []certificates.Pair{first, second}, "https://id.example.com"
	})
	for host, policy := range map[string]string{newest: "TLS_V1_3_2025", oldest: "TLS_V1"} {
		do(t, s, "CreateUserPoolDomain", doc{"UserPoolId": s.CreatePool(t, nil), "Domain": host, "CustomDomainConfig": doc{
			"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000", "SecurityPolicy": policy,
		}})
	}
	for _, test := range []struct {
		host    string
		pool    *x509.CertPool
		version uint16
		allowed bool
	}{
		{newest, firstPool, tls.VersionTLS12, false},
		{newest, firstPool, tls.VersionTLS13, true},
		{oldest, secondPool, tls.VersionTLS11, false},
		{oldest, secondPool, tls.VersionTLS12, true},
		{oldest, secondPool, tls.VersionTLS13, true},
	} {
		c, err := tls.Dial("tcp", strings.TrimPrefix(s.URL, "http://"), &tls.Config{
			ServerName: test.host, RootCAs: test.pool, MinVersion: test.version, MaxVersion: test.version,
		})
		if (err == nil) != test.allowed {
			t.Errorf("%s with %s: %v", test.host, tls.VersionName(test.version), err)
		}
		if err == nil {
			_ = c.Close()
		}
	}
}
