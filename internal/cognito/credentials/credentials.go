package credentials

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/protocol/passwords"
	"cognate/internal/protocol/srp"
	"cognate/internal/store"
)

// Credentials sets and checks passwords. It is safe for concurrent use.
type Credentials struct {
	DB    *store.DB
	Now   func() time.Time
	Cores limits.Cores // bounds the computations running at a time
}

// CheckPolicy checks a new password against the policy of the pool; the error
// is an InvalidPasswordException with the service's text (errors.md §8).
func (c *Credentials) CheckPolicy(p *directory.Pool, password string) error {
	err := policyOf(p).Check(password)
	if broken, ok := errors.AsType[passwords.PolicyError](err); ok {
		return api.InvalidPasswordException("%s", broken.Error())
	}
	return err
}

// Temporary makes a random password that the policy of the pool allows.
func (c *Credentials) Temporary(p *directory.Pool) string { return passwords.Generate(policyOf(p)) }

func policyOf(p *directory.Pool) passwords.Policy {
	policies := p.Config().Policies
	if policies == nil || policies.PasswordPolicy == nil {
		return passwords.Policy{}
	}
	set := policies.PasswordPolicy
	policy := passwords.Policy{
		RequireUppercase: set.RequireUppercase,
		RequireLowercase: set.RequireLowercase,
		RequireNumbers:   set.RequireNumbers,
		RequireSymbols:   set.RequireSymbols,
	}
	if set.MinimumLength != nil {
		policy.MinimumLength = int(*set.MinimumLength)
	}
	return policy
}

// New makes what is stored of a password. The SRP id is the canonical user
// name. Call it outside of transactions: it computes.
func (c *Credentials) New(p *directory.Pool, srpID, password string) (*store.Password, error) {
	made := &store.Password{Salt: srp.NewSalt()}
	c.Cores.Do(func() { made.Verifier = srp.Verifier(p.ShortName(), srpID, password, made.Salt) })
	return made, nil
}

// Matches reports whether a password is the stored one. Without a stored one it
// takes as long and answers false (S048).
//
// A password that came as a hash takes what checking that hash takes: longer than
// the others, for the one time until Adopt. Of such a one alone there may be an error:
// TooManyRequestsException, where too many of them are being checked.
func (c *Credentials) Matches(p *directory.Pool, srpID string, stored *store.Password, password string) (bool, error) {
	if stored != nil && stored.Imported != nil {
		return c.matchesImported(stored, password)
	}
	have := stored
	if have == nil {
		have = nobody
	}
	var equal bool
	c.Cores.Do(func() { equal = srp.CheckPassword(p.ShortName(), srpID, password, have.Salt, have.Verifier) })
	return equal && stored != nil, nil
}

// nobody has a password that no text has: g^1, whose exponent no hash gives.
var nobody = &store.Password{Salt: make([]byte, srp.SaltSize), Verifier: []byte{2}}

// CheckHistory refuses a password that is the user's own or among those
// remembered, if the pool asks for that; the error is a
// PasswordHistoryPolicyViolationException. It reads the database itself, so it is
// called outside of transactions.
func (c *Credentials) CheckHistory(ctx context.Context, p *directory.Pool, user *store.User, password string) error {
	size := historySize(p)
	if size == 0 {
		return nil
	}
	old, err := store.Read(ctx, c.DB, func(ctx context.Context, tx *store.Tx) ([]store.Password, error) {
		return tx.PasswordHistory(ctx, user.PoolID, user.Sub, size)
	})
	if err != nil {
		return err
	}
	// A password that was set before the pool had a history is in no row.
	if user.Password != nil && !slices.ContainsFunc(old, func(p store.Password) bool { return bytes.Equal(p.Salt, user.Password.Salt) }) {
		old = append(old, *user.Password)
	}
	for i := range old {
		same, err := c.Matches(p, user.Username, &old[i], password)
		if err != nil {
			return err
		}
		if same {
			return api.PasswordHistoryPolicyViolationException("Password has previously been used")
		}
	}
	return nil
}

// Store gives a user a new password and remembers it in the history. The
// caller saves the user afterwards; a temporary password's end is the caller's to
// set as well, Store clears it.
func (c *Credentials) Store(ctx context.Context, tx *store.Tx, p *directory.Pool, user *store.User, made *store.Password) error {
	user.Password, user.PasswordBlocked, user.PasswordElsewhere = made, false, false
	user.TemporaryPasswordExpiresAt = time.Time{}
	return c.Remember(ctx, tx, p, user)
}

// Remember adds the user's password to the history, if the pool keeps one. New
// users need it after they were inserted; for others Store includes it.
func (c *Credentials) Remember(ctx context.Context, tx *store.Tx, p *directory.Pool, user *store.User) error {
	size := historySize(p)
	if size == 0 || user.Password == nil {
		return nil
	}
	if err := tx.AddPasswordHistory(ctx, user.PoolID, user.Sub, *user.Password, c.Now(), size); err != nil {
		return fmt.Errorf("keep password history: %w", err)
	}
	return nil
}

// historySize is how many passwords may not be used again, 0 for no limit.
func historySize(p *directory.Pool) int {
	policies := p.Config().Policies
	if policies == nil || policies.PasswordPolicy == nil || policies.PasswordPolicy.PasswordHistorySize == nil {
		return 0
	}
	return int(*policies.PasswordPolicy.PasswordHistorySize)
}
