package aliases

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Claim makes the user's sign-in names those that the attributes give. It
// answers the first name that belongs to somebody else. With force, a verified
// address of another user is taken over instead: that user's address becomes
// unverified and is no sign-in name any more (spec/users-and-pools.md §4).
func Claim(ctx context.Context, tx *store.Tx, now time.Time, pool *directory.Pool, u *store.User, force bool) (*store.Name, error) {
	for {
		taken, owner, err := tx.SetNames(ctx, pool.ID, u.Sub, attributes.SignInNames(pool.Config(), u))
		if err != nil || taken == nil {
			return nil, err
		}
		if !force || attributes.VerifiedFlag(taken.Kind) == "" {
			return taken, nil
		}
		moved, err := giveUp(ctx, tx, now, pool, owner, taken)
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
func giveUp(ctx context.Context, tx *store.Tx, now time.Time, pool *directory.Pool, owner string, name *store.Name) (bool, error) {
	if !attributes.Alias(pool.Config(), name.Kind) {
		return false, nil
	}
	loser, err := tx.LockUser(ctx, pool.ID, owner)
	if api.HasCode(err, "UserNotFoundException") {
		return true, nil // deleted meanwhile, and the name with the user
	}
	if err != nil {
		return false, err
	}
	if pool.Fold(loser.Attributes.Get(name.Kind)) != name.Name || pool.Fold(loser.Username) == name.Name {
		return false, nil
	}
	loser.Attributes.Set(attributes.VerifiedFlag(name.Kind), "false")
	loser.ModifiedAt = now
	if err := tx.SaveUser(ctx, loser); err != nil {
		return false, err
	}
	_, _, err = tx.SetNames(ctx, pool.ID, loser.Sub, attributes.SignInNames(pool.Config(), loser))
	return true, err
}
