package factors

import (
	"context"
	"slices"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/mfa"
	"cognate/internal/cognito/notices"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// Operations are the API operations on factors. All fields are set.
type Operations struct {
	DB        *store.DB
	Now       func() time.Time
	Directory *directory.Directory
	Tokens    *tokens.Tokens
	Sessions  *sessions.Sealer
	Notices   notices.Notices
	Audit     audit.Trail
}

// nothing is the result of transactions that only change rows.
type nothing = struct{}

// subject is the user that an operation is about, and where from.
type subject struct {
	pool *directory.Pool
	// enrol refuses a new factor to users whose sign-in is too old.
	enrol func() error
	lock  func(ctx context.Context, tx *store.Tx) (*store.User, error)
}

// bearer is the user of an access token.
func (o *Operations) bearer(ctx context.Context, accessToken string) (subject, error) {
	b, err := o.Tokens.Authenticate(ctx, accessToken)
	if err != nil {
		return subject{}, err
	}
	enrol := func() error { return mfa.CheckEnrolment(b.Pool, b.AuthTime, o.Now()) }
	return subject{pool: b.Pool, enrol: enrol, lock: func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return lockEnabled(ctx, tx, b.Pool.ID, b.User.Sub)
	}}, nil
}

// lockEnabled locks a user who proved something, and who may have been disabled
// since.
func lockEnabled(ctx context.Context, tx *store.Tx, poolID, sub string) (*store.User, error) {
	u, err := tx.LockUser(ctx, poolID, sub)
	if err == nil && !u.Enabled {
		err = api.NotAuthorizedException("User is disabled.")
	}
	return u, err
}

// named is a user as an administrator names one.
func (o *Operations) named(ctx context.Context, poolID, name string) (subject, error) {
	pool, err := o.Directory.Pool(ctx, poolID)
	if err != nil {
		return subject{}, err
	}
	return subject{pool: pool, enrol: func() error { return nil }, lock: func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		found, err := o.Directory.User(ctx, tx, pool, name)
		if err != nil {
			return nil, err
		}
		return tx.LockUser(ctx, poolID, found.Sub)
	}}, nil
}

// change alters a user in one transaction. The user is given as the transaction
// left it.
func (o *Operations) change(ctx context.Context, s subject, alter func(ctx context.Context, tx *store.Tx, u *store.User) error) (*store.User, error) {
	return store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		u, err := s.lock(ctx, tx)
		if err != nil {
			return nil, err
		}
		if err := alter(ctx, tx, u); err != nil {
			return nil, err
		}
		u.ModifiedAt = o.Now()
		return u, tx.SaveUser(ctx, u)
	})
}

// auditFactors records that an administrator chose a user's second factors.
func (o *Operations) auditFactors(ctx context.Context, u *store.User) {
	factors := slices.Clone(u.MFA.EnabledFactors)
	if u.MFA.WebAuthn {
		factors = append(factors, "WEB_AUTHN")
	}
	o.Audit.Write(ctx, audit.Record{Action: audit.FactorsSet, PoolID: u.PoolID, Sub: u.Sub, Object: strings.Join(factors, " ")})
}
