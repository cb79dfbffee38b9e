package directory

import (
	"context"
	"testing"

	"cognate/internal/api"
	"cognate/internal/store"
)

func TestIdentityPoolIsKeptForASecondUnlessForgotten(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const id = "eu-west-1:00000000-0000-4000-8000-000000000000"
	pool := &store.IdentityPool{ID: id, Region: "eu-west-1", Name: "first", CreatedAt: f.now, ModifiedAt: f.now}
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertIdentityPool(ctx, pool)
		return err
	})
	rename := func(name string) {
		pool.Name = name
		f.write(t, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateIdentityPool(ctx, pool) })
	}
	want := func(name string) {
		t.Helper()
		if found, err := f.IdentityPool(t.Context(), id); err != nil || found.Name != name {
			t.Errorf("found %v, %v, want %s", found, err, name)
		}
	}
	want("first")
	rename("second") // by another node
	want("first")
	f.now = f.now.Add(Freshness)
	want("second")
	rename("third")
	f.ForgetIdentityPool(id)
	want("third")
}

func TestIdentityPoolOfAnotherRegionIsNotFound(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const id = "eu-west-1:00000000-0000-4000-8000-000000000000"
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertIdentityPool(ctx, &store.IdentityPool{ID: id, Region: "eu-west-1"})
		return err
	})
	for region, found := range map[string]bool{"eu-west-1": true, "us-east-1": false} {
		ctx := api.WithRequest(t.Context(), &api.RequestInfo{Signed: true, Region: region})
		if _, err := f.IdentityPool(ctx, id); (err == nil) != found {
			t.Errorf("signed for %s: %v", region, err)
		}
	}
	if _, err := f.IdentityPool(t.Context(), "eu-west-1:1"); !api.HasCode(err, "ResourceNotFoundException") {
		t.Errorf("unknown pool: %v", err)
	}
}
