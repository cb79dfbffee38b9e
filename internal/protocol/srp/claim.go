package srp

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"time"
)

// ErrTimestamp says that a TIMESTAMP is not in the form of TimestampLayout.
var ErrTimestamp = errors.New("srp: timestamp is not in the expected form")

// TimestampLayout is the form of TIMESTAMP: English names, UTC, no zero before
// a one-digit day.
const TimestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// ParseTimestamp reads a TIMESTAMP. It accepts exactly what formatting with
// TimestampLayout gives, so a padded day or a wrong weekday is ErrTimestamp. The
// result serves only to bound the age of an answer; the signature covers the text
// as sent.
func ParseTimestamp(text string) (time.Time, error) {
	t, err := time.Parse(TimestampLayout, text)
	if err != nil || t.Format(TimestampLayout) != text {
		return time.Time{}, ErrTimestamp
	}
	return t, nil
}

// Claim is what a client signs to prove a password. Name and UserID are those
// of Verifier.
type Claim struct {
	Name        string
	UserID      string
	SecretBlock []byte // SECRET_BLOCK, decoded from base64
	Timestamp   string // TIMESTAMP, exactly as sent
}

// Signature returns the PASSWORD_CLAIM_SIGNATURE for a claim under a session
// key: standard base64 of an HMAC-SHA256.
func Signature(key []byte, c Claim) string {
	return base64.StdEncoding.EncodeToString(c.mac(key))
}

func (c Claim) mac(key []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(c.Name))
	h.Write([]byte(c.UserID))
	h.Write(c.SecretBlock)
	h.Write([]byte(c.Timestamp))
	return h.Sum(nil)
}

// VerifyClaim checks the signature a client sent for a claim. The error is
// ErrSignature, or one of those of Key.
func (s *Server) VerifyClaim(clientPublic []byte, c Claim, signature string) error {
	key, err := s.Key(clientPublic)
	if err != nil {
		return err
	}
	sent, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return ErrSignature
	}
	if subtle.ConstantTimeCompare(sent, c.mac(key)) != 1 {
		return ErrSignature
	}
	return nil
}
