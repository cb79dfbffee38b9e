package users

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/store"
)

// admit refuses sign-ups that are not worth the arithmetic of a password: one of
// too many from the same place, and one with a name that is taken, unless that
// is to stay hidden. While more waits for the cores than they can do, it refuses
// all.
func (o *Operations) admit(ctx context.Context, client *directory.Client, username string) error {
	if o.Credentials.Cores.Full() {
		return limits.ErrTooMany()
	}
	pool := client.Pool
	taken, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		if err := o.Limits.CheckSignUps(ctx, tx, pool.ID); err != nil || client.HidesSignUps() {
			return false, err
		}
		owner, err := tx.NameOwner(ctx, pool.ID, pool.Fold(username))
		return owner != "", err
	})
	if err != nil || !taken {
		return err
	}
	if err := o.countRefused(ctx, pool.ID, username); err != nil {
		return err
	}
	return api.UsernameExistsException("User already exists")
}

// countRefused counts a sign-up that left nothing else behind.
func (o *Operations) countRefused(ctx context.Context, poolID, username string) error {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (nothing, error) {
		return nothing{}, o.Limits.CountSignUp(ctx, tx, poolID, username)
	})
	return err
}

// ownerOf finds who has one of the sign-in names of a new user; nil for nobody.
func (o *Operations) ownerOf(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User) (*store.User, error) {
	for _, name := range attributes.SignInNames(pool.Config(), u) {
		owner, err := tx.NameOwner(ctx, pool.ID, name.Name)
		if err != nil {
			return nil, err
		}
		if owner != "" {
			return tx.UserBySub(ctx, pool.ID, owner)
		}
	}
	return nil, nil
}

// tellOwner answers a sign-up with an address that has an account as if it had
// none, and tells the owner. It leaves a decoy, so that trying codes fails as it
// does for a new user; the code of an owner who has yet to confirm stays good.
func (o *Operations) tellOwner(ctx context.Context, tx *store.Tx, n newcomer, owner *store.User) (*api.CodeDeliveryDetailsType, error) {
	pool, to := n.client.Pool, n.to
	if err := o.Mailer.Available(pool, to.medium()); err != nil {
		return nil, counted(err)
	}
	err := o.Limits.CountMessage(ctx, tx, limits.Message{PoolID: pool.ID, Medium: to.medium(), Address: to.value})
	if err != nil {
		return nil, counted(err)
	}
	if owner.Status != api.UserStatusTypeUnconfirmed {
		at := codes.Slot{PoolID: pool.ID, Subject: limits.Subject(owner, ""), Purpose: codes.SignUp}
		if err := o.Codes.Decoy(ctx, tx, at, at.Purpose.Lifetime()); err != nil {
			return nil, err
		}
	}
	// A function that sends instead of the server knows no such message.
	posts := o.Messages.Available(to.medium()) == nil
	if !owner.Enabled || !posts {
		return to.details(), nil
	}
	note := letter{purpose: messages.AccountExists, pool: pool, client: n.client, user: owner, to: current(owner, to.attribute)}
	return to.details(), o.Messages.Send(ctx, tx, note.request())
}

// overtaken answers a sign-up whose name somebody took in the same moment.
func (o *Operations) overtaken(ctx context.Context, n newcomer, taken error) (*api.CodeDeliveryDetailsType, error) {
	if err := o.countRefused(ctx, n.client.PoolID, n.name); err != nil {
		return nil, err
	}
	if n.hides {
		return n.to.details(), nil
	}
	return nil, taken
}
