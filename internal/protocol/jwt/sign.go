package jwt

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
)

const (
	headerStart = `{"kid":"`

	// keyIDSize gives key ids of 44 characters, the last of them "=".
	keyIDSize = 32
)

// segment is the alphabet of every part of a token. Strict refuses set bits in
// the unused tail of the last character, so that a token has one spelling only.
var segment = base64.RawURLEncoding.Strict()

// NewKeyID returns a random key id: base64 of 32 bytes, as Cognito's look.
func NewKeyID() string {
	raw := make([]byte, keyIDSize)
	_, _ = rand.Read(raw) // documented never to fail: it ends the program instead
	return base64.StdEncoding.EncodeToString(raw)
}

// Sign returns the token for claims, a JSON object, signed with key by RS256. The
// header has kid and alg, in this order, and nothing else. A token longer than
// MaxLength is an error.
func Sign(key *rsa.PrivateKey, kid string, claims []byte) (string, error) {
	return RS256.Sign(key, kid, claims)
}

// validKeyID admits the characters of both base64 alphabets, which need no
// escaping in JSON.
func validKeyID(kid string) bool {
	for i := range len(kid) {
		if c := kid[i]; !isSegmentByte(c) && c != '+' && c != '/' && c != '=' {
			return false
		}
	}
	return kid != ""
}

func isSegmentByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
