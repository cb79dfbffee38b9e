package auth

import (
	"context"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"cognate/internal/protocol/jwt"
)

// Keys finds the keys of an issuer.
type Keys interface {
	Key(ctx context.Context, id string) (*rsa.PublicKey, error)
}

// checkIDToken checks the ID token of a sign-in (§2.5). It is thrown away
// afterwards. A nonce in it is none of the gateway's, which asks for none.
func (p *Provider) checkIDToken(ctx context.Context, token string, now time.Time) error {
	if token == "" {
		// No scope asked for one: openid does.
		return &failure{reason: InvalidIDToken, status: 401, err: errors.New("the token endpoint gave no ID token")}
	}
	claims, err := p.idTokenClaims(ctx, token)
	if err != nil {
		return &failure{reason: InvalidIDToken, err: fmt.Errorf("check the ID token: %w", err)}
	}
	audience, several := claims.Strings("aud")
	if !several {
		one, _ := claims.String("aud")
		audience = []string{one}
	}
	issuer, _ := claims.String("iss")
	expires, _ := claims.Time("exp")
	switch {
	case issuer != p.Issuer:
		err = errors.New("it is of another issuer")
	case !slices.Contains(audience, p.ClientID):
		err = errors.New("it is for another client")
	case !now.Before(expires):
		err = errors.New("it has expired")
	default:
		return nil
	}
	return &failure{reason: InvalidIDToken, err: fmt.Errorf("check the ID token: %w", err)}
}

func (p *Provider) idTokenClaims(ctx context.Context, token string) (jwt.Claims, error) {
	if p.Keys == nil {
		return unverifiedClaims(token)
	}
	parsed, err := jwt.Parse(token)
	if err != nil {
		return jwt.Claims{}, err
	}
	key, err := p.Keys.Key(ctx, parsed.KeyID)
	if err != nil {
		return jwt.Claims{}, err
	}
	return parsed.Verify(key)
}

// unverifiedClaims reads a token of any algorithm that came straight from its
// issuer.
func unverifiedClaims(token string) (jwt.Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return jwt.Claims{}, errors.New("it is not a signed token")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return jwt.Claims{}, fmt.Errorf("its claims: %w", err)
	}
	return jwt.ParseClaims(payload)
}
