package users

import (
	"context"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
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
		federated := u.Status == api.UserStatusTypeExternalProvider
		u.Status = api.UserStatusTypeConfirmed
		if !in.Permanent {
			u.Status, until = api.UserStatusTypeForceChangePassword, o.temporaryUntil(pool)
		}
		if federated {
			if err := claimFree(ctx, tx, pool, u); err != nil {
				return nothing{}, err
			}
		}
		return nothing{}, o.setPassword(ctx, tx, pool, u, password, until)
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminSetUserPasswordResponse{}, nil
}

// claimFree gives a user who came from an external provider the sign-in names of a
// local one, except those that belong to somebody else.
func claimFree(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User) error {
	names := attributes.SignInNames(pool.Config(), u)
	for {
		taken, _, err := tx.SetNames(ctx, u.PoolID, u.Sub, names)
		if err != nil || taken == nil {
			return err
		}
		names = slices.DeleteFunc(names, func(n store.Name) bool { return n.Name == taken.Name })
	}
}
