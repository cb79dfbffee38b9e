package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/store"
)

// DeleteUser removes the token's user.
func (o *Operations) DeleteUser(ctx context.Context, in *api.DeleteUserRequest) error {
	bearer, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		return nothing{}, o.remove(ctx, tx, bearer.User)
	})
	return err
}

// AdminDeleteUser removes a user.
func (o *Operations) AdminDeleteUser(ctx context.Context, in *api.AdminDeleteUserRequest) error {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		u, err := o.lock(ctx, tx, pool, in.Username)
		if err != nil {
			return nothing{}, err
		}
		return nothing{}, o.remove(ctx, tx, u)
	})
	return err
}

// remove deletes all that is kept of a user but the counters, which would
// otherwise let the same person try again.
func (o *Operations) remove(ctx context.Context, tx *store.Tx, u *store.User) error {
	if err := o.Codes.VoidAll(ctx, tx, u.PoolID, limits.Subject(u, "")); err != nil {
		return err
	}
	return tx.DeleteUser(ctx, u.PoolID, u.Sub)
}
