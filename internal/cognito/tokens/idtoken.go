package tokens

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"

	"cognate/internal/api"
	"cognate/internal/protocol/jwt"
)

var (
	// ErrIssuer says that a token is of another pool.
	ErrIssuer = errors.New("tokens: token of another issuer")
	// ErrInactive says that the sign-in of a token has ended, or its user may not
	// sign in any more.
	ErrInactive = errors.New("tokens: the sign-in is no longer good")
)

// PoolOf gives the id of the pool of this installation that has an issuer, or "".
// There need not be a pool of that id.
func (t *Tokens) PoolOf(issuer string) string {
	if id := poolIn(issuer); id != "" && t.Issuer(id) == issuer {
		return id
	}
	return ""
}

// Claims checks signature, issuer and times of a token of a pool, of either use
// (identity-pools.md A4), and gives what it says. Whom it is for is left to the
// caller. Errors are those of package jwt and ErrIssuer, wrapped, and
// ResourceNotFoundException when there is no such pool.
func (t *Tokens) Claims(ctx context.Context, poolID, token string) (jwt.Claims, error) {
	parsed, err := jwt.Parse(token)
	if err != nil {
		return jwt.Claims{}, err
	}
	if parsed.UnverifiedIssuer() != t.Issuer(poolID) {
		return jwt.Claims{}, ErrIssuer
	}
	pool, err := t.Directory.Pool(ctx, poolID)
	if err != nil {
		return jwt.Claims{}, err
	}
	keys, err := t.keysOf(ctx, pool)
	if err != nil {
		return jwt.Claims{}, err
	}
	var key *rsa.PublicKey
	public, known := keys.uses[parsed.KeyID]
	if known {
		key = public.key
	}
	claims, err := parsed.Verify(key)
	if err != nil {
		return jwt.Claims{}, err
	}
	if use, _ := claims.String("token_use"); use != public.use {
		return jwt.Claims{}, fmt.Errorf("%w: signed with a key for %s tokens", jwt.ErrSignature, public.use)
	}
	return claims, claims.CheckTime(t.Now(), 0)
}

// CheckActive tells by ErrInactive that the sign-in of an ID token has been ended
// or revoked, or that its user is disabled or gone.
func (t *Tokens) CheckActive(ctx context.Context, poolID string, claims jwt.Claims) error {
	pool, err := t.Directory.Pool(ctx, poolID)
	if err != nil {
		return err
	}
	sub, _ := claims.String("sub")
	clientID, _ := claims.String("aud")
	family, ok := claims.String("origin_jti")
	if !ok {
		family, _ = claims.String("event_id")
	}
	err = t.load(ctx, &Bearer{Pool: pool, FamilyID: family}, sub, clientID)
	if _, ok := errors.AsType[*api.Error](err); ok {
		return fmt.Errorf("%w: %w", ErrInactive, err)
	}
	return err
}
