package webauthn

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// challengeSize is the length of a challenge, in bytes.
const challengeSize = 32

// How long a client should wait for the user, in milliseconds.
const (
	registrationTimeout = 60_000
	assertionTimeout    = 180_000
)

// The algorithms of passkeys, as COSE numbers them.
const (
	algorithmES256 = -7
	algorithmRS256 = -257
)

// Verification says whether the authenticator has to know the user, by a PIN or a
// finger for instance.
type Verification string

// The degrees that a pool can be set to.
const (
	Preferred Verification = "preferred"
	Required  Verification = "required"
)

// NewChallenge draws a challenge, base64url without padding.
func NewChallenge() string {
	var b [challengeSize]byte
	_, _ = rand.Read(b[:]) // documented never to fail
	return encode(b[:])
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Descriptor names a credential.
type Descriptor struct {
	ID         string   `json:"id"` // base64url
	Transports []string `json:"transports,omitempty"`
	Type       string   `json:"type"`
}

// CreationOptions are what StartWebAuthnRegistration answers with.
type CreationOptions struct {
	RelyingPartyID string
	UserHandle     []byte
	UserName       string
	Challenge      string
	Verification   Verification
	Exclude        []Descriptor // what the user has already
}

type parameter struct {
	Algorithm int    `json:"alg"`
	Type      string `json:"type"`
}

// JSON writes the options as the service does. Keys are in alphabetical order.
func (o CreationOptions) JSON() (json.RawMessage, error) {
	type selection struct {
		RequireResidentKey bool         `json:"requireResidentKey"`
		ResidentKey        string       `json:"residentKey"`
		UserVerification   Verification `json:"userVerification"`
	}
	type party struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	type user struct {
		DisplayName string `json:"displayName"`
		ID          string `json:"id"`
		Name        string `json:"name"`
	}
	text, err := json.Marshal(struct {
		Selection  selection    `json:"authenticatorSelection"`
		Challenge  string       `json:"challenge"`
		Exclude    []Descriptor `json:"excludeCredentials"`
		Parameters []parameter  `json:"pubKeyCredParams"`
		Party      party        `json:"rp"`
		Timeout    int          `json:"timeout"`
		User       user         `json:"user"`
	}{
		Selection:  selection{true, "required", o.Verification},
		Challenge:  o.Challenge,
		Exclude:    typed(o.Exclude),
		Parameters: []parameter{{algorithmES256, publicKey}, {algorithmRS256, publicKey}},
		Party:      party{o.RelyingPartyID, o.RelyingPartyID},
		Timeout:    registrationTimeout,
		User:       user{o.UserName, encode(o.UserHandle), o.UserName},
	})
	if err != nil {
		return nil, fmt.Errorf("write creation options: %w", err)
	}
	return text, nil
}

// RequestOptions are what a WEB_AUTHN challenge carries.
type RequestOptions struct {
	RelyingPartyID string
	Challenge      string
	Verification   Verification
	Allow          []Descriptor
}

// JSON writes the options as the service does.
func (o RequestOptions) JSON() (string, error) {
	text, err := json.Marshal(struct {
		Challenge    string       `json:"challenge"`
		Timeout      int          `json:"timeout"`
		PartyID      string       `json:"rpId"`
		Allow        []Descriptor `json:"allowCredentials"`
		Verification Verification `json:"userVerification"`
	}{o.Challenge, assertionTimeout, o.RelyingPartyID, typed(o.Allow), o.Verification})
	if err != nil {
		return "", fmt.Errorf("write request options: %w", err)
	}
	return string(text), nil
}

const publicKey = "public-key"

// typed fills in the type of descriptors; no descriptors are an empty list.
func typed(list []Descriptor) []Descriptor {
	out := make([]Descriptor, len(list))
	for i, d := range list {
		d.Type = publicKey
		out[i] = d
	}
	return out
}
