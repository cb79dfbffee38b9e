package bearer

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"cognate/internal/gateway/keyset"
	"cognate/internal/gateway/rules"
	"cognate/internal/protocol/jwt"
)

const (
	// skew is how far the clocks of issuer and gateway may be apart.
	skew = 10 * time.Second
	// longestToken bounds a token, in characters. Headers as a whole are bounded
	// before.
	longestToken = 32 << 10
)

// ErrToken says that a request has no token that passes.
var ErrToken = errors.New("the request has no valid token")

// Keys finds the keys of the issuer. Its error wraps keyset.ErrUnknown where there
// is no such key.
type Keys interface {
	Key(ctx context.Context, id string) (*rsa.PublicKey, error)
}

// Validator checks tokens for one action of the rules.
type Validator struct {
	Rules rules.JWT
	Keys  Keys
	Now   func() time.Time
}

// Check checks the token of a request. Errors that wrap ErrToken are the client's;
// others say that the key set cannot be read.
func (v *Validator) Check(ctx context.Context, header http.Header) error {
	token, err := bearerToken(header)
	if err != nil {
		return err
	}
	parsed, err := jwt.Parse(token)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	if parsed.UnverifiedIssuer() != v.Rules.Issuer {
		return fmt.Errorf("%w: it is of another issuer", ErrToken)
	}
	key, err := v.Keys.Key(ctx, parsed.KeyID)
	if errors.Is(err, keyset.ErrUnknown) {
		return fmt.Errorf("%w: %w", ErrToken, err)
	} else if err != nil {
		return fmt.Errorf("check a token: %w", err)
	}
	claims, err := parsed.Verify(key)
	if err == nil {
		err = claims.CheckTime(v.Now(), skew)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	for _, want := range v.Rules.Claims {
		if !satisfied(claims, want) {
			return fmt.Errorf("%w: its claim %s is not as required", ErrToken, want.Name)
		}
	}
	return nil
}

// bearerToken takes the token from the one Authorization header (RFC 6750 §2.1).
func bearerToken(header http.Header) (string, error) {
	values := header["Authorization"]
	if len(values) != 1 {
		return "", fmt.Errorf("%w: %d headers Authorization", ErrToken, len(values))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > longestToken {
		return "", fmt.Errorf("%w: no bearer token", ErrToken)
	}
	return token, nil
}

// satisfied holds a claim against what the rules require: one of the values where
// the claim has one, and all of them where it has several.
func satisfied(claims jwt.Claims, want rules.Claim) bool {
	switch want.Format {
	case rules.SingleString:
		value, ok := claims.String(want.Name)
		return ok && slices.Contains(want.Values, value)
	case rules.StringArray:
		values, ok := claims.Strings(want.Name)
		return ok && holdsAll(values, want.Values)
	case rules.SpaceSeparated:
		value, ok := claims.String(want.Name)
		return ok && holdsAll(strings.Fields(value), want.Values)
	}
	return false
}

func holdsAll(values, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool { return !slices.Contains(values, w) })
}
