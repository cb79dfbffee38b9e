package passwordhash

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"
)

// argon2Version is the only version of Argon2 in use (RFC 9106), 0x13.
const argon2Version = "v=19"

// shortestArgon2Salt is what RFC 9106 §3.1 asks for, in bytes.
const shortestArgon2Salt = 8

// parseScrypt reads N$r$p$saltHex$hashHex.
func parseScrypt(text string, bounds Bounds) (kept, []byte, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 5 {
		return kept{}, nil, ErrForm
	}
	var k kept
	var ok [3]bool
	k.Cost, ok[0] = digits(parts[0])
	k.Memory, ok[1] = digits(parts[1])
	k.Parallel, ok[2] = digits(parts[2])
	salt, saltErr := hex.DecodeString(parts[3])
	digest, digestErr := hex.DecodeString(parts[4])
	k.Salt = salt
	switch {
	case ok != [3]bool{true, true, true}, saltErr != nil, digestErr != nil, !sizes(salt, digest, 1),
		k.Cost < 2, bits.OnesCount(uint(k.Cost)) != 1, k.Memory < 1, k.Parallel < 1:
		return kept{}, nil, ErrForm
	case k.Cost > bounds.ScryptN, k.Memory > bounds.ScryptR, k.Parallel > bounds.ScryptP, 128*k.Cost*k.Memory > bounds.ScryptMemory:
		return kept{}, nil, ErrBounds
	}
	return k, digest, nil
}

func scryptDigest(k *kept, password string) ([]byte, error) {
	return scrypt.Key([]byte(password), k.Salt, k.Cost, k.Memory, k.Parallel, k.Size)
}

// parseArgon2id reads $argon2id$v=19$m=…,t=…,p=…$salt$hash.
func parseArgon2id(text string, bounds Bounds) (kept, []byte, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != argon2Version {
		return kept{}, nil, ErrForm
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 {
		return kept{}, nil, ErrForm
	}
	var k kept
	for i, p := range []struct {
		prefix string
		value  *int
	}{{"m=", &k.Memory}, {"t=", &k.Cost}, {"p=", &k.Parallel}} {
		number, found := strings.CutPrefix(params[i], p.prefix)
		n, ok := digits(number)
		if !found || !ok {
			return kept{}, nil, ErrForm
		}
		*p.value = n
	}
	salt, saltErr := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(parts[4], "="))
	digest, digestErr := base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(parts[5], "="))
	k.Salt = salt
	switch {
	case saltErr != nil, digestErr != nil, !sizes(salt, digest, shortestArgon2Salt), k.Cost < 1, k.Parallel < 1, k.Memory < 8*k.Parallel:
		return kept{}, nil, ErrForm
	case k.Memory > bounds.Argon2Memory, k.Cost > bounds.Argon2Passes, k.Parallel > bounds.Argon2Threads:
		return kept{}, nil, ErrBounds
	}
	return k, digest, nil
}

func argon2Digest(k *kept, password string) []byte {
	return argon2.IDKey([]byte(password), k.Salt, uint32(k.Cost), uint32(k.Memory), uint8(k.Parallel), uint32(k.Size))
}

// parsePBKDF2 reads $pbkdf2-sha256$iterations$salt$hash. Some programs write a
// full stop where base64 has a plus sign.
func parsePBKDF2(text string, bounds Bounds) (kept, []byte, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 5 || parts[0] != "" || parts[1] != "pbkdf2-sha256" {
		return kept{}, nil, ErrForm
	}
	var k kept
	var ok bool
	k.Cost, ok = digits(parts[2])
	salt, saltErr := looseBase64(parts[3])
	digest, digestErr := looseBase64(parts[4])
	k.Salt = salt
	switch {
	case !ok, k.Cost < 1, saltErr != nil, digestErr != nil, !sizes(salt, digest, 1):
		return kept{}, nil, ErrForm
	case k.Cost > bounds.PBKDF2Iterations:
		return kept{}, nil, ErrBounds
	}
	return k, digest, nil
}

func pbkdf2Digest(k *kept, password string) ([]byte, error) {
	return pbkdf2.Key(sha256.New, password, k.Salt, k.Cost, k.Size)
}

func looseBase64(text string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.ReplaceAll(text, ".", "+"), "="))
}

func sizes(salt, digest []byte, shortestSalt int) bool {
	return len(salt) >= shortestSalt && len(salt) <= longestSalt && len(digest) >= shortestDigest && len(digest) <= longestDigest
}

// digits reads a number without sign or leading text; a number too large for any
// bound reads as one that is too large.
func digits(text string) (int, bool) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil {
		return 1 << 30, true // no bound is as high
	}
	return int(n), true
}
