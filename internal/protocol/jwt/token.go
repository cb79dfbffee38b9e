package jwt

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"
)

// MaxLength is the greatest length of a token in bytes. It lets through what a user
// can bring into one: 100 groups in an access token, 50 custom attributes of 2,048
// characters in an ID token.
const MaxLength = 1 << 20

var (
	// ErrMalformed says that a text is not a token of the form this package
	// signs. API operations answer it with "Invalid Access Token"
	// (tokens.md §8).
	ErrMalformed = errors.New("jwt: malformed token")
	// ErrSignature says that a well-formed token was not signed by the key.
	ErrSignature = errors.New("jwt: signature does not verify")
	// ErrUnknownKey says that there is no key of the token's id. It is a kind
	// of ErrSignature.
	ErrUnknownKey = fmt.Errorf("%w: no such key", ErrSignature)
)

// foreignKeyHeaders are the header members which would let a token bring its own
// key or change how it is read (S030, RFC 7515 §4.1, RFC 7797).
var foreignKeyHeaders = [...]string{"crit", "b64", "jwk", "jku", "x5u", "x5c"}

// Token is a well-formed token whose signature has not been checked.
type Token struct {
	KeyID string // kid of the header

	algorithm Algorithm
	claims    Claims
	signed    string // the first two segments with the dot between them
	signature []byte
}

// Verify parses a token and checks it with the key of its id; key returns nil
// for an unknown id. Errors are ErrMalformed and ErrSignature, wrapped.
func Verify(token string, key func(kid string) *rsa.PublicKey) (Claims, error) {
	return RS256.Verify(token, key)
}

// Parse takes a token of RS256 apart without checking its signature. The error is
// ErrMalformed, wrapped with what is wrong; it never quotes the token.
func Parse(token string) (*Token, error) { return RS256.Parse(token) }

// Parse is function Parse for tokens of this algorithm.
func (a Algorithm) Parse(token string) (*Token, error) {
	if len(token) > MaxLength {
		return nil, malformed("longer than %d bytes", MaxLength)
	}
	header, rest, ok := strings.Cut(token, ".")
	if !ok {
		return nil, malformed("one segment")
	}
	payload, signature, ok := strings.Cut(rest, ".")
	if !ok {
		return nil, malformed("two segments")
	}
	// A fourth segment leaves a dot in the third, which decode refuses.
	t := Token{algorithm: a}
	raw, err := decode(header)
	if err != nil {
		return nil, err
	}
	if t.KeyID, err = a.readHeader(raw); err != nil {
		return nil, err
	}
	if raw, err = decode(payload); err != nil {
		return nil, err
	}
	if t.claims, err = ParseClaims(raw); err != nil {
		return nil, err
	}
	if t.signature, err = decode(signature); err != nil {
		return nil, err
	}
	t.signed = token[:len(header)+1+len(payload)]
	return &t, nil
}

// UnverifiedIssuer returns the iss claim, or "". It may serve to find the keys
// to check the token with, and for nothing else.
func (t *Token) UnverifiedIssuer() string {
	iss, _ := t.claims.String("iss")
	return iss
}

// Verify checks the signature with the key of t.KeyID and returns the claims.
// The error is ErrSignature, and ErrUnknownKey when key is nil.
func (t *Token) Verify(key *rsa.PublicKey) (Claims, error) {
	if key == nil {
		return Claims{}, ErrUnknownKey
	}
	if err := rsa.VerifyPKCS1v15(key, t.algorithm.hash(), t.algorithm.digest(t.signed), t.signature); err != nil {
		return Claims{}, ErrSignature
	}
	return t.claims, nil
}

// readHeader checks the header and returns the key id.
func (a Algorithm) readHeader(raw []byte) (string, error) {
	header, err := ParseClaims(raw) // the same strict object reader
	if err != nil {
		return "", err
	}
	if alg, ok := header.String("alg"); !ok || alg != a.String() {
		return "", malformed("algorithm is not %s", a)
	}
	for _, name := range foreignKeyHeaders {
		if header.Has(name) {
			return "", malformed("header has %s", name)
		}
	}
	kid, ok := header.String("kid")
	if !ok || kid == "" {
		return "", malformed("no key id")
	}
	return kid, nil
}

// decode reads one segment. The decoder of the standard library skips line
// breaks, so the alphabet is checked first.
func decode(text string) ([]byte, error) {
	for i := range len(text) {
		if !isSegmentByte(text[i]) {
			return nil, malformed("a segment is not base64url")
		}
	}
	raw, err := segment.DecodeString(text)
	if err != nil {
		return nil, malformed("a segment is not base64url")
	}
	return raw, nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}

// ClaimedIssuer returns the iss claim of a token of any algorithm without checking
// anything else. It may serve to find out who could check the token, and for nothing
// else. The error is ErrMalformed, wrapped.
func ClaimedIssuer(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(token) > MaxLength || len(parts) != 3 {
		return "", malformed("not three segments")
	}
	raw, err := decode(parts[1])
	if err != nil {
		return "", err
	}
	claims, err := ParseClaims(raw)
	if err != nil {
		return "", err
	}
	issuer, ok := claims.String("iss")
	if !ok {
		return "", malformed("no issuer")
	}
	return issuer, nil
}
