package srp

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
)

// Simulated is what a user who does not exist has in place of stored values, so
// that the first step of a sign-in looks the same for every name.
type Simulated struct {
	Salt     []byte   // SaltSize bytes
	Verifier []byte   // 384 bytes, of an unknown password
	ID       [16]byte // raw bytes for the user id, to be formatted like a real one
}

// Simulate derives the values for a name in a pool. The same key, pool and name
// always give the same values; without the key they look random.
func Simulate(key []byte, poolID, username string) (Simulated, error) {
	// The length keeps the pool and the name apart.
	info := binary.BigEndian.AppendUint32([]byte("simulated user"), uint32(len(poolID)))
	info = append(append(info, poolID...), username...)
	const idSize = 16
	raw, err := hkdf.Key(sha256.New, key, nil, string(info), SaltSize+idSize+modulusSize)
	if err != nil {
		return Simulated{}, fmt.Errorf("derive a simulated user: %w", err)
	}
	v := new(big.Int).SetBytes(raw[SaltSize+idSize:])
	v.Mod(v, modulus)
	return Simulated{
		Salt:     raw[:SaltSize:SaltSize],
		ID:       [idSize]byte(raw[SaltSize:]),
		Verifier: fixed(v),
	}, nil
}
