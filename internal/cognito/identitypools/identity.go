package identitypools

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/store"
)

// GetId gives the id of the identity that has the logins, which is made when nobody
// has them; without logins, that of a new guest.
func (o *Operations) GetId(ctx context.Context, in *identity.GetIdInput) (*identity.GetIdResponse, error) {
	pool, err := o.Directory.IdentityPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	if len(in.Logins) == 0 {
		guest, err := o.newGuest(ctx, pool)
		if err != nil {
			return nil, err
		}
		return &identity.GetIdResponse{IdentityId: guest.ID}, nil
	}
	logins, err := o.verify(ctx, pool, in.Logins)
	if err != nil {
		return nil, err
	}
	who, err := o.bringTogether(ctx, pool, nil, logins, identity.LimitExceededException)
	if err != nil {
		return nil, err
	}
	return &identity.GetIdResponse{IdentityId: who.ID}, nil
}

func (o *Operations) newGuest(ctx context.Context, pool *store.IdentityPool) (*store.Identity, error) {
	if !pool.Settings.Pool.AllowUnauthenticatedIdentities {
		return nil, errNoGuests()
	}
	now := o.Now()
	guest := &store.Identity{ID: newID(pool.Region), PoolID: pool.ID, State: store.IdentityGuest, CreatedAt: now, ModifiedAt: now}
	return store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return guest, tx.InsertIdentity(ctx, guest)
	})
}

func errNoGuests() error {
	return identity.NotAuthorizedException("Unauthenticated access is not supported for this identity pool.")
}

func errForbidden(id string) error {
	return identity.NotAuthorizedException("Access to Identity '%s' is forbidden.", id)
}

// find reads an identity and its pool.
func (o *Operations) find(ctx context.Context, id string) (*store.Identity, *store.IdentityPool, error) {
	who, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return tx.Identity(ctx, id)
	})
	if err != nil {
		return nil, nil, err
	}
	pool, err := o.Directory.IdentityPool(ctx, who.PoolID)
	if api.HasCode(err, "ResourceNotFoundException") { // of another Region, or just deleted
		err = store.NoIdentity(id)
	}
	return who, pool, err
}

// findIn is find for an identity of one pool.
func (o *Operations) findIn(ctx context.Context, pool *store.IdentityPool, id string) (*store.Identity, error) {
	who, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return tx.Identity(ctx, id)
	})
	if err == nil && who.PoolID != pool.ID {
		err = store.NoIdentity(id)
	}
	return who, err
}

// caller is who makes a call for an identity.
type caller struct {
	pool   *store.IdentityPool
	who    *store.Identity
	logins []login // none: a guest
}

// caller finds for whom a call that names an identity is, by the logins, which are
// linked where they were not yet. The id alone is enough for guests.
func (o *Operations) caller(ctx context.Context, pool *store.IdentityPool, who *store.Identity, tokens map[string]string) (*caller, error) {
	if len(tokens) == 0 {
		return &caller{pool: pool, who: who}, checkGuest(pool, who)
	}
	logins, err := o.verify(ctx, pool, tokens)
	if err != nil {
		return nil, err
	}
	who, err = o.bringTogether(ctx, pool, who, logins, identity.ResourceConflictException)
	return &caller{pool: pool, who: who, logins: logins}, err
}

func checkGuest(pool *store.IdentityPool, who *store.Identity) error {
	switch {
	case who.State != store.IdentityGuest:
		return errForbidden(who.ID)
	case !pool.Settings.Pool.AllowUnauthenticatedIdentities:
		return errNoGuests()
	}
	return nil
}
