package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"time"
)

// Key is what a server knows about an access key id.
type Key struct {
	Secret       string
	SessionToken string    // of temporary credentials; the request must carry it
	Expires      time.Time // of temporary credentials; zero: never
}

// unknownSecret takes the place of a secret that does not exist, so that an
// unknown key costs what a wrong signature costs.
const unknownSecret = "no key has this secret, which only keeps the work the same"

// Verify recomputes the signature with key and compares in constant time.
// known says whether the claimed access key exists; key is ignored otherwise.
// The error is an *Error.
func (c *Claim) Verify(key Key, known bool, now time.Time) error {
	if !known {
		key = Key{Secret: unknownSecret}
	}
	want := c.sign(key.Secret)
	matches := subtle.ConstantTimeCompare([]byte(want), []byte(c.signature)) == 1
	token := subtle.ConstantTimeCompare([]byte(key.SessionToken), []byte(c.SessionToken)) == 1
	switch {
	case !known, !token:
		return &Error{Unrecognized, textUnrecognized}
	case !matches, !c.bodyAsStated():
		return mismatch()
	case !key.Expires.IsZero() && !now.Before(key.Expires):
		return &Error{Expired, textExpired}
	}
	return nil
}

// sign computes the signature of the request in lower-case hexadecimal.
func (c *Claim) sign(secret string) string {
	canonical := sha256.Sum256(c.canonicalRequest())
	scope := c.day + "/" + c.Region + "/" + c.service + "/" + terminator
	toSign := algorithm + "\n" + c.stamp + "\n" + scope + "\n" + hex.EncodeToString(canonical[:])

	key := mac([]byte("AWS4"+secret), c.day)
	key = mac(key, c.Region)
	key = mac(key, c.service)
	key = mac(key, terminator)
	return hex.EncodeToString(mac(key, toSign))
}

func mac(key []byte, data string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(data))
	return h.Sum(nil)
}
