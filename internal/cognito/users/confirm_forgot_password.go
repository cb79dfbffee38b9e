package users

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// ConfirmForgotPassword sets a new password by the code of ForgotPassword or
// AdminResetUserPassword. Tokens that exist stay valid.
//
// The attempt is counted and the code looked at first; only for the right one
// a verifier is made, between two transactions. So neither the time of an
// answer nor many attempts at once tell more than the limit allows.
func (o *Operations) ConfirmForgotPassword(ctx context.Context, in *api.ConfirmForgotPasswordRequest) (*api.ConfirmForgotPasswordResponse, error) {
	client, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	pool := client.Pool
	if err := o.Credentials.CheckPolicy(pool, in.Password); err != nil {
		return nil, err
	}
	if err := o.Threats.CheckPassword(ctx, pool, client, api.EventFilterTypePasswordChange, in.Password); err != nil {
		return nil, err
	}
	known, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.tryReset(ctx, tx, client, in)
	})
	if err != nil {
		return nil, err
	}
	password, err := o.makePassword(ctx, pool, known, in.Password)
	if err != nil {
		return nil, err
	}
	u, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		u, proved, err := o.redeem(ctx, tx, resetSlot(known), known.Sub, in.ConfirmationCode)
		if err != nil {
			return nil, err
		}
		if err := o.recover(ctx, tx, pool, u, proved, password); err != nil {
			return u, err
		}
		from := threats.PublicContext(in.UserContextData)
		return u, o.Threats.Note(ctx, tx, api.EventTypePasswordChange, client, u, from, api.EventResponseTypePass)
	})
	if err != nil {
		return nil, err
	}
	if err := o.Triggers.PostConfirmation(ctx, triggers.Of(client, u, in.ClientMetadata), triggers.AfterReset); err != nil {
		return nil, err
	}
	return &api.ConfirmForgotPasswordResponse{}, nil
}

// tryReset counts an attempt, and gives the user when the code is the right
// one.
func (o *Operations) tryReset(ctx context.Context, tx *store.Tx, client *directory.Client, in *api.ConfirmForgotPasswordRequest) (*store.User, error) {
	sub, subject, err := o.publicOwner(ctx, tx, client, in.Username)
	if err != nil {
		return nil, err
	}
	at := codes.Slot{PoolID: client.Pool.ID, Subject: subject, Purpose: codes.Reset}
	if err := o.Limits.Count(ctx, tx, at.PoolID, subject, limits.ConfirmForgotPassword); err != nil {
		return nil, err
	}
	if err := checkDisabled(ctx, tx, client, sub); err != nil {
		return nil, counted(err)
	}
	if _, err := o.Codes.Check(ctx, tx, at, in.ConfirmationCode); err != nil {
		return nil, counted(err)
	}
	return tx.UserBySub(ctx, at.PoolID, sub)
}

// checkDisabled tells a client that does not hide who exists about users who
// are disabled. Others learn nothing: disabling voided the code.
func checkDisabled(ctx context.Context, tx *store.Tx, client *directory.Client, sub string) error {
	if client.HidesExistence() {
		return nil
	}
	u, err := tx.UserBySub(ctx, client.Pool.ID, sub)
	if err == nil && !u.Enabled {
		err = api.NotAuthorizedException("User is disabled.")
	}
	return err
}

// recover gives the user the new password, after the code was right. Nothing
// is used up when the user may not have it.
func (o *Operations) recover(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, proved address, password *store.Password) error {
	if u.Status == api.UserStatusTypeUnconfirmed {
		return api.UserNotConfirmedException("User is not confirmed.")
	}
	if current(u, proved.attribute) != proved || !verified(u, proved.attribute) {
		return counted(codes.Expired()) // the address is not the user's any more
	}
	if err := checkResettable(u); err != nil {
		return err
	}
	u.Status = api.UserStatusTypeConfirmed
	return o.setPassword(ctx, tx, pool, u, password, time.Time{})
}

// resetSlot is the place of the code that resets a user's password.
func resetSlot(u *store.User) codes.Slot {
	return codes.Slot{PoolID: u.PoolID, Subject: limits.Subject(u, ""), Purpose: codes.Reset}
}
