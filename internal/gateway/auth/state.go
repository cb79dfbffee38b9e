package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cognate/internal/gateway/seal"
)

const (
	// nonceCookie binds a sign-in to the browser that began it (§4.4).
	nonceCookie = "AWSALBAuthNonce"
	nonceLength = 16
	// signInTime is how long a sign-in may take (§4.6).
	signInTime = 15 * time.Minute

	statePurpose = "state"
)

// state is what a browser takes to the provider and back (§2.2).
type state struct {
	Host   string `json:"h"` // as the browser has it, with a port that is not 443
	URI    string `json:"u"` // path and query of the request that began it
	Issued int64  `json:"t"` // seconds since 1970
	Action string `json:"a"`
	Nonce  string `json:"n"`
}

func (s *state) seal(ring *seal.Ring) (string, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("write the state of a sign-in: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(ring.Seal(statePurpose, plain)), nil
}

// openState reads a state and checks that it is not too old.
func openState(ring *seal.Ring, text string, now time.Time) (*state, error) {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("open the state of a sign-in: %w", seal.ErrOpen)
	}
	plain, err := ring.Open(statePurpose, sealed)
	if err != nil {
		return nil, fmt.Errorf("open the state of a sign-in: %w", err)
	}
	s := &state{}
	if err := json.Unmarshal(plain, s); err != nil {
		return nil, fmt.Errorf("open the state of a sign-in: %w", err)
	}
	if age := now.Sub(time.Unix(s.Issued, 0)); age >= signInTime {
		return nil, errors.New("open the state of a sign-in: it is older than 15 minutes")
	}
	return s, nil
}

// nonceFor gives the nonce that the browser holds already, so that two tabs can
// sign in at the same time, or a new one.
func nonceFor(held []string) string {
	for _, n := range held {
		if validNonce(n) {
			return n
		}
	}
	return rand.Text()[:nonceLength]
}

func validNonce(n string) bool {
	for i := range len(n) {
		if c := n[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return len(n) == nonceLength
}

// heldBy reports whether a browser, by its cookies, has the nonce of a state.
func (s *state) heldBy(nonces []string) bool {
	held := 0
	for _, n := range nonces {
		held |= subtle.ConstantTimeCompare([]byte(n), []byte(s.Nonce))
	}
	return held == 1
}

func setNonce(nonce string) *http.Cookie {
	return &http.Cookie{Name: nonceCookie, Value: nonce, Path: "/", Secure: true, HttpOnly: true} //nolint:gosec // without SameSite, as at the original (§4.4)
}
