package credentials

import (
	"context"

	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/passwordhash"
	"cognate/internal/store"
)

// matchesImported checks a password against the hash that another system made. One
// that cannot be read matches nothing: the user can set a new password.
func (c *Credentials) matchesImported(stored *store.Password, password string) (bool, error) {
	hash, err := passwordhash.Open(stored.Imported)
	if err != nil {
		return false, nil //nolint:nilerr // see above
	}
	var right bool
	busy := c.Cores.DoLong(func() { right, err = hash.Matches(password) })
	return right && err == nil, busy
}

// Adopt puts a verifier in the place of an imported hash that a password was just
// found to match (spec/newest-features.md §14). It answers the user as stored by
// then, and whether the password is the user's still: somebody may have changed it
// meanwhile, or adopted it in another sign-in.
func (c *Credentials) Adopt(ctx context.Context, p *directory.Pool, u *store.User, password string) (*store.User, bool, error) {
	made, err := c.New(p, u.Username, password)
	if err != nil {
		return nil, false, err
	}
	now, err := store.Write(ctx, c.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		now, err := tx.LockUser(ctx, u.PoolID, u.Sub)
		if err != nil || !now.Password.Equal(u.Password) {
			return now, err
		}
		until := now.TemporaryPasswordExpiresAt
		if err := c.Store(ctx, tx, p, now, made); err != nil {
			return nil, err
		}
		now.TemporaryPasswordExpiresAt = until
		return now, tx.SaveUser(ctx, now)
	})
	if err != nil {
		return nil, false, err
	}
	if now.Password.Equal(made) {
		return now, true, nil
	}
	right, err := c.Matches(p, now.Username, now.Password, password)
	return now, right, err
}
