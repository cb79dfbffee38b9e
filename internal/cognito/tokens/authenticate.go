package tokens

import (
	"context"
	"crypto/rsa"
	"errors"
	"slices"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

// Bearer is who an access token stands for.
type Bearer struct {
	Pool     *directory.Pool
	Client   *directory.Client
	User     *store.User // nil: a client that acts for itself
	FamilyID string
	AuthTime time.Time
	Scopes   []string
	Factors  []string // that the sign-in was completed with, see SignIn
	// DeviceKey is the key that the sign-in was given or brought, or empty.
	DeviceKey string
}

func errInvalid() error { return api.NotAuthorizedException("Invalid Access Token") }

// Authenticate checks an access token for the operations on its own user:
// signature, use, issuer, time, scope, revocation, and that the user exists and is
// enabled (tokens.md §8, whose texts it answers with).
func (t *Tokens) Authenticate(ctx context.Context, accessToken string) (*Bearer, error) {
	return t.authenticate(ctx, accessToken, "", SelfServiceScope)
}

// ErrScope is the answer to tokens that are good but for something else.
var ErrScope = errors.New("tokens: access token without the scope needed")

// AuthenticateAt checks an access token for an endpoint of a pool's domain as
// Authenticate does: it must be of that pool, and have a scope, else the answer is
// ErrScope.
func (t *Tokens) AuthenticateAt(ctx context.Context, poolID, accessToken, scope string) (*Bearer, error) {
	return t.authenticate(ctx, accessToken, poolID, scope)
}

// authenticate takes tokens of any pool when poolID is empty.
func (t *Tokens) authenticate(ctx context.Context, accessToken, poolID, scope string) (*Bearer, error) {
	b, claims, err := t.verify(ctx, accessToken)
	switch {
	case err != nil:
		return nil, err
	case poolID != "" && b.Pool.ID != poolID:
		return nil, errInvalid()
	case !slices.Contains(b.Scopes, scope):
		return nil, api.NotAuthorizedException("Access Token does not have required scopes").Because(ErrScope)
	}
	sub, _ := claims.String("sub")
	clientID, _ := claims.String("client_id")
	if b.FamilyID == "" && sub == clientID && scope == ScopeRegister { // of a machine
		b.Client, err = t.client(ctx, b.Pool.ID, clientID)
		return b, err
	}
	if err := t.load(ctx, b, sub, clientID); err != nil {
		return nil, err
	}
	return b, nil
}

// client finds the client of a token. Tokens go with their client.
func (t *Tokens) client(ctx context.Context, poolID, clientID string) (*directory.Client, error) {
	client, err := t.Directory.PoolClient(ctx, poolID, clientID)
	if api.HasCode(err, "ResourceNotFoundException") {
		return nil, errRevoked()
	}
	return client, err
}

// verify does what needs no database: it finds pool and key, and checks the
// signature and the claims.
func (t *Tokens) verify(ctx context.Context, accessToken string) (*Bearer, jwt.Claims, error) {
	token, err := jwt.Parse(accessToken)
	if err != nil {
		return nil, jwt.Claims{}, errInvalid()
	}
	pool, err := t.poolOf(ctx, token.UnverifiedIssuer())
	if err != nil {
		return nil, jwt.Claims{}, err
	}
	keys, err := t.keysOf(ctx, pool)
	if err != nil {
		return nil, jwt.Claims{}, err
	}
	var key *rsa.PublicKey
	public, known := keys.uses[token.KeyID]
	if known {
		key = public.key
	}
	claims, err := token.Verify(key)
	if err != nil {
		return nil, jwt.Claims{}, api.NotAuthorizedException("Could not verify signature for Access Token")
	}
	use, _ := claims.String("token_use")
	if public.use != store.KeyUseAccess || use != store.KeyUseAccess {
		return nil, jwt.Claims{}, errInvalid()
	}
	switch err := claims.CheckTime(t.Now(), 0); {
	case errors.Is(err, jwt.ErrExpired):
		return nil, jwt.Claims{}, api.NotAuthorizedException("Access Token has expired")
	case err != nil || !claims.Has("iat"):
		return nil, jwt.Claims{}, errInvalid()
	}
	authTime, _ := claims.Time("auth_time")
	scope, _ := claims.String("scope")
	family, ok := claims.String("origin_jti")
	if !ok {
		family, _ = claims.String("event_id")
	}
	return &Bearer{Pool: pool, FamilyID: family, AuthTime: authTime, Scopes: strings.Fields(scope)}, claims, nil
}

// poolOf finds the pool that an issuer names. Only the issuer as this
// installation writes it counts.
func (t *Tokens) poolOf(ctx context.Context, issuer string) (*directory.Pool, error) {
	poolID := poolIn(issuer)
	if poolID == "" || t.Issuer(poolID) != issuer {
		return nil, errInvalid()
	}
	pool, err := t.Directory.Pool(ctx, poolID)
	if api.HasCode(err, "ResourceNotFoundException") {
		return nil, errInvalid()
	}
	return pool, err
}

// poolIn finds what looks like a pool id in an issuer: the last segment of the
// path that has an underscore.
func poolIn(issuer string) string {
	found := ""
	for segment := range strings.SplitSeq(issuer, "/") {
		if region, name, ok := strings.Cut(segment, "_"); ok && region != "" && name != "" {
			found = segment
		}
	}
	return found
}

// load reads the family of a token with its user and completes the bearer.
func (t *Tokens) load(ctx context.Context, b *Bearer, sub, clientID string) error {
	var family *store.Family
	_, err := store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (found bool, err error) {
		family, b.User, found, err = tx.SessionUser(ctx, b.Pool.ID, b.FamilyID)
		if err != nil || found {
			return found, err
		}
		// The family goes with its user. If there still is one, it was ended.
		if _, err := tx.UserBySub(ctx, b.Pool.ID, sub); err != nil {
			return false, err
		}
		return false, errRevoked()
	})
	switch {
	case err != nil:
		return err
	case family.Sub != sub || family.ClientID != clientID:
		return errInvalid()
	case !b.User.Enabled:
		return api.NotAuthorizedException("User is disabled.")
	case !family.RevokedAt.IsZero():
		return errRevoked()
	}
	b.DeviceKey = family.DeviceKey
	if b.Factors, err = factorsOf(family); err != nil {
		return err
	}
	b.Client, err = t.client(ctx, b.Pool.ID, clientID)
	return err
}

func errRevoked() error { return api.NotAuthorizedException("Access Token has been revoked") }
