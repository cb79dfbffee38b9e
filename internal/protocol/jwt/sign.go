package jwt

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

const (
	headerStart = `{"kid":"`
	headerEnd   = `","alg":"RS256"}`

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

// Sign returns the token for claims, a JSON object, signed with key. The header
// has kid and alg, in this order, and nothing else. A token longer than MaxLength
// is an error.
func Sign(key *rsa.PrivateKey, kid string, claims []byte) (string, error) {
	if !validKeyID(kid) {
		return "", errors.New("sign a token: key id is empty or has a character outside base64")
	}
	header := make([]byte, 0, 128)
	header = append(append(append(header, headerStart...), kid...), headerEnd...)
	return signParts(key, header, claims)
}

func signParts(key *rsa.PrivateKey, header, payload []byte) (string, error) {
	size := segment.EncodedLen(len(header)) + segment.EncodedLen(len(payload)) + segment.EncodedLen(key.Size()) + 2
	if size > MaxLength {
		return "", fmt.Errorf("sign a token: %d bytes are more than any reader takes", size)
	}
	token := make([]byte, 0, size)
	token = segment.AppendEncode(token, header)
	token = append(token, '.')
	token = segment.AppendEncode(token, payload)
	digest := sha256.Sum256(token)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	token = append(token, '.')
	return string(segment.AppendEncode(token, signature)), nil
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
