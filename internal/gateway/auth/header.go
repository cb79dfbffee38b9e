package auth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"cognate/internal/gateway/seal"
)

// The headers that tell an application who its user is (§5). The names are those
// that http.Header has them by.
const (
	AccessTokenHeader = "X-Amzn-Oidc-Accesstoken"
	IdentityHeader    = "X-Amzn-Oidc-Identity"
	DataHeader        = "X-Amzn-Oidc-Data"
)

const (
	// dataLife is how long a token for the application is good, and dataReuse how
	// long one serves: an application sees at least their difference (§5.1).
	dataLife  = 120 * time.Second
	dataReuse = 60 * time.Second
)

// Identity is what an application is told about its user.
type Identity struct {
	AccessToken string
	Subject     string
	Data        string // the signed claims
}

// Set puts the three headers in place of any that are there.
func (i *Identity) Set(h http.Header) {
	h[AccessTokenHeader] = []string{i.AccessToken}
	h[IdentityHeader] = []string{i.Subject}
	h[DataHeader] = []string{i.Data}
}

// RemoveIdentity takes away every header that an application could take for one
// of the three.
func RemoveIdentity(h http.Header) {
	for name := range h {
		if Spells(name, "x-amzn-oidc-") {
			delete(h, name)
		}
	}
}

// Spells reports whether an application could take a header for one whose name
// begins with a prefix of lower-case letters and hyphens. Servers that make
// variables of headers know no difference of case, nor, many of them, between a
// hyphen and an underscore; some make an underscore of anything but letters and
// digits.
func Spells(name, prefix string) bool {
	if len(name) < len(prefix) {
		return false
	}
	for i := range len(prefix) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		case (c < 'a' || c > 'z') && (c < '0' || c > '9'):
			c = '-'
		}
		if c != prefix[i] {
			return false
		}
	}
	return true
}

// dataHeader is the header of the token, its members in the order of the wire.
type dataHeader struct {
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
	Algorithm string `json:"alg"`
	Issuer    string `json:"iss"`
	Client    string `json:"client"`
	Signer    string `json:"signer"`
	Expires   int64  `json:"exp"`
}

// signData makes the value of x-amzn-oidc-data (§5.1). The padding of base64 stays
// and is signed too, against RFC 7515: that is what applications know.
func signData(key seal.SigningKey, signer string, s *session, now time.Time) (string, error) {
	expires := now.Add(dataLife).Unix()
	head, err := encode(dataHeader{
		Type: "JWT", KeyID: key.ID, Algorithm: "ES256",
		Issuer: s.Issuer, Client: s.ClientID, Signer: signer, Expires: expires,
	})
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	payload, err := dataPayload(s.Claims, s.Issuer, expires)
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	signed := base64.URLEncoding.EncodeToString(head) + "." + base64.URLEncoding.EncodeToString(payload)
	digest := sha256.Sum256([]byte(signed))
	r, t, err := ecdsa.Sign(rand.Reader, key.Key, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign claims: %w", err)
	}
	var signature [64]byte // RFC 7518 §3.4
	r.FillBytes(signature[:32])
	t.FillBytes(signature[32:])
	return signed + "." + base64.URLEncoding.EncodeToString(signature[:]), nil
}

// dataPayload gives the claims in their order, then exp and iss, which are the
// gateway's whatever the provider said.
func dataPayload(claims json.RawMessage, issuer string, expires int64) ([]byte, error) {
	own, err := encode(struct {
		Expires int64  `json:"exp"`
		Issuer  string `json:"iss"`
	}{expires, issuer})
	if err != nil {
		return nil, err
	}
	out := append(make([]byte, 0, len(claims)+len(own)), '{')
	decoder := json.NewDecoder(bytes.NewReader(claims))
	if _, err := decoder.Token(); err != nil { // the brace
		return nil, err
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		if name == "exp" || name == "iss" {
			continue
		}
		key, err := encode(name)
		if err != nil {
			return nil, err
		}
		out = append(append(append(append(out, key...), ':'), value...), ',')
	}
	return append(out, own[1:]...), nil
}

// encode writes JSON as it is sent to applications: without the detours for HTML.
func encode(v any) ([]byte, error) {
	var text strings.Builder
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return []byte(strings.TrimSuffix(text.String(), "\n")), nil
}
