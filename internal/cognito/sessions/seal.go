package sessions

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"time"

	"cognate/internal/protocol/onetimekey"
)

// Errors of Open and Expect. Callers choose the words that clients see.
var (
	// ErrForged says that a string was not made here, was changed, or belongs to
	// something else than the request.
	ErrForged = errors.New("sessions: string is not genuine for this request")
	// ErrExpired says that a genuine string came too late.
	ErrExpired = errors.New("sessions: string is expired")
)

// Kind is the place a string is used in.
type Kind byte

// The kinds of sealed strings.
const (
	Session     Kind = 'S' // member Session: base64url without padding
	SecretBlock Kind = 'B' // SECRET_BLOCK of the password proof: standard base64
)

// SpentKind is the kind of the tickets, in the database, that mark a string as
// used; their id is State.ID.
const SpentKind = "spent"

const (
	idSize  = 16
	tagSize = 16
	maxText = 16 << 10 // longer strings are refused unread
)

// prefix marks the form of a string. Its base64 begins as the service's own
// sessions do, "AYABe".
var prefix = []byte{0x01, 0x80, 0x01, 0x78}

// Sealer makes and opens the strings of one installation. It is safe for
// concurrent use.
type Sealer struct {
	Key []byte // 32 secret bytes, the same on every node
	Now func() time.Time
}

// Seal gives s a new id and turns it into a string of the kind.
func (z *Sealer) Seal(kind Kind, s *State) (string, error) {
	var id [idSize]byte
	_, _ = rand.Read(id[:]) // documented never to fail
	s.ID = hex.EncodeToString(id[:])
	one, err := onetimekey.New(z.Key, []byte{byte(kind)}, id[:])
	if err != nil {
		return "", err
	}
	plain := s.encode()
	sealed := make([]byte, 0, len(prefix)+idSize+len(plain)+tagSize)
	sealed = append(append(sealed, prefix...), id[:]...)
	sealed = one.Seal(sealed, plain, prefix)
	return kind.encoding().EncodeToString(sealed), nil
}

// Open reads a string that Seal made of the same kind. The error is ErrForged or
// ErrExpired; with ErrExpired the state is returned as well, because some callers
// first want to know whose it was.
func (z *Sealer) Open(kind Kind, text string) (*State, error) {
	if len(text) > maxText {
		return nil, ErrForged
	}
	sealed, err := kind.encoding().DecodeString(text)
	// Decoders pass over line breaks; only the text that was given out counts.
	if err != nil || kind.encoding().EncodedLen(len(sealed)) != len(text) {
		return nil, ErrForged
	}
	if len(sealed) < len(prefix)+idSize+tagSize || !bytes.Equal(sealed[:len(prefix)], prefix) {
		return nil, ErrForged
	}
	id := sealed[len(prefix) : len(prefix)+idSize]
	one, err := onetimekey.New(z.Key, []byte{byte(kind)}, id)
	if err != nil {
		return nil, err
	}
	plain, err := one.Open(sealed[len(prefix)+idSize:], prefix)
	if err != nil {
		return nil, ErrForged
	}
	s, err := decode(plain)
	if err != nil {
		return nil, ErrForged
	}
	s.ID = hex.EncodeToString(id)
	if !z.Now().Before(s.Expires) {
		return s, ErrExpired
	}
	return s, nil
}

func (k Kind) encoding() *base64.Encoding {
	if k == SecretBlock {
		return base64.StdEncoding.Strict()
	}
	return base64.RawURLEncoding.Strict()
}
