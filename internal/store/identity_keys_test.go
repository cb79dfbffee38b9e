package store_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"cognate/internal/store"
)

func identityKeys(t *testing.T, db *testDB, at time.Time) []string {
	t.Helper()
	var ids []string
	for _, k := range read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.IdentityKey, error) { return tx.IdentityKeys(ctx, at) }) {
		ids = append(ids, k.ID+"="+string(k.Private))
	}
	return ids
}

func TestIdentityKeysFollowEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		insert := func(id string) (inserted bool) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				inserted, err = tx.InsertIdentityKey(ctx, store.IdentityKey{
					Generation: 1, ID: id, Private: []byte("key " + id), CreatedAt: start, SignsAt: start,
				})
				return err
			})
			return inserted
		}
		wantEqual(t, insert("a"), true)
		wantEqual(t, insert("b"), false)
		wantEqual(t, identityKeys(t, db, start), []string{"a=key a"})

		replace := func(id string, at, until time.Time) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.ReplaceIdentityKeys(ctx, store.IdentityKey{ID: id, Private: []byte("key " + id), CreatedAt: at, SignsAt: at}, until)
			})
		}
		replace("c", start, start.Add(time.Hour))
		wantEqual(t, identityKeys(t, db, start), []string{"a=key a", "c=key c"})
		wantEqual(t, identityKeys(t, db, start.Add(time.Hour)), []string{"c=key c"})

		// The key that ends sooner does not live longer by the next rotation.
		replace("d", start.Add(time.Minute), start.Add(3*time.Hour))
		wantEqual(t, identityKeys(t, db, start.Add(2*time.Hour)), []string{"c=key c", "d=key d"})
		replace("e", start.Add(4*time.Hour), start.Add(5*time.Hour))
		left := read(t, db, func(ctx context.Context, tx *store.Tx) ([][]byte, error) {
			return tx.Blobs(ctx, `SELECT private FROM identity_keys ORDER BY generation`)
		})
		wantEqual(t, len(left), 2) // a and c are gone
		if bytes.Contains(left[0], []byte("key")) {
			t.Error("the key is not sealed")
		}
	})
}

func TestAnIdentityKeyOpensOnlyInItsRow(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for i, id := range []string{"a", "b"} {
				if _, err := tx.InsertIdentityKey(ctx, store.IdentityKey{Generation: int64(i + 1), ID: id, Private: []byte("key")}); err != nil {
					return err
				}
			}
			_, err := tx.Exec(ctx, `UPDATE identity_keys SET private = (SELECT private FROM identity_keys WHERE kid = 'a')`)
			return err
		})
		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) ([]store.IdentityKey, error) {
			return tx.IdentityKeys(ctx, start)
		})
		if err == nil {
			t.Error("a key opens in the place of another")
		}
	})
}
