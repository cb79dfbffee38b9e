package credentials

import (
	"crypto/sha256"
	"crypto/subtle"
	"slices"

	"cognate/internal/store"
)

// fingerprintSize is the length of a fingerprint in bytes.
const fingerprintSize = 16

// Fingerprint stands for a password in a session, without telling anything about
// it. There is none for no password.
func Fingerprint(p *store.Password) []byte {
	if p == nil {
		return nil
	}
	sum := sha256.Sum256(slices.Concat(p.Salt, p.Verifier, p.Imported))
	return sum[:fingerprintSize]
}

// Same reports whether a password is still the one that a fingerprint stands for.
// No fingerprint fits every password: none was proven then.
func Same(fingerprint []byte, p *store.Password) bool {
	return len(fingerprint) == 0 || subtle.ConstantTimeCompare(fingerprint, Fingerprint(p)) == 1
}
