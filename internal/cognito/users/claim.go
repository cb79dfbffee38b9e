package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/aliases"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// claim is aliases.Claim at the present time.
func (o *Operations) claim(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, force bool) (*store.Name, error) {
	return aliases.Claim(ctx, tx, o.Now(), pool, u, force)
}

// claimAlias is claim where the user exists already: a name of somebody else
// is an AliasExistsException.
func (o *Operations) claimAlias(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, force bool) error {
	taken, err := o.claim(ctx, tx, pool, u, force)
	if err != nil {
		return err
	}
	if taken != nil {
		return attributes.Taken(api.AliasExistsException, taken.Kind)
	}
	return nil
}
