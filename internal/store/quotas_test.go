package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/store"
)

func TestProvisionedLimitsAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		limits := func() map[string]int64 {
			return read(t, db, func(ctx context.Context, tx *store.Tx) (map[string]int64, error) { return tx.ProvisionedLimits(ctx) })
		}
		set := func(category string, rate int64) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SetProvisionedLimit(ctx, category, rate) })
		}
		wantEqual(t, len(limits()), 0)
		set("UserRead", 200)
		set("UserToken", 300)
		set("UserRead", 250)
		wantEqual(t, limits()["UserRead"], int64(250))
		set("UserRead", 0)
		wantEqual(t, len(limits()), 1)
	})
}

func TestNodesReadWhatOthersLetThrough(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		add := func(node string, at time.Time, taken map[string]int64) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.AddRequestCounts(ctx, node, at, 10*time.Second, taken)
			})
		}
		others := func(node string, after time.Time) []store.RequestCount {
			return read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.RequestCount, error) {
				return tx.RequestCountsOfOthers(ctx, node, after)
			})
		}
		add("a", start, map[string]int64{"x": 3, "y": 4})
		add("b", start.Add(time.Second), map[string]int64{"x": 5})
		got := others("b", start.Add(-time.Second))
		wantEqual(t, len(got), 2)
		wantEqual(t, got[0], store.RequestCount{At: start, Node: "a", Bucket: "x", Taken: 3})
		wantEqual(t, len(others("b", start)), 0)
		wantEqual(t, len(others("a", start)), 1)
		add("a", start.Add(11*time.Second), nil) // forgets the first two
		wantEqual(t, len(others("c", start.Add(-time.Hour))), 1)
	})
}
