package migration

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/poolcopy"
	"cognate/internal/cognito/transfer"
	"cognate/internal/outbound/userpools"
	"cognate/internal/store"
)

// OldPools takes passwords over from the pools that users were moved from: who gives
// one that is not known here has it checked there (console-and-dx.md §9). All
// fields are set.
type OldPools struct {
	DB          *store.DB
	Now         func() time.Time
	Credentials *credentials.Credentials
	Users       *transfer.Transfer
	// Login shows passwords to an old pool.
	Login func(store.OldPoolSettings) *userpools.Login
	Log   *slog.Logger
}

// patience is how long a sign-in waits for the old pool, second attempts included.
const patience = 10 * time.Second

// Waits reports whether the password of a user is at the old pool of a pool that
// asks there.
func Waits(pool *directory.Pool, u *store.User) bool {
	return pool.OldPool != nil && u != nil && u.PasswordElsewhere && u.Password == nil && !u.PasswordBlocked &&
		u.Status != api.UserStatusTypeResetRequired
}

// Adopt has a password checked for a user whose password is at the old pool, and
// keeps it if it is right. It answers the user as stored by then. An error means that
// the old pool could not say.
func (o *OldPools) Adopt(ctx context.Context, pool *directory.Pool, u *store.User, password string) (*store.User, error) {
	found, err := o.check(ctx, pool, u.Username, password)
	if err != nil || !found.Right {
		return u, err
	}
	if found.Known != nil && subOf(found.Known) != u.Sub {
		o.Log.WarnContext(ctx, "the old pool knows somebody else by this name", "pool", pool.ID, "sub", u.Sub)
		return u, nil
	}
	made, err := o.Credentials.New(pool, u.Username, password)
	if err != nil {
		return u, err
	}
	return store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		now, err := tx.LockUser(ctx, u.PoolID, u.Sub)
		if err != nil || !Waits(pool, now) { // meanwhile it has another
			return now, err
		}
		if err := o.Credentials.Store(ctx, tx, pool, now, made); err != nil {
			return nil, err
		}
		if found.MustChange {
			now.Status = api.UserStatusTypeForceChangePassword
		}
		return now, tx.SaveUser(ctx, now)
	})
}

// find makes a user of somebody whom only the old pool knows; nil if it does not,
// or does not tell who that is.
func (o *OldPools) find(ctx context.Context, pool *directory.Pool, name, password string) (*store.User, error) {
	found, err := o.check(ctx, pool, name, password)
	if err != nil || !found.Right {
		return nil, err
	}
	if found.Known == nil {
		o.Log.WarnContext(ctx, "the old pool has a user who was not copied, and asks for more than a password: copy the users first", "pool", pool.ID)
		return nil, nil
	}
	row := o.rowOf(found.Known)
	made, err := o.Credentials.New(pool, row.User.Username, password)
	if err != nil {
		return nil, err
	}
	row.Secrets = &transfer.Secrets{Password: &transfer.Verifier{Salt: made.Salt, Verifier: made.Verifier}}
	outcome, err := o.Users.Put(ctx, pool.ID, []transfer.Row{row}, false)
	if err != nil {
		return nil, err
	}
	for _, f := range outcome.Failed {
		o.Log.WarnContext(ctx, "a user of the old pool cannot be one of this pool", "pool", pool.ID, "sub", row.User.Sub, "reason", f.Reason)
		return nil, nil
	}
	if outcome.Added == 0 { // signs in here by another name
		return nil, nil
	}
	return store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return tx.UserBySub(ctx, pool.ID, row.User.Sub)
	})
}

// rowOf is a user as the old pool tells of one who has signed in there.
func (o *OldPools) rowOf(p *userpools.Person) transfer.Row {
	now := api.TimeOf(o.Now())
	user := transfer.User{
		Username: p.Username, Sub: subOf(p), UserStatus: api.UserStatusTypeConfirmed, Enabled: true,
		UserCreateDate: now, UserLastModifiedDate: now, MFA: poolcopy.Factors(p.Factors, &p.Preferred),
	}
	for _, a := range p.Attributes {
		if a.Name != attributes.Sub && a.Name != attributes.Identities && a.Value != nil {
			user.Attributes = append(user.Attributes, a)
		}
	}
	return transfer.Row{User: user}
}

func subOf(p *userpools.Person) string {
	for _, a := range p.Attributes {
		if a.Name == attributes.Sub && a.Value != nil {
			return *a.Value
		}
	}
	return ""
}

// check shows a password to the old pool.
func (o *OldPools) check(ctx context.Context, pool *directory.Pool, name, password string) (*userpools.Outcome, error) {
	if store.InWrite(ctx) {
		return nil, errors.New("ask an old pool inside a transaction")
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := o.Login(pool.OldPool.Settings).Check(ctx, name, password)
	if userpools.LockedOut(err) {
		return nil, limits.ErrLocked()
	}
	if refused, ok := errors.AsType[*api.Error](err); ok {
		// Its words are not ours.
		return nil, fmt.Errorf("check a password at the old pool of %s: %s: %s", pool.ID, refused.Code, refused.Message)
	}
	return found, err
}
