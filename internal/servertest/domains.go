package servertest

import (
	"crypto/rand"
	"encoding/hex"
)

// NewPrefix gives a prefix for a domain that no other test has. It is hexadecimal
// behind its first letter, so that it never holds a word that prefixes must not
// have ("aws", "amazon", "cognito").
func NewPrefix() string {
	random := make([]byte, 8)
	rand.Read(random) // documented never to fail
	return "t" + hex.EncodeToString(random)
}
