package testidp

import "slices"

// Failure is a way in which a provider misbehaves; empty: it does not.
type Failure string

// The failures (federation.md §11).
const (
	Denied          Failure = "denied"
	NoEmail         Failure = "no-email"
	UnverifiedEmail Failure = "unverified-email"
	OtherSubject    Failure = "other-subject"
	Expired         Failure = "expired"
	NotYetValid     Failure = "not-yet-valid"
	WrongAudience   Failure = "wrong-audience"
	WrongIssuer     Failure = "wrong-issuer"
	WrongNonce      Failure = "wrong-nonce"
	WrongRequest    Failure = "wrong-in-response-to"
	WrongRecipient  Failure = "wrong-recipient"
	BadSignature    Failure = "bad-signature"
	NoSignature     Failure = "no-signature"
	UnknownKey      Failure = "unknown-kid"
	RotatedKey      Failure = "rotated-key"
	Replayed        Failure = "replayed-assertion"
	Slow            Failure = "slow"
	Hang            Failure = "hang"
	ServerError     Failure = "500"
	NotJSON         Failure = "not-json"
	Huge            Failure = "1gb"
)

// ofTokens and ofAssertions are the failures that make sense for a kind.
var (
	always       = []Failure{Denied, NoEmail, UnverifiedEmail, OtherSubject}
	ofTokens     = []Failure{Expired, NotYetValid, WrongAudience, WrongIssuer, WrongNonce, BadSignature, NoSignature, UnknownKey, RotatedKey}
	ofCalls      = []Failure{Slow, Hang, ServerError, NotJSON, Huge}
	ofAssertions = []Failure{Expired, NotYetValid, WrongAudience, WrongIssuer, WrongRequest, WrongRecipient, BadSignature, NoSignature, UnknownKey, RotatedKey, Replayed}
)

// Failures are those that a kind can be told to have.
func (k Kind) Failures() []Failure {
	switch k {
	case SAML:
		return slices.Concat(always, ofAssertions)
	case Facebook, Amazon: // they give no ID token
		return slices.Concat(always, ofCalls)
	default:
		return slices.Concat(always, ofTokens, ofCalls)
	}
}

// label is what people read.
func (f Failure) label() string {
	return map[Failure]string{
		Denied: "The user refuses", NoEmail: "No e-mail address", UnverifiedEmail: "Unverified e-mail address",
		OtherSubject: "Another subject for the same e-mail address", Expired: "Expired", NotYetValid: "Not yet valid",
		WrongAudience: "Wrong audience", WrongIssuer: "Wrong issuer", WrongNonce: "Wrong nonce", WrongRequest: "Wrong InResponseTo",
		WrongRecipient: "Wrong recipient", BadSignature: "Bad signature", NoSignature: "No signature", UnknownKey: "Unknown key",
		RotatedKey: "Key rotated meanwhile", Replayed: "Replayed assertion", Slow: "Slow: 6 seconds", Hang: "Hangs",
		ServerError: "Status 500", NotJSON: "Not JSON", Huge: "1 GB",
	}[f]
}
