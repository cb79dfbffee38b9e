package mfa

import "errors"

// Setup is what the Session of MFA_SETUP knows of the app being registered: at
// first nothing, then the secret that was shown, and in the end that a code of
// it was right.
type Setup struct {
	Secret   []byte // until it is registered
	Verified bool
}

// The marks at the front of the encoding.
const (
	markShown    = 'S'
	markVerified = 'V'
)

var errSetup = errors.New("mfa: state of a set-up is not well formed")

// Bytes is the form inside a Session; nothing for a set-up not begun.
func (s Setup) Bytes() []byte {
	switch {
	case s.Verified:
		return []byte{markVerified}
	case s.Secret != nil:
		return append([]byte{markShown}, s.Secret...)
	default:
		return nil
	}
}

// ParseSetup is the reverse of Bytes.
func ParseSetup(data []byte) (Setup, error) {
	switch {
	case len(data) == 0:
		return Setup{}, nil
	case data[0] == markVerified && len(data) == 1:
		return Setup{Verified: true}, nil
	case data[0] == markShown && len(data) > 1:
		return Setup{Secret: data[1:]}, nil
	default:
		return Setup{}, errSetup
	}
}
