package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/messages"
	"cognate/internal/store"
)

// AdminResetUserPassword makes the user choose a new password: the old one
// signs nobody in any more, and a reset code is sent.
func (o *Operations) AdminResetUserPassword(ctx context.Context, in *api.AdminResetUserPasswordRequest) (*api.AdminResetUserPasswordResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	_, err = mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) (nothing, error) {
		u, err := o.lock(ctx, tx, pool, in.Username)
		if err != nil {
			return nothing{}, err
		}
		to, err := adminResetAddress(pool.Config(), u)
		if err != nil {
			return nothing{}, err
		}
		u.Status = api.UserStatusTypeResetRequired
		if err := o.save(ctx, tx, u); err != nil {
			return nothing{}, err
		}
		_, err = o.sendCode(ctx, tx, resetSlot(u), letter{out: out, purpose: messages.ForgotPassword, pool: pool, user: u, to: to})
		return nothing{}, undeliverable(to.medium(), err)
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminResetUserPasswordResponse{}, nil
}

// adminResetAddress checks that the user can be made to choose a new password
// and gives the address for the code. An administrator is not bound by a pool
// that lets only administrators reset.
func adminResetAddress(config *api.UserPoolType, u *store.User) (address, error) {
	if err := checkResettable(u); err != nil {
		return address{}, err
	}
	if u.Status == api.UserStatusTypeUnconfirmed {
		return address{}, api.NotAuthorizedException("User password cannot be reset in the current state.")
	}
	channels := recoveryChannels(config)
	if channels == nil {
		channels = []string{attributes.PhoneNumber, attributes.Email}
	}
	return recoveryAddress(config, u, channels)
}
