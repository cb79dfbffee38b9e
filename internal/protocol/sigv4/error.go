package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
)

// Kind says how a signature fails, independent of how a service spells it.
type Kind uint8

// The kinds of failure, with the names that JSON services give them.
const (
	Missing      Kind = iota + 1 // MissingAuthenticationTokenException
	Incomplete                   // IncompleteSignatureException
	Unrecognized                 // UnrecognizedClientException
	Invalid                      // InvalidSignatureException
	Expired                      // ExpiredTokenException
)

// Error is a refusal. Message is the wording for the caller; it holds neither
// signature nor secret.
type Error struct {
	Kind    Kind
	Message string
}

func (e *Error) Error() string { return e.Code() + ": " + e.Message }

// Code is the exception's name in JSON services.
func (e *Error) Code() string {
	switch e.Kind {
	case Missing:
		return "MissingAuthenticationTokenException"
	case Incomplete:
		return "IncompleteSignatureException"
	case Unrecognized:
		return "UnrecognizedClientException"
	case Expired:
		return "ExpiredTokenException"
	default:
		return "InvalidSignatureException"
	}
}

const (
	textMissing      = "Missing Authentication Token"
	textUnrecognized = "The security token included in the request is invalid."
	textExpired      = "The security token included in the request is expired"
	textMismatch     = "The request signature we calculated does not match the signature you provided. " +
		"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
)

func mismatch() *Error { return &Error{Invalid, textMismatch} }

// digest stands in messages where a header's value would reveal a signature,
// as the service does since 2022.
func digest(value string) string {
	sum := sha256.Sum256([]byte(value))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// clip bounds what a message repeats of the request.
func clip(s string) string {
	const most = 128
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
