package identitypools

import (
	"context"
	"errors"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/store"
)

// maxLogins is how many logins an identity can have (spec/identity-pools.md A4).
const maxLogins = 20

// errMoved says that another request has changed what a decision was made on.
var errMoved = errors.New("identitypools: logins changed meanwhile")

// resolveAttempts is how often a decision is made anew.
const resolveAttempts = 10

// bringTogether finds the identity that has all the logins, which were verified, and
// to which those that nobody had are linked then. It is
//
//   - the one that has them already: nothing is written;
//   - given, the identity that the request names, while it is a guest or has one of
//     the logins;
//   - a new one, where given is nil and nobody has any of the logins.
//
// Several identities become one: the oldest takes over the logins of the others,
// which are disabled (A6). tooMany is the exception of the operation for more logins
// than an identity can have.
func (o *Operations) bringTogether(ctx context.Context, pool *store.IdentityPool, given *store.Identity, logins []login, tooMany exception) (*store.Identity, error) {
	owners, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Identity, error) {
		return ownersOf(ctx, tx, pool.ID, given, logins)
	})
	if err != nil {
		return nil, err
	}
	if err := mayJoin(given, owners, logins); err != nil {
		return nil, err
	}
	if len(owners) == 1 && hasAll(owners[0], logins) {
		return owners[0], nil
	}
	return o.settle(ctx, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return o.join(ctx, tx, pool, given, logins, tooMany)
	})
}

// settle runs body in a transaction until what it decides on has not moved.
func (o *Operations) settle(ctx context.Context, body func(ctx context.Context, tx *store.Tx) (*store.Identity, error)) (*store.Identity, error) {
	err := errMoved
	for range resolveAttempts {
		var found *store.Identity
		if found, err = store.Write(ctx, o.DB, body); !errors.Is(err, errMoved) {
			return found, err
		}
	}
	return nil, err
}

type exception func(format string, args ...any) *api.Error

// ownersOf finds the identities that a call is about: given, unless it is disabled,
// and those that have one of the logins. The oldest is the first.
func ownersOf(ctx context.Context, tx *store.Tx, poolID string, given *store.Identity, logins []login) ([]*store.Identity, error) {
	var owners []*store.Identity
	add := func(i *store.Identity) {
		if i != nil && i.State != store.IdentityDisabled && !slices.ContainsFunc(owners, func(o *store.Identity) bool { return o.ID == i.ID }) {
			owners = append(owners, i)
		}
	}
	add(given)
	for _, l := range logins {
		if len(owners) == 1 && owners[0].Login(l.provider, l.subject) != nil {
			continue // read before
		}
		owner, err := tx.IdentityByLogin(ctx, poolID, l.provider, l.subject)
		if err != nil {
			return nil, err
		}
		add(owner)
	}
	slices.SortFunc(owners, older)
	return owners, nil
}

func older(a, b *store.Identity) int {
	if order := a.CreatedAt.Compare(b.CreatedAt); order != 0 {
		return order
	}
	if a.ID < b.ID {
		return -1
	}
	return 1
}

// mayJoin refuses logins that do not show that the caller is the identity given. Its
// id alone shows that of guests only.
func mayJoin(given *store.Identity, owners []*store.Identity, logins []login) error {
	if given == nil || given.State == store.IdentityGuest {
		return nil
	}
	if given.State == store.IdentityDisabled {
		if len(owners) == 0 {
			return errNoMatch()
		}
		return nil // the call is about the owners of the logins
	}
	if slices.ContainsFunc(logins, func(l login) bool { return given.Login(l.provider, l.subject) != nil }) {
		return nil
	}
	return errNoMatch()
}

func errNoMatch() error {
	return identity.NotAuthorizedException("Logins don't match. Please include at least one valid login for this identity or identity pool.")
}

func errSecondLogin(provider string) error {
	return identity.ResourceConflictException("An identity can have only one login of %s.", provider)
}

func hasAll(i *store.Identity, logins []login) bool {
	return !slices.ContainsFunc(logins, func(l login) bool { return i.Login(l.provider, l.subject) == nil })
}

// join does what bringTogether decides, on what the database says now.
func (o *Operations) join(ctx context.Context, tx *store.Tx, pool *store.IdentityPool, given *store.Identity, logins []login, tooMany exception) (*store.Identity, error) {
	given, owners, err := lockOwners(ctx, tx, pool.ID, given, logins)
	if err != nil {
		return nil, err
	}
	if err := mayJoin(given, owners, logins); err != nil {
		return nil, err
	}
	return o.joinInto(ctx, tx, pool, owners, logins, tooMany)
}

