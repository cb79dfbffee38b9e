package jwt

import (
	"crypto/rsa"
	"math/big"
)

// JWK is the public form of a key in a key set (RFC 7517, RFC 7518 §6.3.1). Its
// members are in the order of the wire (tokens.md §2).
type JWK struct {
	Alg string `json:"alg"`
	E   string `json:"e"`
	Kid string `json:"kid"`
	Kty string `json:"kty"`
	N   string `json:"n"`
	Use string `json:"use"`
}

// NewJWK returns the public form of a signing key.
func NewJWK(kid string, key *rsa.PublicKey) JWK {
	return JWK{
		Alg: "RS256",
		E:   segment.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		Kid: kid,
		Kty: "RSA",
		N:   segment.EncodeToString(key.N.Bytes()),
		Use: "sig",
	}
}
