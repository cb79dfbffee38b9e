package totp

import (
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"
)

const (
	// Period is the length of a step.
	Period = 30 * time.Second
	// SecretSize is the length of a new secret in bytes; as text it has 52
	// characters (spec/auth-flows.md §8).
	SecretSize = 32
	// skew is how many steps before and after the present one count.
	skew = 1
)

// ErrCode says that a code belongs to none of the steps around the given time.
var ErrCode = errors.New("totp: wrong code")

// NewSecret makes a random secret.
func NewSecret() []byte {
	secret := make([]byte, SecretSize)
	rand.Read(secret) // documented never to fail
	return secret
}

// Text is a secret in the form that apps take: base32 without padding.
func Text(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// StepAt is the number of the step that a time lies in.
func StepAt(at time.Time) int64 { return at.Unix() / int64(Period/time.Second) }

// Code is the code of a step.
func Code(secret []byte, step int64) (string, error) {
	code, err := hotp.GenerateCodeCustom(Text(secret), uint64(step), options())
	if err != nil {
		return "", fmt.Errorf("totp: compute a code: %w", err)
	}
	return code, nil
}

// Check finds the step of a code: the one at the given time, the one before or
// the one after it. Each comparison takes the same time whatever the code is.
// The error is ErrCode when the code belongs to none of them.
func Check(secret []byte, code string, at time.Time) (step int64, err error) {
	if !wellFormed(code) {
		return 0, ErrCode
	}
	present := StepAt(at)
	found := false
	for candidate := present - skew; candidate <= present+skew; candidate++ {
		ok, err := hotp.ValidateCustom(code, uint64(candidate), Text(secret), options())
		if err != nil {
			return 0, fmt.Errorf("totp: check a code: %w", err)
		}
		if ok { // the newest step that fits, so that the most is used up
			step, found = candidate, true
		}
	}
	if !found {
		return 0, ErrCode
	}
	return step, nil
}

// wellFormed keeps out what the library would trim or not compare.
func wellFormed(code string) bool {
	if len(code) != otp.DigitsSix.Length() {
		return false
	}
	for _, c := range []byte(code) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func options() hotp.ValidateOpts {
	return hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
}
