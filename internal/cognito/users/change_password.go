package users

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/threats"
	"cognate/internal/store"
)

// ChangePassword replaces the password of the token's user. The tokens stay
// valid.
func (o *Operations) ChangePassword(ctx context.Context, in *api.ChangePasswordRequest) (*api.ChangePasswordResponse, error) {
	bearer, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	pool, u := bearer.Pool, bearer.User
	if err := checkChangeable(u); err != nil {
		return nil, err
	}
	if in.PreviousPassword == nil && u.Password != nil {
		return nil, api.InvalidParameterException(
			"1 validation error detected: Value at 'previousPassword' failed to satisfy constraint: Member must not be null")
	}
	if err := o.countAlone(ctx, pool.ID, limits.Subject(u, ""), limits.ChangePassword); err != nil {
		return nil, err
	}
	if u.Password != nil {
		right, err := o.Credentials.Matches(pool, u.Username, u.Password, *in.PreviousPassword)
		if err != nil {
			return nil, err
		}
		if !right {
			return nil, api.NotAuthorizedException("Incorrect username or password.")
		}
	}
	if err := o.Credentials.CheckPolicy(pool, in.ProposedPassword); err != nil {
		return nil, err
	}
	if err := o.Threats.CheckPassword(ctx, pool, bearer.Client, api.EventFilterTypePasswordChange, in.ProposedPassword); err != nil {
		return nil, err
	}
	password, err := o.makePassword(ctx, pool, u, in.ProposedPassword)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		now, err := tx.LockUser(ctx, pool.ID, u.Sub)
		if err != nil {
			return nothing{}, err
		}
		if err := checkChangeable(now); err != nil {
			return nothing{}, err
		}
		if !now.Password.Equal(u.Password) || !now.Enabled {
			return nothing{}, api.NotAuthorizedException("Incorrect username or password.")
		}
		if err := o.setPassword(ctx, tx, pool, now, password, time.Time{}); err != nil {
			return nothing{}, err
		}
		if err := o.notices().Send(ctx, tx, pool, now, messages.PasswordChanged); err != nil {
			return nothing{}, err
		}
		return nothing{}, o.Threats.Note(ctx, tx, api.EventTypePasswordChange, bearer.Client, now, threats.Context{}, api.EventResponseTypePass)
	})
	if err != nil {
		return nil, err
	}
	return &api.ChangePasswordResponse{}, nil
}

// checkChangeable refuses users who have to replace their password in another
// way; tokens from before do not get them around it (spec/security.md S054). Users
// whom a provider vouches for have no password to change.
func checkChangeable(u *store.User) error {
	switch {
	case u.Status == api.UserStatusTypeResetRequired:
		return api.PasswordResetRequiredException("Password reset required for the user")
	case u.PasswordBlocked, u.Status == api.UserStatusTypeForceChangePassword, u.Status == api.UserStatusTypeExternalProvider:
		return api.NotAuthorizedException("User password cannot be reset in the current state.")
	}
	return nil
}

// countAlone counts an attempt in a transaction of its own, before work that
// must stay outside of one.
func (o *Operations) countAlone(ctx context.Context, poolID, subject string, kind limits.Kind) error {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		return nothing{}, o.Limits.Count(ctx, tx, poolID, subject, kind)
	})
	return err
}
