package users

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

// AdminSetUserPassword sets a password: for good, or one that the user has to
// replace at the next sign-in. Tokens that exist stay valid.
func (o *Operations) AdminSetUserPassword(ctx context.Context, in *api.AdminSetUserPasswordRequest) (*api.AdminSetUserPasswordResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	known, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.Directory.User(ctx, tx, pool, in.Username)
	})
	if err != nil {
		return nil, err
	}
	if err := o.Credentials.CheckPolicy(pool, in.Password); err != nil {
		return nil, err
	}
	if err := o.Threats.CheckPassword(ctx, pool, nil, api.EventFilterTypePasswordChange, in.Password); err != nil {
		return nil, err
	}
	password, err := o.makePassword(ctx, pool, known, in.Password)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		u, err := tx.LockUser(ctx, pool.ID, known.Sub)
		if err != nil {
			return nothing{}, err
		}
		until := time.Time{}
		u.Status = api.UserStatusTypeConfirmed
		if !in.Permanent {
			u.Status, until = api.UserStatusTypeForceChangePassword, o.temporaryUntil(pool)
		}
		return nothing{}, o.setPassword(ctx, tx, pool, u, password, until)
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminSetUserPasswordResponse{}, nil
}
