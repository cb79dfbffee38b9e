package passwordhash

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
)

// Algorithm names a way of hashing, in the words of PasswordHashingAlgorithm.
type Algorithm string

// The algorithms that are known.
const (
	BCRYPT       Algorithm = "BCRYPT"
	SCRYPT       Algorithm = "SCRYPT"
	ARGON2ID     Algorithm = "ARGON2ID"
	PBKDF2SHA256 Algorithm = "PBKDF2_SHA256"
)

var (
	// ErrForm says that a text is no hash of the algorithm.
	ErrForm = errors.New("not a hash of this algorithm")
	// ErrBounds says that checking a hash would take more work than is allowed.
	ErrBounds = errors.New("parameters of the hash are out of bounds")
)

// Bounds are the most work that a hash may ask for.
type Bounds struct {
	BcryptCost int // logarithm to the base 2 of the rounds

	ScryptMemory int // N * r * 128, in bytes
	ScryptN      int
	ScryptR      int
	ScryptP      int

	Argon2Memory  int // KiB
	Argon2Passes  int
	Argon2Threads int

	PBKDF2Iterations int
}

// CSV gives the bounds of the service's import jobs (spec/newest-features.md §14).
func CSV() Bounds {
	return Bounds{
		BcryptCost:   12,
		ScryptMemory: 64 << 20, ScryptN: 65536, ScryptR: 8, ScryptP: 1,
		Argon2Memory: 19456, Argon2Passes: 2, Argon2Threads: 1,
		PBKDF2Iterations: 600_000,
	}
}

// Own gives the bounds of Cognate's own imports (spec/security.md S172).
func Own() Bounds {
	return Bounds{
		BcryptCost:   14,
		ScryptMemory: 64 << 20, ScryptN: 1 << 20, ScryptR: 32, ScryptP: 4,
		Argon2Memory: 64 << 10, Argon2Passes: 10, Argon2Threads: 8,
		PBKDF2Iterations: 1_000_000,
	}
}

const (
	// longestText bounds the text of a hash, in bytes.
	longestText = 512
	// A digest that is too short would fit many passwords.
	shortestDigest, longestDigest = 16, 64
	longestSalt                   = 128
)

// Hash is a hash to check passwords against. It is read-only.
type Hash struct {
	kept kept
}

// kept is the stored form of a Hash.
type kept struct {
	Algorithm Algorithm `json:"a"`
	Variant   byte      `json:"v,omitzero"` // of bcrypt
	Cost      int       `json:"c"`          // bcrypt: cost; scrypt: N; Argon2id: passes; PBKDF2: iterations
	Memory    int       `json:"m,omitzero"` // scrypt: r; Argon2id: KiB
	Parallel  int       `json:"p,omitzero"`
	Salt      []byte    `json:"s"`
	Size      int       `json:"n"` // of the digest, in bytes
	Outer     []byte    `json:"o"` // SHA-256 of the digest
}

// Parse reads the text of a hash. The error is ErrForm or ErrBounds; it never
// holds the text.
func Parse(algorithm Algorithm, text string, bounds Bounds) (*Hash, error) {
	if len(text) > longestText {
		return nil, ErrForm
	}
	var k kept
	var digest []byte
	var err error
	switch algorithm {
	case BCRYPT:
		k, digest, err = parseBcrypt(text, bounds)
	case SCRYPT:
		k, digest, err = parseScrypt(text, bounds)
	case ARGON2ID:
		k, digest, err = parseArgon2id(text, bounds)
	case PBKDF2SHA256:
		k, digest, err = parsePBKDF2(text, bounds)
	default:
		return nil, ErrForm
	}
	if err != nil {
		return nil, err
	}
	outer := sha256.Sum256(digest)
	k.Algorithm, k.Size, k.Outer = algorithm, len(digest), outer[:]
	return &Hash{kept: k}, nil
}

// Algorithm tells how the password was hashed.
func (h *Hash) Algorithm() Algorithm { return h.kept.Algorithm }

// Stored is the form to keep: what Open reads.
func (h *Hash) Stored() []byte {
	text, err := json.Marshal(h.kept)
	if err != nil { // numbers and bytes
		panic(fmt.Sprintf("passwordhash: %v", err))
	}
	return text
}

// Open reads what Stored gave.
func Open(stored []byte) (*Hash, error) {
	h := &Hash{}
	if err := json.Unmarshal(stored, &h.kept); err != nil {
		return nil, fmt.Errorf("open a stored password hash: %w", err)
	}
	if len(h.kept.Outer) != sha256.Size {
		return nil, errors.New("open a stored password hash: malformed")
	}
	return h, nil
}

// Matches reports whether a password is the one that was hashed. It takes as long
// as the hash asks for.
func (h *Hash) Matches(password string) (bool, error) {
	digest, err := h.kept.derive(password)
	if err != nil {
		return false, fmt.Errorf("check a password hash: %w", err)
	}
	outer := sha256.Sum256(digest)
	return subtle.ConstantTimeCompare(outer[:], h.kept.Outer) == 1, nil
}

func (k *kept) derive(password string) ([]byte, error) {
	switch k.Algorithm {
	case BCRYPT:
		return bcryptDigest(k.Variant, password, k.Salt, k.Cost)
	case SCRYPT:
		return scryptDigest(k, password)
	case ARGON2ID:
		return argon2Digest(k, password), nil
	case PBKDF2SHA256:
		return pbkdf2Digest(k, password)
	}
	return nil, fmt.Errorf("unknown algorithm %q", k.Algorithm)
}
