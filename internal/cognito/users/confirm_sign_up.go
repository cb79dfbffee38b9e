package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// ConfirmSignUp confirms a user by the code of the sign-up, and with it the
// address that the code was sent to.
func (o *Operations) ConfirmSignUp(ctx context.Context, in *api.ConfirmSignUpRequest) (*api.ConfirmSignUpResponse, error) {
	client, err := o.client(ctx, in.ClientId, in.Username, in.SecretHash)
	if err != nil {
		return nil, err
	}
	began, err := o.checkSignUpSession(client, in.Session)
	if err != nil {
		return nil, err
	}
	factor := ""
	confirmed, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		u, subject, err := o.publicUser(ctx, tx, client, in.Username)
		if err != nil {
			return nil, err
		}
		at := codes.Slot{PoolID: client.Pool.ID, Subject: subject, Purpose: codes.SignUp}
		if err := o.Limits.Count(ctx, tx, at.PoolID, subject, limits.ConfirmSignUp); err != nil {
			return nil, err
		}
		if u == nil || !u.Enabled && client.HidesExistence() || u.Status != api.UserStatusTypeUnconfirmed && client.HidesSignUps() {
			return nil, o.tryDecoy(ctx, tx, at, in.ConfirmationCode)
		}
		if err := checkConfirmable(u); err != nil {
			return nil, counted(err)
		}
		u, proved, err := o.redeem(ctx, tx, at, u.Sub, in.ConfirmationCode)
		if err != nil {
			return nil, err
		}
		if err := checkConfirmable(u); err != nil {
			return nil, err
		}
		factor = factorOf(proved.attribute)
		return u, o.confirm(ctx, tx, client.Pool, u, proved, in.ForceAliasCreation)
	})
	if err != nil {
		return nil, err
	}
	if err := o.Triggers.PostConfirmation(ctx, triggers.Of(client, confirmed, in.ClientMetadata), triggers.AfterSignUp); err != nil {
		return nil, err
	}
	session, err := o.afterConfirmation(client, confirmed, factor, began)
	if err != nil {
		return nil, err
	}
	return &api.ConfirmSignUpResponse{Session: session}, nil
}

// checkConfirmable refuses users who are not waiting for their confirmation.
func checkConfirmable(u *store.User) error {
	if !u.Enabled {
		return api.NotAuthorizedException("User is disabled.")
	}
	if u.Status != api.UserStatusTypeUnconfirmed {
		return api.NotAuthorizedException("User cannot be confirmed. Current status is %s", u.Status)
	}
	return nil
}

// confirm makes the user confirmed and the address verified. The code stays
// good when somebody else owns the address, so that the caller may try again
// with force.
func (o *Operations) confirm(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, proved address, force bool) error {
	if current(u, proved.attribute) != proved {
		return counted(codes.Expired()) // the address has changed since
	}
	u.Status = api.UserStatusTypeConfirmed
	u.Attributes.Set(attributes.VerifiedFlag(proved.attribute), "true")
	if err := o.claimAlias(ctx, tx, pool, u, force); err != nil {
		return err
	}
	return o.save(ctx, tx, u)
}
