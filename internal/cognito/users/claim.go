package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// claim makes the user's sign-in names those that the attributes give. It
// answers the first name that belongs to somebody else. With force, a verified
// address of another user is taken over instead: that user's address becomes
// unverified and is no sign-in name any more (spec/users-and-pools.md §4).
func (o *Operations) claim(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, force bool) (*store.Name, error) {
	for {
		taken, owner, err := tx.SetNames(ctx, pool.ID, u.Sub, attributes.SignInNames(pool.Config(), u))
		if err != nil || taken == nil {
			return nil, err
		}
		if !force || attributes.VerifiedFlag(taken.Kind) == "" {
			return taken, nil
		}
		moved, err := o.giveUp(ctx, tx, pool, owner, taken)
		if err != nil {
			return nil, err
		}
		if !moved {
			return taken, nil
		}
	}
}

// giveUp takes an alias from its owner; false when the name is not a mere
// alias of that user.
func (o *Operations) giveUp(ctx context.Context, tx *store.Tx, pool *directory.Pool, owner string, name *store.Name) (bool, error) {
	if !attributes.Alias(pool.Config(), name.Kind) {
		return false, nil
	}
	loser, err := tx.LockUser(ctx, pool.ID, owner)
	if unknown(err) {
		return true, nil // deleted meanwhile, and the name with the user
	}
	if err != nil {
		return false, err
	}
	if pool.Fold(loser.Attributes.Get(name.Kind)) != name.Name || pool.Fold(loser.Username) == name.Name {
		return false, nil
	}
	loser.Attributes.Set(attributes.VerifiedFlag(name.Kind), "false")
	if err := o.save(ctx, tx, loser); err != nil {
		return false, err
	}
	_, _, err = tx.SetNames(ctx, pool.ID, loser.Sub, attributes.SignInNames(pool.Config(), loser))
	return true, err
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
