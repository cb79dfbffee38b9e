package store_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"cognate/internal/store"
)

func TestACMEEntriesAreSavedSealed(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		saved := func(name string) string {
			return read(t, db, func(ctx context.Context, tx *store.Tx) (string, error) {
				data, found, err := tx.ACMEEntry(ctx, name)
				if !found {
					return "none", err
				}
				return string(data), err
			})
		}
		save := func(name, data string, at time.Time) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.SaveACMEEntry(ctx, name, []byte(data), at)
			})
		}
		wantEqual(t, saved("id.example.com"), "none")
		save("id.example.com", "first key", start)
		save("id.example.com", "second key", start.Add(time.Hour))
		save("acme_account+key", "account key", start)
		wantEqual(t, saved("id.example.com"), "second key")
		wantEqual(t, saved("acme_account+key"), "account key")

		for _, sealed := range read(t, db, func(ctx context.Context, tx *store.Tx) ([][]byte, error) {
			return tx.Blobs(ctx, `SELECT data FROM acme_entries`)
		}) {
			if bytes.Contains(sealed, []byte("key")) {
				t.Error("a key is not sealed")
			}
		}
		for range 2 { // the second finds nothing to do
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteACMEEntry(ctx, "id.example.com") })
		}
		wantEqual(t, saved("id.example.com"), "none")

		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE acme_entries SET name = 'id.example.com'`)
			return err
		})
		if _, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
			_, found, err := tx.ACMEEntry(ctx, "id.example.com")
			return found, err
		}); err == nil {
			t.Error("a key opens in the place of another")
		}
	})
}
