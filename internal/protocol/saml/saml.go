package saml

import (
	"crypto/rsa"
	"errors"
	"slices"
	"time"
)

// Skew is the tolerance that federation.md §3.4 gives to the clocks of providers.
const Skew = time.Minute

// maxUnsolicited is the age at which an assertion that nobody asked for is too
// old (federation.md §3.6). The tolerance is part of it.
const maxUnsolicited = 6 * time.Minute

// ServiceProvider is a user pool as identity providers see it.
type ServiceProvider struct {
	EntityID string // also the audience: urn:amazon:cognito:sp:<pool id>
	ACS      string // where responses are posted to
	// OtherNames are audiences that count as EntityID does, OtherACS addresses that
	// count as ACS does.
	OtherNames, OtherACS []string
	SLO                  string // where logout messages are posted to

	// SigningKey signs what is sent. Logout messages are always signed,
	// AuthnRequests if SignRequests is set.
	SigningKey   *rsa.PrivateKey
	SignRequests bool

	// EncryptionKey opens assertions. With RequireEncrypted every assertion has to
	// be encrypted, without it none may be.
	EncryptionKey    *rsa.PrivateKey
	RequireEncrypted bool

	// Skew is how far the clocks may differ.
	Skew time.Duration
}

func (sp *ServiceProvider) isNamed(audience string) bool {
	return audience == sp.EntityID || slices.Contains(sp.OtherNames, audience)
}

func (sp *ServiceProvider) isAt(address string) bool {
	return address == sp.ACS || slices.Contains(sp.OtherACS, address)
}

// Expected is what a message has to fit.
type Expected struct {
	SP       ServiceProvider
	Metadata *Metadata
	// InResponseTo is the id of the request that the message answers. Empty says
	// that there was none: ParseResponse then takes a response that the provider
	// sent by itself, and no other.
	InResponseTo string
	// AnyRequest leaves open whether there was a request, and which: responses are
	// then handed over by somebody who did not make it.
	AnyRequest bool
	Now        time.Time
	// OnlySigned has assertions decrypted only where the response around them is
	// signed, so that nobody else learns anything by trying.
	OnlySigned bool
}

// Subject is whom a provider calls by which name, in which session.
type Subject struct {
	NameID          string
	NameIDFormat    string // urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified if the provider says nothing
	NameQualifier   string
	SPNameQualifier string
	SessionIndex    string // of the first AuthnStatement
}

// Assertion is what a provider says about a user. All of it was signed.
type Assertion struct {
	ID     string
	Issuer string
	Subject
	// Attributes are the values by Attribute/@Name, in the order of the document.
	// An attribute that was sent without a value is there with none.
	Attributes   map[string][]string
	AuthnContext string // AuthnContextClassRef of the first AuthnStatement
	// SessionNotOnOrAfter is when the provider wants sessions to end, by the first
	// AuthnStatement; zero: not said.
	SessionNotOnOrAfter time.Time
	Recipient           string // of the confirmation that was accepted
	IssuedAt            time.Time
	// NotOnOrAfter ends the validity. The assertion has to be remembered as used
	// until then plus ServiceProvider.Skew.
	NotOnOrAfter time.Time
}

// Causes of an Error that callers tell apart.
var (
	ErrEnded    = errors.New("its time is over")
	ErrAudience = errors.New("it is for another audience")
	ErrFailed   = errors.New("provider answered that it failed")
)

// Error is a message that is refused. Any other error of this package is ours.
type Error struct {
	// Reason is for the user and the app, after "Invalid SAML response received: "
	// (federation.md §9). Some of it may be the provider's words, bounded.
	Reason string
	// Err is for the log. It is nil where telling more would help to open what is
	// encrypted.
	Err error
	// Unopened says that there was an encrypted assertion which could not be opened.
	// Callers bound how often (dependencies.md §4).
	Unopened bool
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "saml: " + e.Reason
	}
	return "saml: " + e.Reason + " " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }
