package threats

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// feedbackFor is how long the links of a notice work.
const feedbackFor = 30 * 24 * time.Hour

// ErrFeedbackToken says that a token was not made for an event, or is too old.
var ErrFeedbackToken = errors.New("threats: feedback token does not fit")

// FeedbackToken lets whoever has it say what an event was. It is good for that
// one event.
func (t *Threats) FeedbackToken(poolID, sub, eventID string) string {
	until := binary.BigEndian.AppendUint64(nil, uint64(t.Now().Add(feedbackFor).Unix()))
	return encode(until) + "." + encode(t.seal(until, poolID, sub, eventID))
}

// CheckFeedbackToken answers ErrFeedbackToken unless the token was made for the
// event and is still good.
func (t *Threats) CheckFeedbackToken(token, poolID, sub, eventID string) error {
	first, second, _ := strings.Cut(token, ".")
	until, errUntil := base64.RawURLEncoding.Strict().DecodeString(first)
	mac, errMAC := base64.RawURLEncoding.Strict().DecodeString(second)
	if errUntil != nil || errMAC != nil || len(until) != 8 || !hmac.Equal(mac, t.seal(until, poolID, sub, eventID)) ||
		t.Now().Unix() >= int64(binary.BigEndian.Uint64(until)) {
		return ErrFeedbackToken
	}
	return nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (t *Threats) seal(until []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, t.Key)
	mac.Write(until)
	for _, part := range parts {
		mac.Write(binary.BigEndian.AppendUint64(nil, uint64(len(part))))
		mac.Write([]byte(part))
	}
	return mac.Sum(nil)
}
