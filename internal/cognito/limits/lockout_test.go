package limits

import (
	"context"
	"errors"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

// The table is that of auth-flows.md §10: 2^(n-5) seconds from the fifth
// failure on, at most 15 minutes.
func TestS051LocksDouble(t *testing.T) {
	t.Parallel()
	last := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for n, seconds := range []int{0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900} {
		a := store.Attempts{Count: n, FirstAt: last, LastAt: last}
		for _, at := range []struct {
			after  time.Duration
			locked bool
		}{
			{0, seconds > 0},
			{time.Duration(seconds)*time.Second - time.Millisecond, seconds > 0},
			{time.Duration(seconds) * time.Second, false},
			{time.Hour, false},
		} {
			l := Lockout{Now: func() time.Time { return last.Add(at.after) }}
			if got := l.Locked(a); got != at.locked {
				t.Errorf("%d failures, %v after the last: locked %v, want %v", n, at.after, got, at.locked)
			}
		}
	}
	if got := lockFor(1_000_000); got != 15*time.Minute {
		t.Errorf("a million failures lock for %v", got)
	}
}

// lockoutTest is a counter in a database and a clock.
type lockoutTest struct {
	*testing.T
	db  *store.DB
	now time.Time
	Lockout
}

func newLockoutTest(t *testing.T) *lockoutTest {
	lt := &lockoutTest{T: t, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	lt.Lockout = Lockout{Now: func() time.Time { return lt.now }}
	db := storetest.Open(t, lt.Lockout.Now)
	lt.db = db
	lt.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertPool(ctx, &store.Pool{ID: "us-east-1_a", Region: "us-east-1", CreatedAt: lt.now, ModifiedAt: lt.now}, nil)
	})
	return lt
}

func (lt *lockoutTest) write(body func(ctx context.Context, tx *store.Tx) error) {
	lt.Helper()
	if err := lt.try(body); err != nil {
		lt.Fatal(err)
	}
}

func (lt *lockoutTest) try(body func(ctx context.Context, tx *store.Tx) error) error {
	_, err := store.Write(lt.Context(), lt.db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, body(ctx, tx)
	})
	return err
}

func (lt *lockoutTest) fail() error {
	return lt.try(func(ctx context.Context, tx *store.Tx) error { return lt.Fail(ctx, tx, "us-east-1_a", "s") })
}

func (lt *lockoutTest) succeed() error {
	return lt.try(func(ctx context.Context, tx *store.Tx) error { return lt.Succeed(ctx, tx, "us-east-1_a", "s") })
}

func (lt *lockoutTest) wantLocked(err error, locked bool) {
	lt.Helper()
	var got *api.Error
	if !errors.As(err, &got) {
		got = new(api.Error)
		if err != nil {
			lt.Fatal(err)
		}
	}
	if (got.Message == "Password attempts exceeded") != locked {
		lt.Errorf("got %v, want locked %v", err, locked)
	}
}

func TestS051TheTransactionRefusesDuringALock(t *testing.T) {
	t.Parallel()
	lt := newLockoutTest(t)
	for range 5 {
		lt.wantLocked(lt.fail(), false)
	}
	lt.wantLocked(lt.fail(), true)
	lt.wantLocked(lt.succeed(), true)
	lt.now = lt.now.Add(time.Second)
	lt.wantLocked(lt.fail(), false) // the sixth; the ones during the lock did not count
	lt.now = lt.now.Add(2*time.Second - time.Millisecond)
	lt.wantLocked(lt.fail(), true)
	lt.now = lt.now.Add(time.Millisecond)
	lt.wantLocked(lt.succeed(), false)
	for range 5 { // from the beginning
		lt.wantLocked(lt.fail(), false)
	}
	lt.wantLocked(lt.fail(), true)
}

func TestFailuresAreForgottenAfterAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	lt := newLockoutTest(t)
	for range 4 {
		lt.wantLocked(lt.fail(), false)
	}
	lt.now = lt.now.Add(15 * time.Minute)
	for range 5 {
		lt.wantLocked(lt.fail(), false)
	}
	lt.wantLocked(lt.fail(), true)
}
