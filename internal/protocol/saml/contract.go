package saml

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"time"
)

var errNotBuilt = errors.New("saml: not built")

// NewAuthnRequest makes a request to sign in and the address that carries it to
// the provider. id is what the response has to be InResponseTo.
func NewAuthnRequest(sp ServiceProvider, md *Metadata, relayState string, now time.Time) (id, redirectURL string, err error) {
	return "", "", errNotBuilt
}

// ParseResponse reads the form field SAMLResponse. A refusal is an *Error.
func ParseResponse(raw string, e Expected) (*Assertion, error) { return nil, errNotBuilt }

// NewLogoutRequest makes a signed request to end a session.
func NewLogoutRequest(sp ServiceProvider, md *Metadata, s Subject, relayState string, now time.Time) (id, redirectURL string, err error) {
	return "", "", errNotBuilt
}

// ParseLogoutResponse reads the form field SAMLResponse of an answer to a
// LogoutRequest; e.InResponseTo is that request's id. A refusal is an *Error.
func ParseLogoutResponse(raw string, e Expected) error { return errNotBuilt }

// LogoutRequest is a provider's demand to end sessions of a user.
type LogoutRequest struct {
	ID     string // one use: the caller remembers it until NotOnOrAfter plus skew
	Issuer string
	Subject
	// SessionIndexes name the sessions; none means all of the user.
	SessionIndexes []string
	NotOnOrAfter   time.Time
}

// ParseLogoutRequest reads the form field SAMLRequest. A refusal is an *Error.
func ParseLogoutRequest(raw string, e Expected) (*LogoutRequest, error) { return nil, errNotBuilt }

// NewLogoutResponse makes the signed answer to a LogoutRequest.
func NewLogoutResponse(sp ServiceProvider, md *Metadata, inResponseTo, relayState string, now time.Time) (redirectURL string, err error) {
	return "", errNotBuilt
}

// NewCertificate signs a certificate for a key with that key (DER). It is valid
// for ten years; called again with the same key it renews the certificate.
func NewCertificate(key *rsa.PrivateKey, name string, now time.Time) ([]byte, error) {
	return nil, errNotBuilt
}

// Redirect is a message that came by the redirect binding.
type Redirect struct {
	Message    []byte // XML
	IsResponse bool
	RelayState string
	Signed     bool
}

// ReadRedirect reads the raw query of the redirect binding. With signers it has to
// be signed by one of them.
func ReadRedirect(rawQuery string, signers []*x509.Certificate) (*Redirect, error) {
	return nil, errNotBuilt
}
