package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// UpdateUserAttributes changes attributes of the token's user, as far as the
// client may write them.
func (o *Operations) UpdateUserAttributes(ctx context.Context, in *api.UpdateUserAttributesRequest) (*api.UpdateUserAttributesResponse, error) {
	bearer, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	for _, a := range in.UserAttributes {
		if _, known := bearer.Pool.Schema.Lookup(a.Name); known && !bearer.Client.Writable(a.Name) {
			return nil, unauthorizedWrite()
		}
	}
	if err := bearer.Pool.Schema.CheckUpdate(in.UserAttributes); err != nil {
		return nil, err
	}
	sent, err := mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) ([]api.CodeDeliveryDetailsType, error) {
		u, err := lockBearer(ctx, tx, bearer)
		if err != nil {
			return nil, err
		}
		before := addressesOf(u)
		sent, err := o.update(ctx, tx, letter{out: out, pool: bearer.Pool, client: bearer.Client, user: u}, in.UserAttributes)
		if err != nil {
			return nil, err
		}
		return sent, o.tellOfMove(ctx, tx, bearer.Pool, before, u)
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateUserAttributesResponse{CodeDeliveryDetailsList: sent}, nil
}

// AdminUpdateUserAttributes changes attributes of a user, verified flags
// included.
func (o *Operations) AdminUpdateUserAttributes(ctx context.Context, in *api.AdminUpdateUserAttributesRequest) (*api.AdminUpdateUserAttributesResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	_, err = mailing(ctx, o, in.ClientMetadata, func(ctx context.Context, tx *store.Tx, out *outgoing) (nothing, error) {
		u, err := o.lock(ctx, tx, pool, in.Username)
		if err != nil {
			return nothing{}, err
		}
		if err := pool.Schema.CheckUpdate(in.UserAttributes); err != nil {
			return nothing{}, err
		}
		_, err = o.update(ctx, tx, letter{out: out, pool: pool, user: u}, in.UserAttributes)
		return nothing{}, err
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminUpdateUserAttributesResponse{}, nil
}

// lockBearer locks the token's user, who may have been disabled since the
// token was checked.
func lockBearer(ctx context.Context, tx *store.Tx, bearer *tokens.Bearer) (*store.User, error) {
	u, err := tx.LockUser(ctx, bearer.Pool.ID, bearer.User.Sub)
	if err == nil && !u.Enabled {
		err = api.NotAuthorizedException("User is disabled.")
	}
	return u, err
}
