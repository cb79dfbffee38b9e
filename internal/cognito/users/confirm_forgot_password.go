package users

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// ConfirmForgotPassword sets a new password by the code of ForgotPassword or
// AdminResetUserPassword. Tokens that exist stay valid.
func (o *Operations) ConfirmForgotPassword(ctx context.Context, in *api.ConfirmForgotPasswordRequest) (*api.ConfirmForgotPasswordResponse, error) {
	client, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	if err := triggers.Require(client.Pool, triggers.PostConfirmation); err != nil {
		return nil, err
	}
	if err := o.Credentials.CheckPolicy(client.Pool, in.Password); err != nil {
		return nil, err
	}
	password, err := o.passwordForCode(ctx, client, in)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		u, subject, err := o.publicUser(ctx, tx, client, in.Username)
		if err != nil {
			return nothing{}, err
		}
		at := codes.Slot{PoolID: client.Pool.ID, Subject: subject, Purpose: codes.Reset}
		if err := o.Limits.Count(ctx, tx, at.PoolID, subject, limits.ConfirmForgotPassword); err != nil {
			return nothing{}, err
		}
		if u == nil || !u.Enabled && client.HidesExistence() {
			return nothing{}, o.tryDecoy(ctx, tx, at, in.ConfirmationCode)
		}
		if !u.Enabled {
			return nothing{}, counted(api.NotAuthorizedException("User is disabled."))
		}
		detail, err := o.Codes.Redeem(ctx, tx, at, in.ConfirmationCode)
		if err != nil {
			return nothing{}, counted(err)
		}
		return nothing{}, o.recover(ctx, tx, client.Pool, u, addressOf(detail), password)
	})
	if err != nil {
		return nil, err
	}
	return &api.ConfirmForgotPasswordResponse{}, nil
}

// newPassword is a password that was made for one user.
type newPassword struct {
	sub string
	*store.Password
}

// passwordForCode makes the verifier of the new password, outside of the
// transaction that decides, when the code is the right one. With a wrong code
// there is nothing to make; the transaction then gives the answer.
func (o *Operations) passwordForCode(ctx context.Context, client *directory.Client, in *api.ConfirmForgotPasswordRequest) (newPassword, error) {
	u, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		u, err := o.Directory.User(ctx, tx, client.Pool, in.Username)
		subject := limits.Subject(u, client.Pool.Fold(in.Username))
		if err != nil && !unknown(err) {
			return nil, err
		}
		at := codes.Slot{PoolID: client.Pool.ID, Subject: subject, Purpose: codes.Reset}
		if _, wrong := o.Codes.Check(ctx, tx, at, in.ConfirmationCode); wrong != nil || u == nil {
			return nil, nil //nolint:nilerr // the transaction answers for a wrong code
		}
		return u, nil
	})
	if err != nil || u == nil {
		return newPassword{}, err
	}
	made, err := o.makePassword(ctx, client.Pool, u, in.Password)
	return newPassword{u.Sub, made}, err
}

// recover gives the user the new password, after the code was right. Nothing
// is used up when the user may not have it.
func (o *Operations) recover(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, proved address, password newPassword) error {
	switch {
	case u.Status == api.UserStatusTypeUnconfirmed:
		return api.UserNotConfirmedException("User is not confirmed.")
	case current(u, proved.attribute) != proved || !verified(u, proved.attribute):
		return counted(codes.Expired()) // the address is not the user's any more
	case password.sub != u.Sub:
		return codes.Expired() // the code was issued after the first look
	}
	if err := checkResettable(u); err != nil {
		return err
	}
	u.Status = api.UserStatusTypeConfirmed
	return o.setPassword(ctx, tx, pool, u, password.Password, time.Time{})
}
