package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func resourceServer(identifier string, scopes ...string) *store.ResourceServer {
	r := &store.ResourceServer{PoolID: poolID, Identifier: identifier, CreatedAt: start, ModifiedAt: start}
	r.Settings = api.ResourceServerType{Name: "name of " + identifier}
	for _, s := range scopes {
		r.Settings.Scopes = append(r.Settings.Scopes, api.ResourceServerScopeType{ScopeName: s, ScopeDescription: "may " + s})
	}
	return r
}

func addResourceServer(t *testing.T, db *testDB, r *store.ResourceServer) (added bool) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		added, err = tx.InsertResourceServer(ctx, r)
		return err
	})
	return added
}

func TestResourceServersAreReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		orders, stock := resourceServer("https://orders.example.com", "read", "write"), resourceServer("stock")
		wantEqual(t, addResourceServer(t, db, stock), true)
		wantEqual(t, addResourceServer(t, db, orders), true)
		wantEqual(t, addResourceServer(t, db, resourceServer("stock", "other")), false)

		stock.Settings = resourceServer("stock", "count").Settings
		stock.ModifiedAt = start.Add(time.Hour)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateResourceServer(ctx, stock) })
		all := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.ResourceServer, error) {
			return tx.ResourceServersOfPool(ctx, poolID)
		})
		wantEqual(t, all, []*store.ResourceServer{orders, stock})
		page := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.ResourceServer, error) {
			return tx.ListResourceServers(ctx, poolID, orders.Identifier, 1)
		})
		wantEqual(t, page, []*store.ResourceServer{stock})
		found := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.ResourceServer, error) {
			return tx.ResourceServer(ctx, poolID, "stock")
		})
		wantEqual(t, found, stock)
	})
}

func TestAMissingResourceServerIsNotFound(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		addResourceServer(t, db, resourceServer("stock"))
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteResourceServer(ctx, poolID, "stock") })
		for name, body := range map[string]func(ctx context.Context, tx *store.Tx) error{
			"read": func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.ResourceServer(ctx, poolID, "stock")
				return err
			},
			"update": func(ctx context.Context, tx *store.Tx) error {
				return tx.UpdateResourceServer(ctx, resourceServer("stock"))
			},
			"delete": func(ctx context.Context, tx *store.Tx) error { return tx.DeleteResourceServer(ctx, poolID, "stock") },
		} {
			t.Run(name, func(t *testing.T) {
				wantCode(t, tryWrite(t, db, body), "ResourceNotFoundException", "Resource server stock does not exist.")
			})
		}
	})
}
