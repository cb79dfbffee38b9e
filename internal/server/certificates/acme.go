package certificates

import (
	"context"
	"crypto/tls"
	"net/http"
	"slices"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// DefaultDirectory is the authority that ACME certificates come from where the
// settings name none: Let's Encrypt.
const DefaultDirectory = autocert.DefaultACMEDirectory

// ACME gets certificates as they are asked for, and renews them 30 days before
// their end. It proves that a host is this server's by a certificate
// (TLS-ALPN-01, RFC 8737) or by a file (HTTP-01, RFC 8555 §8.3).
type ACME struct{ manager autocert.Manager }

// ACMESettings say where certificates come from and who gets them.
type ACMESettings struct {
	Directory string       // address of the authority's directory
	Email     string       // where it sends warnings; may be empty
	Client    *http.Client //nolint:forbidigo // one of internal/outbound, that reaches the authority
	Cache     autocert.Cache
	// Allow refuses hosts that are not this server's. Strangers ask for any.
	Allow func(ctx context.Context, host string) error
}

// NewACME makes an account at the authority when the first certificate is
// asked for, agreeing to its terms.
func NewACME(s ACMESettings) *ACME {
	return &ACME{autocert.Manager{
		Prompt: autocert.AcceptTOS, Cache: s.Cache, HostPolicy: s.Allow, Email: s.Email,
		Client: &acme.Client{DirectoryURL: s.Directory, HTTPClient: s.Client, UserAgent: "cognate"},
	}}
}

// GetCertificate gives the certificate for the name that a client asks for,
// which takes as long as the authority does when it is the first time.
func (a *ACME) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return a.manager.GetCertificate(hello)
}

// Handler answers the authority's questions over plain HTTP and leaves the rest
// to next.
func (a *ACME) Handler(next http.Handler) http.Handler { return a.manager.HTTPHandler(next) }

// ChallengeProtocol is what the authority's handshakes offer, and nothing else.
const ChallengeProtocol = acme.ALPNProto

// IsChallenge reports whether a handshake is the authority's question.
func IsChallenge(hello *tls.ClientHelloInfo) bool {
	return slices.Equal(hello.SupportedProtos, []string{ChallengeProtocol})
}
