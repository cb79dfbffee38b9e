package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// DeleteUserAttributes removes attributes of the token's user, as far as the
// client may write them. With an address goes its verified flag.
func (o *Operations) DeleteUserAttributes(ctx context.Context, in *api.DeleteUserAttributesRequest) (*api.DeleteUserAttributesResponse, error) {
	bearer, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	for _, name := range in.UserAttributeNames {
		if _, known := bearer.Pool.Schema.Lookup(name); known && !bearer.Client.Writable(name) {
			return nil, unauthorizedWrite()
		}
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		u, err := lockBearer(ctx, tx, bearer)
		if err != nil {
			return nothing{}, err
		}
		before := addressesOf(u)
		if err := o.dropAll(ctx, tx, bearer.Pool, u, in.UserAttributeNames); err != nil {
			return nothing{}, err
		}
		return nothing{}, o.tellOfMove(ctx, tx, bearer.Pool, before, u)
	})
	if err != nil {
		return nil, err
	}
	return &api.DeleteUserAttributesResponse{}, nil
}

// AdminDeleteUserAttributes removes attributes of a user.
func (o *Operations) AdminDeleteUserAttributes(ctx context.Context, in *api.AdminDeleteUserAttributesRequest) (*api.AdminDeleteUserAttributesResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		u, err := o.lock(ctx, tx, pool, in.Username)
		if err != nil {
			return nothing{}, err
		}
		return nothing{}, o.dropAll(ctx, tx, pool, u, in.UserAttributeNames)
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminDeleteUserAttributesResponse{}, nil
}

func (o *Operations) dropAll(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, names []string) error {
	if err := pool.Schema.CheckDelete(names); err != nil {
		return err
	}
	for _, name := range names {
		drop(u, name)
	}
	if err := checkNames(pool.Config(), u); err != nil {
		return err
	}
	if err := o.claimAlias(ctx, tx, pool, u, false); err != nil {
		return err
	}
	return o.save(ctx, tx, u)
}
