package saml

import (
	"crypto/x509"
	"time"
)

// Metadata is what the metadata document of an identity provider says.
type Metadata struct {
	EntityID    string
	SSORedirect string // SingleSignOnService, redirect binding
	SLORedirect string // SingleLogoutService, redirect binding; may be empty
	// SLOResponse is where answers to the provider's logout requests go:
	// ResponseLocation, or SLORedirect.
	SLOResponse string
	Signing     []*x509.Certificate // at least one
	// WantsSigned says that the provider refuses AuthnRequests without signature.
	WantsSigned bool
	ValidUntil  time.Time // zero: not said
	// CacheDuration is how long the document may be kept; zero: not said.
	CacheDuration time.Duration
	// Loopback says that a location is plain http on a loopback name, which only
	// development mode may accept.
	Loopback bool
}

// ParseMetadata reads a metadata document, of at most MaxMetadata bytes, that is
// valid at now. The error is an *Error.
func ParseMetadata(document []byte, now time.Time) (*Metadata, error) {
	return nil, errNotBuilt
}

// CheckCertificates reports whether none of the certificates is valid at now:
// with such metadata no provider is created (federation.md §3.2). The error is an
// *Error.
func (m *Metadata) CheckCertificates(now time.Time) error { return errNotBuilt }
