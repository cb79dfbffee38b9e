package oidc

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// appleSecretLife is how long a client secret for Apple is good; it is used once.
const appleSecretLife = 5 * time.Minute

// appleSecret makes the client secret that Apple wants: a JWT signed with the
// developer's key (federation.md §5).
func (s *Settings) appleSecret(now time.Time) (string, error) {
	key, err := ParseAppleKey(s.PrivateKey)
	if err != nil {
		return "", failure(err, "The private key of SignInWithApple could not be used")
	}
	options := (&jose.SignerOptions{}).WithHeader("kid", s.KeyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key}, options)
	if err != nil {
		return "", fmt.Errorf("sign a client secret: %w", err)
	}
	claims, err := json.Marshal(map[string]any{
		"iss": s.TeamID, "iat": now.Unix(), "exp": now.Add(appleSecretLife).Unix(), "aud": "https://appleid.apple.com", "sub": s.ClientID,
	})
	if err != nil {
		return "", fmt.Errorf("write a client secret: %w", err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", fmt.Errorf("sign a client secret: %w", err)
	}
	return signed.CompactSerialize()
}

// ParseAppleKey reads the private_key of a provider: PKCS #8 in PEM form, with or
// without the lines around it.
func ParseAppleKey(text string) (*ecdsa.PrivateKey, error) {
	var der []byte
	if block, _ := pem.Decode([]byte(strings.TrimSpace(text))); block != nil {
		der = block.Bytes
	} else {
		var err error
		if der, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), "")); err != nil {
			return nil, errNoKey
		}
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errNoKey
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errNoKey
	}
	return key, nil
}

// appleNames reads the form field user, which comes with the first sign-in. Names
// that are missing are left out: an empty one would clear an attribute.
func appleNames(field string) map[string]any {
	var user struct {
		Name struct {
			First string `json:"firstName"`
			Last  string `json:"lastName"`
		} `json:"name"`
	}
	names := map[string]any{}
	if json.Unmarshal([]byte(field), &user) != nil {
		return names
	}
	if user.Name.First != "" {
		names["firstName"] = user.Name.First
	}
	if user.Name.Last != "" {
		names["lastName"] = user.Name.Last
	}
	if full := strings.TrimSpace(user.Name.First + " " + user.Name.Last); full != "" {
		names["name"] = full
	}
	return names
}
