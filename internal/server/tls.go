package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/outbound/fetch"
	"cognate/internal/server/certificates"
	"cognate/internal/server/localca"
	"cognate/internal/server/tlsmux"
	"cognate/internal/web/domainhost"
)

// modernSuites are those of TLS 1.2 that encrypt and authenticate in one and
// keep past connections secret when a key is stolen. TLS 1.3 has no others.
var modernSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// certificateSource finds the certificate for a handshake.
type certificateSource func(*tls.ClientHelloInfo) (*tls.Certificate, error)

// openTLS prepares to speak TLS on the one port. Without certificates the port
// speaks plain HTTP only.
func (s *Server) openTLS(d *directory.Directory) error {
	if s.cfg.ACME.on() {
		s.acme = s.openACME(d)
	}
	source, err := s.certificateSource()
	if err != nil || source == nil {
		return err
	}
	s.tls = &tls.Config{
		MinVersion: tls.VersionTLS12, CipherSuites: modernSuites,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: source,
	}
	if s.acme != nil {
		s.tls.NextProtos = append(s.tls.NextProtos, certificates.ChallengeProtocol)
	}
	newest := s.tls.Clone()
	newest.MinVersion = tls.VersionTLS13
	s.tls.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		if wantsNewest(hello, d.Domain) {
			return newest, nil
		}
		return nil, nil // s.tls
	}
	return nil
}

// wantsNewest reports whether a client asks for a custom domain whose policy is
// TLS 1.3 only (newest-features.md §17). The older policies get what everybody
// gets.
func wantsNewest(hello *tls.ClientHelloInfo, find func(context.Context, string) (*directory.Domain, error)) bool {
	host := domainhost.HostName(hello.ServerName)
	if !strings.Contains(host, ".") || fetch.LoopbackName(host) {
		return false
	}
	d, err := find(hello.Context(), host)
	return err == nil && d.Custom() && d.Settings.Certificate != nil &&
		d.Settings.Certificate.SecurityPolicy == api.SecurityPolicyTypeTlsV132025
}

func (s *Server) certificateSource() (certificateSource, error) {
	switch {
	case s.cfg.Authority != nil:
		return s.cfg.Authority.GetCertificate, nil
	case s.cfg.Mode == Dev:
		authority, err := openAuthority(s.cfg)
		if err != nil {
			return nil, err
		}
		return authority.GetCertificate, nil
	case s.cfg.ownTLS():
		return s.operatorCertificates()
	}
	return nil, nil
}

// ownTLS reports whether serve ends TLS itself.
func (c Config) ownTLS() bool { return c.Mode == Serve && (len(c.Certificates) > 0 || c.ACME.on()) }

// openAuthority gives the local authority of dev. A server that keeps nothing
// uses the one in the data directory if there is one, which browsers may trust
// already, and else one that ends with the process. Certificates are judged by
// the clocks of clients, so the authority goes by the machine's own.
func openAuthority(cfg Config) (*localca.Authority, error) {
	if !cfg.Memory {
		return localca.OpenOrCreate(cfg.DataDir, cfg.TLSNames, time.Now)
	}
	authority, err := localca.Open(cfg.DataDir, cfg.TLSNames, time.Now)
	if errors.Is(err, fs.ErrNotExist) {
		return localca.New(cfg.TLSNames, time.Now)
	}
	return authority, err
}

// operatorCertificates are those of serve: files first, then an authority's.
func (s *Server) operatorCertificates() (certificateSource, error) {
	files, err := certificates.Load(s.cfg.Certificates, time.Now, s.cfg.Log)
	if err != nil {
		return nil, err
	}
	if len(s.cfg.Certificates) > 0 {
		s.metrics.watchCertificates(files.Expiry)
	}
	return func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		if s.acme != nil && certificates.IsChallenge(hello) {
			return s.acme.GetCertificate(hello)
		}
		if cert := files.Find(hello); cert != nil {
			return cert, nil
		}
		err := fmt.Errorf("no certificate for %q", hello.ServerName)
		if s.acme != nil {
			var cert *tls.Certificate
			if cert, err = s.acme.GetCertificate(hello); err == nil {
				return cert, nil
			}
		}
		if cert := files.First(); cert != nil {
			return cert, nil // the client tells its user what is wrong with it
		}
		return nil, err
	}, nil
}

// Secure gives a listener that speaks TLS beside plain HTTP where the settings
// have certificates, and l itself where they have none. Run and RunOn do it
// themselves.
func (s *Server) Secure(l net.Listener) net.Listener {
	if s.tls == nil {
		return l
	}
	return tlsmux.New(l, s.tls, s.cfg.HeaderTimeout)
}

// insistOnTLS sends browsers that come in the clear to https, and refuses
// everything else that does (security.md S194, no downgrade), where serve has
// certificates of its own. Programs on this machine may go on, and so may
// checks of health.
func (s *Server) insistOnTLS(next http.Handler) http.Handler {
	if !s.cfg.ownTLS() {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := s.cfg.origin(r)
		switch {
		case origin.TLS, origin.IP.IsLoopback(), strings.HasPrefix(r.URL.Path, "/health/"):
			next.ServeHTTP(w, r)
		case r.Method == http.MethodGet, r.Method == http.MethodHead:
			//nolint:gosec // the host is one of the installation's: others were refused before
			http.Redirect(w, r, "https://"+origin.Host+r.URL.RequestURI(), http.StatusPermanentRedirect)
		default:
			http.Error(w, "use https", http.StatusForbidden)
		}
	})
}
