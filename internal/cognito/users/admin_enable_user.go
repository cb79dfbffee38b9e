package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/store"
)

// AdminEnableUser lets a disabled user sign in again. Tokens and codes from
// before stay dead, also those of a sign-in that was under way when the user was
// disabled and committed after it.
func (o *Operations) AdminEnableUser(ctx context.Context, in *api.AdminEnableUserRequest) (*api.AdminEnableUserResponse, error) {
	if err := o.setEnabled(ctx, in.UserPoolId, in.Username, true); err != nil {
		return nil, err
	}
	return &api.AdminEnableUserResponse{}, nil
}

// AdminDisableUser closes every door at once: no sign-in, and the user's
// tokens and codes are void for good.
func (o *Operations) AdminDisableUser(ctx context.Context, in *api.AdminDisableUserRequest) (*api.AdminDisableUserResponse, error) {
	if err := o.setEnabled(ctx, in.UserPoolId, in.Username, false); err != nil {
		return nil, err
	}
	return &api.AdminDisableUserResponse{}, nil
}

func (o *Operations) setEnabled(ctx context.Context, poolID, username string, enabled bool) error {
	pool, err := o.Directory.Pool(ctx, poolID)
	if err != nil {
		return err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		u, err := o.lock(ctx, tx, pool, username)
		if err != nil {
			return nothing{}, err
		}
		if u.Enabled && enabled {
			return nothing{}, o.save(ctx, tx, u)
		}
		u.Enabled = enabled
		if err := o.save(ctx, tx, u); err != nil {
			return nothing{}, err
		}
		if err := o.Codes.VoidAll(ctx, tx, pool.ID, limits.Subject(u, "")); err != nil {
			return nothing{}, err
		}
		if err := tx.EndSSOSessionsOfUser(ctx, pool.ID, u.Sub); err != nil {
			return nothing{}, err
		}
		_, err = tx.RevokeUserFamilies(ctx, pool.ID, u.Sub, o.Now())
		return nothing{}, err
	})
	return err
}