// joinInto makes one identity of owners, or of nobody, and gives it the logins.
func (o *Operations) joinInto(ctx context.Context, tx *store.Tx, pool *store.IdentityPool, owners []*store.Identity, logins []login, tooMany exception) (*store.Identity, error) {
	now := o.Now()
	if len(owners) == 0 {
		first := &store.Identity{ID: newID(pool.Region), PoolID: pool.ID, State: store.IdentityLinked, CreatedAt: now, ModifiedAt: now}
		if err := tx.InsertIdentity(ctx, first); err != nil {
			return nil, err
		}
		owners = append(owners, first)
	}
	keep := owners[0]
	if err := fits(owners, logins, tooMany); err != nil {
		return nil, err
	}
	for _, other := range owners[1:] {
		if err := takeOver(ctx, tx, keep, other, now); err != nil {
			return nil, err
		}
	}
	return keep, link(ctx, tx, keep, logins, now)
}

// lockOwners is ownersOf with the identity given as it is now, and nobody else
// changes them until the transaction ends.
func lockOwners(ctx context.Context, tx *store.Tx, poolID string, given *store.Identity, logins []login) (*store.Identity, []*store.Identity, error) {
	_, before, err := readOwners(ctx, tx, poolID, given, logins)
	if err != nil {
		return nil, nil, err
	}
	ids := make([]string, len(before))
	for i, owner := range before {
		ids[i] = owner.ID
	}
	if err := tx.LockIdentities(ctx, ids...); err != nil {
		return nil, nil, err
	}
	given, owners, err := readOwners(ctx, tx, poolID, given, logins)
	if err == nil && !slices.EqualFunc(owners, ids, func(owner *store.Identity, id string) bool { return owner.ID == id }) {
		err = errMoved
	}
	return given, owners, err
}

func readOwners(ctx context.Context, tx *store.Tx, poolID string, given *store.Identity, logins []login) (current *store.Identity, owners []*store.Identity, err error) {
	if given != nil {
		if current, err = tx.Identity(ctx, given.ID); err != nil {
			return nil, nil, err
		}
	}
	owners, err = ownersOf(ctx, tx, poolID, current, logins)
	return current, owners, err
}

// fits refuses to put logins into one identity that it could not have.
func fits(owners []*store.Identity, logins []login, tooMany exception) error {
	subjects := make(map[string]string)
	total := 0
	for _, owner := range owners {
		for _, l := range owner.Logins {
			total++
			if _, twice := subjects[l.Provider]; twice && !l.Developer {
				return errSecondLogin(l.Provider)
			}
			subjects[l.Provider] = l.Subject
		}
	}
	for _, l := range logins {
		if slices.ContainsFunc(owners, func(i *store.Identity) bool { return i.Login(l.provider, l.subject) != nil }) {
			continue
		}
		total++
		if _, twice := subjects[l.provider]; twice && !l.developer {
			return errSecondLogin(l.provider)
		}
		subjects[l.provider] = l.subject
	}
	if total > maxLogins {
		return tooMany("An identity can have at most %d logins.", maxLogins)
	}
	return nil
}

// takeOver gives one identity the logins of another, which is disabled.
func takeOver(ctx context.Context, tx *store.Tx, keep, other *store.Identity, now time.Time) error {
	if err := tx.MoveIdentityLogins(ctx, other, keep); err != nil {
		return err
	}
	other.State, other.ModifiedAt = store.IdentityDisabled, now
	return tx.SaveIdentity(ctx, other)
}

// link gives an identity those of the logins that it does not have.
func link(ctx context.Context, tx *store.Tx, to *store.Identity, logins []login, now time.Time) error {
	for _, l := range logins {
		if to.Login(l.provider, l.subject) != nil {
			continue
		}
		linked, err := tx.InsertIdentityLogin(ctx, to, store.IdentityLogin{
			Provider: l.provider, Subject: l.subject, Developer: l.developer, CreatedAt: now,
		})
		if err != nil {
			return err
		}
		if !linked {
			return errMoved
		}
	}
	to.State, to.ModifiedAt = store.IdentityLinked, now
	return tx.SaveIdentity(ctx, to)
}
