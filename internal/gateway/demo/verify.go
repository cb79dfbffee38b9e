package demo

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"time"
)

// verifier checks x-amzn-oidc-data (load-balancer-auth.md §5.3).
type verifier struct {
	http    *http.Client //nolint:forbidigo // one of internal/outbound
	keysURL string
	signer  string
	issuer  string
	client  string
	now     func() time.Time

	mu   sync.Mutex
	keys map[string]*ecdsa.PublicKey // by id
}

const (
	largestKey = 4 << 10 // in bytes
	mostKeys   = 100
)

// keyID is a UUID: it becomes part of an address.
var keyID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// verify gives header and claims of a token, as they are.
func (v *verifier) verify(ctx context.Context, token string) (header, claims []byte, err error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, nil, errors.New("the token does not have three parts")
	}
	var decoded [3][]byte
	for i, part := range parts {
		if decoded[i], err = base64.URLEncoding.DecodeString(part); err != nil {
			return nil, nil, fmt.Errorf("read part %d of the token: %w", i+1, err)
		}
	}
	var head struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
		Signer    string `json:"signer"`
		Issuer    string `json:"iss"`
		Client    string `json:"client"`
		Expires   int64  `json:"exp"`
	}
	if err := json.Unmarshal(decoded[0], &head); err != nil {
		return nil, nil, fmt.Errorf("read the header of the token: %w", err)
	}
	switch {
	case head.Algorithm != "ES256":
		return nil, nil, fmt.Errorf("the token is signed by %q", head.Algorithm)
	case head.Signer != v.signer || head.Issuer != v.issuer || head.Client != v.client:
		return nil, nil, fmt.Errorf("the token is of another gateway, issuer or client: %s", decoded[0])
	case v.now().Unix() >= head.Expires:
		return nil, nil, errors.New("the token has expired")
	}
	key, err := v.key(ctx, head.KeyID)
	if err != nil {
		return nil, nil, err
	}
	signature := decoded[2]
	if len(signature) != 64 {
		return nil, nil, errors.New("the signature does not have 64 bytes")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if !ecdsa.Verify(key, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		return nil, nil, errors.New("the signature is not that of the key")
	}
	return decoded[0], decoded[1], nil
}

// key gives the key of an id, fetched at the first time.
func (v *verifier) key(ctx context.Context, id string) (*ecdsa.PublicKey, error) {
	if !keyID.MatchString(id) {
		return nil, fmt.Errorf("%.50q is not the id of a key", id)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if key := v.keys[id]; key != nil {
		return key, nil
	}
	key, err := v.fetch(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("fetch key %s: %w", id, err)
	}
	if len(v.keys) >= mostKeys {
		clear(v.keys)
	}
	v.keys[id] = key
	return key, nil
}

func (v *verifier) fetch(ctx context.Context, id string) (*ecdsa.PublicKey, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.keysURL+"/"+id, nil)
	if err != nil {
		return nil, err
	}
	answer, err := v.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, largestKey))
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if answer.StatusCode != http.StatusOK || block == nil || block.Type != "PUBLIC KEY" {
		return nil, fmt.Errorf("the answer is %s and no key", answer.Status)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("the key is not one of ECDSA")
	}
	return key, nil
}
