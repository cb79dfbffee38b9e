package webidentity

import (
	"errors"
	"fmt"
	"time"

	"cognate/internal/outbound/oidc"
	"cognate/internal/protocol/jwt"
)

// Kind says why something is refused.
type Kind uint8

// The kinds of refusals.
const (
	Malformed     Kind = iota + 1 // not a token of the form expected
	BadSignature                  // not signed by a key that the provider has
	BadTime                       // from the future, or without the times it needs
	Expired                       // with Error.Now and Error.Expires
	WrongIssuer                   // of another provider
	MissingClaim                  // without what Error.Claim names
	WrongAudience                 // for an app that is not welcome
	Inactive                      // the sign-in it is from has been ended
	Rejected                      // the provider does not know it
	Unreachable                   // the provider could not be asked
)

var kindTexts = map[Kind]string{ //nolint:gochecknoglobals // a table
	Malformed: "not a token of the form expected", BadSignature: "not signed by a key of the provider",
	BadTime: "not valid at this time", Expired: "expired", WrongIssuer: "of another issuer", MissingClaim: "without a claim",
	WrongAudience: "for another audience", Inactive: "of a sign-in that was ended", Rejected: "not accepted by the provider",
	Unreachable: "of a provider that cannot be asked",
}

// Error is the refusal of a token.
type Error struct {
	Kind         Kind
	Claim        string    // of MissingClaim
	Now, Expires time.Time // of Expired; of SAML responses Expires is zero
	Err          error     // for the log, may be nil
}

func (e *Error) Error() string {
	text := "token is " + kindTexts[e.Kind]
	if e.Claim != "" {
		text += " " + e.Claim
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

func refuse(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

func missing(claim string) *Error { return &Error{Kind: MissingClaim, Claim: claim} }

// refusal finds the kind of an error of package jwt or oidc. Others stay as they
// are.
func refusal(err error) error {
	for _, known := range []struct {
		target error
		kind   Kind
	}{
		{jwt.ErrMalformed, Malformed},
		{jwt.ErrSignature, BadSignature},
		{jwt.ErrNotYetValid, BadTime},
		{oidc.ErrUnknownKey, BadSignature},
		{oidc.ErrRejected, Rejected},
		{oidc.ErrUnreachable, Unreachable},
	} {
		if errors.Is(err, known.target) {
			return &Error{Kind: known.kind, Err: err}
		}
	}
	return err
}
