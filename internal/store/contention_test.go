package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"cognate/internal/store"
)

// callers is how many race in each of these tests (spec/reliability.md R21).
const callers = 50

func TestOneOfManySignUpsGetsTheName(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		won := race(t, callers, func(i int) (bool, error) {
			sub := fmt.Sprintf("s%02d", i)
			err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				return signUp(ctx, tx, newUser(sub, sub), // several names, in no common order
					[]store.Name{{Name: "ana", Kind: store.NameUsername}, {Name: "ana@example.com", Kind: store.NameEmail}, {Name: sub, Kind: store.NamePreferredUsername}}...)
			})
			if _, ok := errors.AsType[*takenError](err); ok {
				return false, nil
			}
			return err == nil, err
		})
		if won != 1 {
			t.Errorf("%d sign-ups won", won)
		}
		wantEqual(t, tableRows(t, db), map[string]int64{"pools": 1, "users": 1, "user_names": 3, "pool_users_count": 1})
		if n := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountUsers(ctx, poolID) }); n != 1 {
			t.Errorf("%d users counted, want 1", n)
		}
	})
}

func TestOneOfManyTakesTheTicket(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.PutTicket(ctx, store.Ticket{PoolID: poolID, Kind: "code", ID: "ana", Doc: []byte("1"), ExpiresAt: start.Add(time.Minute)})
		})
		won := race(t, callers, func(int) (found bool, err error) {
			err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				_, found, err = tx.TakeTicket(ctx, poolID, "code", "ana")
				return err
			})
			return found, err
		})
		if won != 1 {
			t.Errorf("%d callers took it", won)
		}
	})
}

func TestOneOfManySpends(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		won := race(t, callers, func(int) (first bool, err error) {
			err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				first, err = tx.SpendOnce(ctx, poolID, "session", "jti", start.Add(time.Minute))
				return err
			})
			return first, err
		})
		if won != 1 {
			t.Errorf("%d callers were first", won)
		}
	})
}

func TestEveryAttemptCounts(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		k := store.AttemptsKey{PoolID: poolID, Subject: "digest", Kind: "password"}
		wrong := errors.New("wrong password")
		race(t, callers, func(int) (bool, error) {
			err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.IncrementAttempts(ctx, k, start); err != nil {
					return err
				}
				return store.CommitWith(wrong)
			})
			if !errors.Is(err, wrong) {
				return false, fmt.Errorf("answer is %w", err)
			}
			return true, nil
		})
		got := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Attempts, error) { return tx.Attempts(ctx, k) })
		if got.Count != callers {
			t.Errorf("%d attempts counted, want %d", got.Count, callers)
		}
	})
}

// A limit that is checked under the lock lets exactly that many through.
func TestParallelGuessesCannotOutrunTheLimit(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		k := store.AttemptsKey{PoolID: poolID, Subject: "digest", Kind: "password"}
		const limit = 5
		won := race(t, callers, func(int) (allowed bool, err error) {
			err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				a, err := tx.LockAttempts(ctx, k)
				if err != nil {
					return err
				}
				if allowed = a.Count < limit; !allowed {
					return nil
				}
				a.Count++
				a.FirstAt, a.LastAt = start, start
				return tx.SaveAttempts(ctx, k, a)
			})
			return allowed, err
		})
		if won != limit {
			t.Errorf("%d guesses got through, limit %d", won, limit)
		}
	})
}

func TestOneOfManyRotates(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newFamily(t, db)
		won := race(t, callers, func(i int) (rotated bool, err error) {
			err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				rotated, err = tx.RotateRefreshToken(ctx, store.Rotation{
					PoolID: poolID, Old: []byte("first"), New: fmt.Appendf(nil, "next %d", i), At: start.Add(time.Minute), ExpiresAt: start.Add(time.Hour),
				})
				return err
			})
			return rotated, err
		})
		if won != 1 {
			t.Errorf("%d callers rotated the token", won)
		}
		if n := tableRows(t, db)["refresh_tokens"]; n != 2 {
			t.Errorf("%d tokens, want the old one and one successor", n)
		}
	})
}

func TestNoChangeOfALockedUserIsLost(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		race(t, callers, func(i int) (bool, error) {
			return true, tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				u, err := tx.LockUser(ctx, poolID, "s1")
				if err != nil {
					return err
				}
				u.Attributes.Set(fmt.Sprintf("custom:%d", i), "x")
				return tx.SaveUser(ctx, u)
			})
		})
		u := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserBySub(ctx, poolID, "s1") })
		if len(u.Attributes) != callers {
			t.Errorf("%d attributes, want %d", len(u.Attributes), callers)
		}
	})
}

func TestOneWorkerGetsEachMessage(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for range callers {
				if err := tx.Enqueue(ctx, &store.OutboxMessage{PoolID: poolID, Medium: "EMAIL", NextAt: start, CreatedAt: start}); err != nil {
					return err
				}
			}
			return nil
		})
		leased := make([]int, callers)
		race(t, callers, func(i int) (bool, error) {
			return true, tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				due, err := tx.LeaseDue(ctx, "EMAIL", start, 3, time.Minute)
				leased[i] = len(due)
				return err
			})
		})
		total := 0
		for _, n := range leased {
			total += n
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			rest, err := tx.LeaseDue(ctx, "EMAIL", start, callers, time.Minute)
			total += len(rest)
			return err
		})
		if total != callers {
			t.Errorf("%d leases of %d messages", total, callers)
		}
	})
}
