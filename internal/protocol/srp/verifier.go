package srp

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"math/big"
)

// SaltSize is the length of a salt in bytes.
const SaltSize = 16

// NewSalt returns a random salt. The protocol treats it as an integer, so
// leading zero bytes carry no meaning.
func NewSalt() []byte { return randomBytes(SaltSize) }

// SaltHex returns the salt as clients expect it in SALT: lower-case
// hexadecimal of the integer, without leading zeros.
func SaltHex(salt []byte) string { return new(big.Int).SetBytes(salt).Text(16) }

// Verifier returns v = g^x mod N in 384 bytes, the value kept instead of the
// password. For a pool, name is the part of the pool id after the underscore and
// userID is USER_ID_FOR_SRP; for a device they are the group key and the device
// key (auth-flows.md §13.1).
func Verifier(name, userID, password string, salt []byte) []byte {
	return fixed(powG(privateKey(name, userID, password, salt)))
}

// CheckPassword reports whether the verifier belongs to the password. It
// compares in constant time.
func CheckPassword(name, userID, password string, salt, verifier []byte) bool {
	stored := new(big.Int).SetBytes(verifier)
	if !inGroup(stored) {
		return false
	}
	return subtle.ConstantTimeCompare(fixed(stored), Verifier(name, userID, password, salt)) == 1
}

// privateKey returns x. Nothing separates the pool name from the user id.
func privateKey(name, userID, password string, salt []byte) []byte {
	identity := sha256.Sum256([]byte(name + userID + ":" + password))
	h := sha256.New()
	h.Write(pad(new(big.Int).SetBytes(salt)))
	h.Write(identity[:])
	return h.Sum(nil)
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // documented never to fail: it ends the program instead
	return b
}
