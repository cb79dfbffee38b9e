package srp

import (
	"encoding/base64"
	"errors"
	"math/big"
)

// maxDeviceSalt bounds the salt of a device in bytes. Clients choose 16, or 17
// with the sign byte.
const maxDeviceSalt = 64

var (
	// ErrNegative says that a device's salt or verifier has its first bit set,
	// which makes it negative as a two's-complement integer.
	ErrNegative = errors.New("srp: device verifier value is negative")
	// ErrDeviceVerifier says that a device's salt or verifier is not base64
	// or lies outside the range such a value can have.
	ErrDeviceVerifier = errors.New("srp: device verifier is malformed")
)

// ParseDeviceVerifier reads Salt and PasswordVerifier of ConfirmDevice, base64
// of two's-complement integers (auth-flows.md §13.1). It returns the salt without
// leading zeros and the verifier in 384 bytes. Errors are ErrNegative and
// ErrDeviceVerifier.
func ParseDeviceVerifier(saltText, verifierText string) (salt, verifier []byte, err error) {
	s, err := nonNegative(saltText, maxDeviceSalt)
	if err != nil {
		return nil, nil, err
	}
	v, err := nonNegative(verifierText, modulusSize+1)
	if err != nil {
		return nil, nil, err
	}
	if !inGroup(v) {
		return nil, nil, ErrDeviceVerifier
	}
	return s.Bytes(), fixed(v), nil
}

func nonNegative(text string, maxSize int) (*big.Int, error) {
	if len(text) > base64.StdEncoding.EncodedLen(maxSize) {
		return nil, ErrDeviceVerifier
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		return nil, ErrDeviceVerifier
	}
	if raw[0]&0x80 != 0 {
		return nil, ErrNegative
	}
	return new(big.Int).SetBytes(raw), nil
}
