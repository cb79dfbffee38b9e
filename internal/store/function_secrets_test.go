package store_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"cognate/internal/store"
)

func functionSecrets(t *testing.T, db *testDB, at time.Time) []string {
	t.Helper()
	found := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.FunctionSecret, error) {
		return tx.FunctionSecrets(ctx, at)
	})
	var secrets []string
	for _, f := range found {
		secrets = append(secrets, f.Secret)
	}
	return secrets
}

func TestFunctionSecretsOverlap(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		wantEqual(t, len(functionSecrets(t, db, start)), 0)
		rotate := func(id string, at time.Time) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.RotateFunctionSecret(ctx, store.FunctionSecret{ID: id, Secret: "secret of " + id, CreatedAt: at}, at.Add(time.Hour))
			})
		}
		rotate("one", start)
		wantEqual(t, functionSecrets(t, db, start), []string{"secret of one"})
		rotate("two", start.Add(time.Minute))
		wantEqual(t, functionSecrets(t, db, start.Add(time.Minute)), []string{"secret of two", "secret of one"})
		wantEqual(t, functionSecrets(t, db, start.Add(time.Minute+time.Hour)), []string{"secret of two"})
		rotate("three", start.Add(2*time.Hour))
		wantEqual(t, functionSecrets(t, db, start.Add(2*time.Hour)), []string{"secret of three", "secret of two"})

		sealed := read(t, db, func(ctx context.Context, tx *store.Tx) ([][]byte, error) {
			return tx.Blobs(ctx, `SELECT secret FROM function_secrets ORDER BY created_ms`)
		})
		wantEqual(t, len(sealed), 2) // the first is gone
		if bytes.Contains(sealed[0], []byte("secret of")) {
			t.Error("the secret is not sealed")
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE function_secrets SET secret = $1`, sealed[0])
			return err
		})
		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) ([]store.FunctionSecret, error) {
			return tx.FunctionSecrets(ctx, start.Add(2*time.Hour))
		})
		if err == nil {
			t.Error("a secret opens in the place of another")
		}
	})
}
