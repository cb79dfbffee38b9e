// Package passkeytest is a browser with an authenticator for tests and
// benchmarks. It answers options as navigator.credentials does, and lets a test
// change every part of an answer that is signed. Keys and signatures are those of
// github.com/descope/virtualwebauthn.
package passkeytest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	virtual "github.com/descope/virtualwebauthn"
)

// The flags of authenticator data (W3C WebAuthn Level 3 §6.1).
const (
	UserPresent    = 0x01
	UserVerified   = 0x04
	BackupEligible = 0x08
	BackedUp       = 0x10
	attested       = 0x40
)

// Authenticator holds one passkey. Its fields may be changed between answers.
type Authenticator struct {
	Origin     string // of the page
	PartyID    string // whose hash the authenticator signs
	Passkey    virtual.Credential
	UserHandle []byte // taken from the options of the registration
	Flags      byte
	Counter    uint32
	Attachment string
	Transports []string
	// Edit changes the client data before it is signed; nil leaves it.
	Edit func(clientData map[string]any)
}

// New makes an authenticator of the device itself that verifies its user and has
// no counter, as most passkeys do. Its key is for ES256.
func New(partyID, origin string) *Authenticator {
	return &Authenticator{
		Origin: origin, PartyID: partyID, Passkey: newES256(),
		Flags: UserPresent | UserVerified, Attachment: "platform", Transports: []string{"internal"},
	}
}

// newES256 leaves out keys with a coordinate that begins with a zero byte: the
// library writes those too short.
func newES256() virtual.Credential {
	const wholeKey = 77 // bytes of the COSE form
	for {
		if c := virtual.NewCredential(virtual.KeyTypeEC2); len(c.Key.AttestationData()) == wholeKey {
			return c
		}
	}
}

// NewRSA is New with a key for RS256.
func NewRSA(partyID, origin string) *Authenticator {
	a := New(partyID, origin)
	a.Passkey = virtual.NewCredential(virtual.KeyTypeRSA)
	return a
}

// ID is the id of the passkey, base64url.
func (a *Authenticator) ID() string { return encode(a.Passkey.ID) }

// Create answers creation options with a RegistrationResponseJSON.
func (a *Authenticator) Create(options []byte) ([]byte, error) {
	var given struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	if err := json.Unmarshal(options, &given); err != nil {
		return nil, fmt.Errorf("read creation options: %w", err)
	}
	handle, err := base64.RawURLEncoding.DecodeString(given.User.ID)
	if err != nil {
		return nil, fmt.Errorf("read user id: %w", err)
	}
	a.UserHandle = handle
	client, err := a.clientData("webauthn.create", given.Challenge)
	if err != nil {
		return nil, err
	}
	data := a.authenticatorData(attested)
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(a.Passkey.ID)))
	data = append(append(data, a.Passkey.ID...), a.Passkey.Key.AttestationData()...)
	return a.answer(map[string]any{
		"clientDataJSON":    encode(client),
		"attestationObject": encode(attestation(data)),
		"transports":        a.Transports,
	})
}

// Get answers request options with an AuthenticationResponseJSON.
func (a *Authenticator) Get(options []byte) ([]byte, error) {
	var given struct {
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal(options, &given); err != nil {
		return nil, fmt.Errorf("read request options: %w", err)
	}
	client, err := a.clientData("webauthn.get", given.Challenge)
	if err != nil {
		return nil, err
	}
	data := a.authenticatorData(0)
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(slices.Clip(data), hash[:]...))
	signature, err := a.Passkey.Key.Sign(digest[:])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	return a.answer(map[string]any{
		"clientDataJSON":    encode(client),
		"authenticatorData": encode(data),
		"signature":         encode(signature),
		"userHandle":        encode(a.UserHandle),
	})
}

func (a *Authenticator) clientData(kind, challenge string) ([]byte, error) {
	data := map[string]any{"type": kind, "challenge": challenge, "origin": a.Origin, "crossOrigin": false}
	if a.Edit != nil {
		a.Edit(data)
	}
	text, err := json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("write client data: %w", err)
	}
	return text, nil
}

func (a *Authenticator) authenticatorData(more byte) []byte {
	hash := sha256.Sum256([]byte(a.PartyID))
	data := append(hash[:], a.Flags|more)
	return binary.BigEndian.AppendUint32(data, a.Counter)
}

func (a *Authenticator) answer(response map[string]any) ([]byte, error) {
	text, err := json.Marshal(map[string]any{
		"id": a.ID(), "rawId": a.ID(), "type": "public-key", "authenticatorAttachment": a.Attachment,
		"clientExtensionResults": map[string]any{}, "response": response,
	})
	if err != nil {
		return nil, fmt.Errorf("write answer: %w", err)
	}
	return text, nil
}

// attestation is a CBOR map without an attestation: fmt none, attStmt {}, authData.
func attestation(data []byte) []byte {
	object := []byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59")
	return append(binary.BigEndian.AppendUint16(object, uint16(len(data))), data...)
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
