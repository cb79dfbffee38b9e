package jwt

import (
	"crypto"
	"crypto/rsa"
	_ "crypto/sha256" // the hash of RS256
	_ "crypto/sha512" // the hash of RS512
	"errors"
	"fmt"
)

// Algorithm is a signature algorithm of RFC 7518 §3.3. A reader of tokens always
// names the one that it expects; the header of a token chooses nothing.
type Algorithm uint8

const (
	// RS256 signs the tokens of user pools. The functions Sign, Parse and Verify
	// stand for it.
	RS256 Algorithm = iota
	// RS512 signs the tokens of identity pools (identity-pools.md §C1).
	RS512
)

// String gives the name in headers and key sets.
func (a Algorithm) String() string {
	if a == RS512 {
		return "RS512"
	}
	return "RS256"
}

func (a Algorithm) hash() crypto.Hash {
	if a == RS512 {
		return crypto.SHA512
	}
	return crypto.SHA256
}

// headerEnd is what follows the key id in the headers that Sign writes.
func (a Algorithm) headerEnd() string {
	if a == RS512 {
		return `","typ":"JWS","alg":"RS512"}`
	}
	return `","alg":"RS256"}`
}

func (a Algorithm) digest(signed string) []byte {
	h := a.hash().New()
	h.Write([]byte(signed)) // documented never to fail
	return h.Sum(nil)
}

// Sign returns the token for claims, a JSON object, signed with key. The header
// has the members of the service in its order and nothing else. A token longer
// than MaxLength is an error.
func (a Algorithm) Sign(key *rsa.PrivateKey, kid string, claims []byte) (string, error) {
	if !validKeyID(kid) {
		return "", errors.New("sign a token: key id is empty or has a character outside base64")
	}
	header := make([]byte, 0, 128)
	header = append(append(append(header, headerStart...), kid...), a.headerEnd()...)
	return a.signParts(key, header, claims)
}

func (a Algorithm) signParts(key *rsa.PrivateKey, header, payload []byte) (string, error) {
	size := segment.EncodedLen(len(header)) + segment.EncodedLen(len(payload)) + segment.EncodedLen(key.Size()) + 2
	if size > MaxLength {
		return "", fmt.Errorf("sign a token: %d bytes are more than any reader takes", size)
	}
	token := make([]byte, 0, size)
	token = segment.AppendEncode(token, header)
	token = append(token, '.')
	token = segment.AppendEncode(token, payload)
	signature, err := rsa.SignPKCS1v15(nil, key, a.hash(), a.digest(string(token)))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	token = append(token, '.')
	return string(segment.AppendEncode(token, signature)), nil
}

// Verify parses a token of this algorithm and checks it with the key of its id;
// key returns nil for an unknown id. Errors are ErrMalformed and ErrSignature,
// wrapped.
func (a Algorithm) Verify(token string, key func(kid string) *rsa.PublicKey) (Claims, error) {
	t, err := a.Parse(token)
	if err != nil {
		return Claims{}, err
	}
	return t.Verify(key(t.KeyID))
}

// JWK returns the public form of a key that signs by this algorithm.
func (a Algorithm) JWK(kid string, key *rsa.PublicKey) JWK {
	jwk := NewJWK(kid, key)
	jwk.Alg = a.String()
	return jwk
}
