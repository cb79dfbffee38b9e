package users

import (
	"context"
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// defaultTemporaryDays is how long a temporary password is good for unless
// the pool says otherwise.
const defaultTemporaryDays = 7

// makePassword checks a policy-conforming password against the user's history
// and makes its verifier. It computes, so it stays outside of transactions.
func (o *Operations) makePassword(ctx context.Context, pool *directory.Pool, u *store.User, password string) (*store.Password, error) {
	if err := o.Credentials.CheckHistory(ctx, pool, u, password); err != nil {
		return nil, err
	}
	return o.Credentials.New(pool, u.Username, password)
}

// setPassword stores a password and saves the user. A temporary one ends at
// until; the zero time is for one that stays. A reset code that is still about
// must not undo it.
func (o *Operations) setPassword(ctx context.Context, tx *store.Tx, pool *directory.Pool, u *store.User, password *store.Password, until time.Time) error {
	if err := o.Credentials.Store(ctx, tx, pool, u, password); err != nil {
		return err
	}
	u.TemporaryPasswordExpiresAt = until
	if err := o.Codes.Void(ctx, tx, resetSlot(u)); err != nil {
		return err
	}
	return o.save(ctx, tx, u)
}

// temporaryUntil is when a temporary password that is set now ends.
func (o *Operations) temporaryUntil(pool *directory.Pool) time.Time {
	days := int32(0)
	if p := pool.Config().Policies; p != nil && p.PasswordPolicy != nil && p.PasswordPolicy.TemporaryPasswordValidityDays != nil {
		days = *p.PasswordPolicy.TemporaryPasswordValidityDays
	}
	if days == 0 {
		days = defaultTemporaryDays
	}
	return o.Now().AddDate(0, 0, int(days))
}
