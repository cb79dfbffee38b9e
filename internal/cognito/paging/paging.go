package paging

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"fmt"

	"cognate/internal/api"
)

// Paging makes and opens pagination tokens. Key has 32 bytes; every node of
// an installation must have the same.
type Paging struct{ Key []byte }

// invalid is the answer to every token that was not made for the list
// (spec/errors.md §11).
const invalid = "Invalid pagination token"

// Encode seals the sort key of the last entry of a page. Scope names the list:
// operation, pool and filter. Equal arguments give different tokens.
func (p Paging) Encode(scope string, cursor ...string) string {
	aead, err := p.aead()
	if err != nil {
		panic(fmt.Sprintf("paging: %v", err)) // the key's length is fixed at start-up
	}
	plain, err := json.Marshal(cursor)
	if err != nil {
		panic(fmt.Sprintf("paging: write cursor: %v", err)) // strings always marshal
	}
	return base64.StdEncoding.EncodeToString(aead.Seal(nil, nil, plain, []byte(scope)))
}

// Decode opens a token that Encode made for the same scope. Anything else is
// an InvalidParameterException.
func (p Paging) Decode(token, scope string) ([]string, error) {
	aead, err := p.aead()
	if err != nil {
		return nil, fmt.Errorf("open pagination token: %w", err)
	}
	sealed, err := base64.StdEncoding.Strict().DecodeString(token)
	if err != nil {
		return nil, api.InvalidParameterException(invalid)
	}
	plain, err := aead.Open(nil, nil, sealed, []byte(scope))
	if err != nil {
		return nil, api.InvalidParameterException(invalid)
	}
	var cursor []string
	if err := json.Unmarshal(plain, &cursor); err != nil {
		return nil, fmt.Errorf("open pagination token: %w", err)
	}
	return cursor, nil
}

// After opens a token of a list that is sorted by one thing, and gives what the next
// page begins behind: nothing, which is before all, where there is no token.
func (p Paging) After(token, scope string) (string, error) {
	if token == "" {
		return "", nil
	}
	cursor, err := p.Decode(token, scope)
	if err != nil {
		return "", err
	}
	if len(cursor) != 1 {
		return "", fmt.Errorf("open pagination token: %d parts", len(cursor))
	}
	return cursor[0], nil
}

// aead draws its nonces from the system generator.
func (p Paging) aead() (cipher.AEAD, error) {
	block, err := aes.NewCipher(p.Key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
