package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// AdminConfirmSignUp confirms a user without a code. It verifies no address.
func (o *Operations) AdminConfirmSignUp(ctx context.Context, in *api.AdminConfirmSignUpRequest) (*api.AdminConfirmSignUpResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	confirmed, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		u, err := o.lock(ctx, tx, pool, in.Username)
		if err != nil {
			return nil, err
		}
		if u.Status != api.UserStatusTypeUnconfirmed {
			return nil, api.NotAuthorizedException("User cannot be confirmed. Current status is %s", u.Status)
		}
		u.Status = api.UserStatusTypeConfirmed
		return u, o.save(ctx, tx, u)
	})
	if err != nil {
		return nil, err
	}
	on := triggers.Occasion{Pool: pool, Username: confirmed.Username, User: confirmed, Metadata: in.ClientMetadata}
	if err := o.Triggers.PostConfirmation(ctx, on, triggers.AfterSignUp); err != nil {
		return nil, err
	}
	return &api.AdminConfirmSignUpResponse{}, nil
}
