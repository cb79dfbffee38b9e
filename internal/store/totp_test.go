package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"cognate/internal/store"
)

func totpOf(t *testing.T, db *testDB, sub string) (store.TOTP, bool) {
	t.Helper()
	found := false
	got := read(t, db, func(ctx context.Context, tx *store.Tx) (store.TOTP, error) {
		got, ok, err := tx.TOTP(ctx, poolID, sub)
		found = ok
		return got, err
	})
	return got, found
}

func TestTOTPIsReadBackReplacedAndDeleted(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		insertUser(t, db, newUser("s2", "bob"))
		if _, found := totpOf(t, db, "s1"); found {
			t.Error("an app that nobody registered")
		}
		for _, want := range []store.TOTP{
			{PoolID: poolID, Sub: "s1", Secret: randomBytes(32), Name: "my phone", LastStep: 60_000_000, CreatedAt: start},
			{PoolID: poolID, Sub: "s1", Secret: randomBytes(32), LastStep: 3, CreatedAt: start.Add(1000000000)},
		} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutTOTP(ctx, want) })
			got, _ := totpOf(t, db, "s1")
			wantEqual(t, got, want)
		}
		if _, found := totpOf(t, db, "s2"); found {
			t.Error("another user has the app too")
		}
		for _, want := range []bool{true, false} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.DeleteTOTP(ctx, poolID, "s1")
				if got != want {
					t.Errorf("deleted: %v, want %v", got, want)
				}
				return err
			})
		}
	})
}

func TestS068AStepIsUsedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.PutTOTP(ctx, store.TOTP{PoolID: poolID, Sub: "s1", Secret: []byte("s"), LastStep: 10, CreatedAt: start})
		})
		use := func(step int64) (first bool, err error) {
			return store.Write(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
				return tx.UseTOTP(ctx, poolID, "s1", step)
			})
		}
		for _, tt := range []struct {
			step int64
			want bool
		}{{9, false}, {10, false}, {12, true}, {12, false}, {11, false}, {13, true}} {
			if got, err := use(tt.step); got != tt.want || err != nil {
				t.Errorf("step %d: %v, %v, want %v", tt.step, got, err, tt.want)
			}
		}
		var wins atomic.Int32
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				won, err := use(20)
				if err != nil {
					t.Error(err)
				}
				if won {
					wins.Add(1)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Errorf("%d callers used one step", wins.Load())
		}
	})
}
