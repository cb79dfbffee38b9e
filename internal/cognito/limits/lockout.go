package limits

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

// The rule of auth-flows.md §10.
const (
	freeFailures = 5                // the fifth wrong password starts the first lock
	longestLock  = 15 * time.Minute // no lock is longer
	forgottenIn  = 15 * time.Minute // without attempts the count starts over
	passwordKind = "password"
)

// Lockout slows down the guessing of passwords. After five wrong ones a user is
// locked for one second, and for twice as long after each further one. All doors
// and nodes count together.
//
// A caller reads the counter together with the user (Attempts) and refuses while
// it says Locked. The transaction that records the outcome decides again, with
// Fail or Succeed, so that guesses made in parallel do not get past the lock.
type Lockout struct {
	Now func() time.Time
}

// ErrLocked is the answer during a lock, to right and wrong passwords alike.
func ErrLocked() error { return api.NotAuthorizedException("Password attempts exceeded") }

func lockKey(poolID, subject string) store.AttemptsKey {
	return store.AttemptsKey{PoolID: poolID, Subject: subject, Kind: passwordKind}
}

// Attempts reads the counter of a subject, see Subject.
func (l Lockout) Attempts(ctx context.Context, tx *store.Tx, poolID, subject string) (store.Attempts, error) {
	return tx.Attempts(ctx, lockKey(poolID, subject))
}

// Locked reports whether a counter forbids attempts now.
func (l Lockout) Locked(a store.Attempts) bool { return l.Now().Before(lockedUntil(a)) }

// Check is ErrLocked while the subject is locked.
func (l Lockout) Check(ctx context.Context, tx *store.Tx, poolID, subject string) error {
	a, err := l.Attempts(ctx, tx, poolID, subject)
	if err != nil {
		return err
	}
	if l.Locked(a) {
		return ErrLocked()
	}
	return nil
}

// Fail counts a wrong password. During a lock it counts nothing and answers
// ErrLocked.
func (l Lockout) Fail(ctx context.Context, tx *store.Tx, poolID, subject string) error {
	key := lockKey(poolID, subject)
	a, err := tx.LockAttempts(ctx, key)
	if err != nil {
		return err
	}
	if l.Locked(a) {
		return ErrLocked()
	}
	now := l.Now()
	if stale(a, now) {
		a = store.Attempts{FirstAt: now}
	}
	a.Count++
	a.LastAt = now
	return tx.SaveAttempts(ctx, key, a)
}

// Succeed forgets the wrong passwords before a sign-in. During a lock it
// changes nothing and answers ErrLocked.
func (l Lockout) Succeed(ctx context.Context, tx *store.Tx, poolID, subject string) error {
	key := lockKey(poolID, subject)
	// Nearly always nobody has failed, and then there is nothing to wait for.
	if a, err := tx.Attempts(ctx, key); err != nil || a.Count == 0 {
		return err
	}
	a, err := tx.LockAttempts(ctx, key)
	if err != nil {
		return err
	}
	if l.Locked(a) {
		return ErrLocked()
	}
	return tx.ResetAttempts(ctx, key)
}

// lockedUntil is when the lock ends that a counter stands for; the zero time
// when it stands for none.
func lockedUntil(a store.Attempts) time.Time {
	if a.Count < freeFailures {
		return time.Time{}
	}
	return a.LastAt.Add(lockFor(a.Count))
}

// lockFor is the length of the lock after n wrong passwords, n at least
// freeFailures: 2^(n-5) seconds, at most longestLock.
func lockFor(n int) time.Duration {
	const doublings = 10 // 2^10 s is longer than longestLock
	return min(time.Second<<min(n-freeFailures, doublings), longestLock)
}

func stale(a store.Attempts, now time.Time) bool {
	return a.Count == 0 || now.Sub(a.LastAt) >= forgottenIn
}
