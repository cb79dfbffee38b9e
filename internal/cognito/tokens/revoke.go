package tokens

import (
	"context"
	"errors"

	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

// Errors of Revoke; each door has its own words for them.
var (
	// ErrNotRefreshToken says that the token is an access or ID token.
	ErrNotRefreshToken = errors.New("tokens: not a refresh token")
	// ErrOtherClient says that the token was issued to another client.
	ErrOtherClient = errors.New("tokens: token of another client")
)

// Revoke ends the family of a refresh token: the token itself, its successors
// and every access and ID token with the same origin (tokens.md §11). Tokens that
// are unknown, expired or revoked already are no error. With linked, and while the
// pool tracks sessions, the browser's session that they came from ends as well
// (newest-features.md §5.1).
func (t *Tokens) Revoke(ctx context.Context, c *directory.Client, refreshToken string, linked bool) error {
	if !looksLikeRefreshToken(refreshToken) {
		if _, err := jwt.Parse(refreshToken); err == nil {
			return ErrNotRefreshToken
		}
		return nil
	}
	digest := Digest(refreshToken)
	_, err := store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		found, ok, err := tx.RefreshToken(ctx, c.PoolID, digest)
		if err != nil || !ok {
			return false, err
		}
		if found.Family.ClientID != c.ID {
			return false, ErrOtherClient
		}
		if linked && c.Pool.TracksSessions() && found.Family.SSOID != "" {
			if _, err := tx.EndSSOSession(ctx, c.PoolID, found.Family.SSOID); err != nil {
				return false, err
			}
		}
		return tx.RevokeFamily(ctx, c.PoolID, found.Family.ID, t.Now())
	})
	return err
}

// RevokeAll ends every family of a user, for all clients (GlobalSignOut).
func (t *Tokens) RevokeAll(ctx context.Context, user *store.User) error {
	_, err := store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.RevokeUserFamilies(ctx, user.PoolID, user.Sub, t.Now())
	})
	return err
}
