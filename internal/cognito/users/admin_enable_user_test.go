package users

import (
	"context"
	"os"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

const (
	testPool = "us-east-1_AbCdEf123"
	testSub  = "11111111-1111-7011-8111-111111111111"
)

// open makes a database with a pool and a user in it, on the engine that
// COGNATE_TEST_DB names.
func open(t *testing.T, now func() time.Time) *store.DB {
	t.Helper()
	cfg := store.Config{Memory: true, Now: now}
	if os.Getenv("COGNATE_TEST_DB") == "postgres" {
		cfg = store.Config{Now: now, MasterKey: make([]byte, 32)}
		cfg.URL, cfg.Schema = pgtest.Schema(t)
	}
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	inTx(t, db, func(ctx context.Context, tx *store.Tx) error {
		pool := &store.Pool{ID: testPool, Region: "us-east-1", CreatedAt: now(), ModifiedAt: now()}
		if err := tx.InsertPool(ctx, pool, nil); err != nil {
			return err
		}
		if err := tx.InsertClient(ctx, &store.Client{PoolID: testPool, ID: "client", CreatedAt: now(), ModifiedAt: now()}); err != nil {
			return err
		}
		u := &store.User{PoolID: testPool, Sub: testSub, Username: "ana", Status: api.UserStatusTypeConfirmed, Enabled: true, CreatedAt: now(), ModifiedAt: now()}
		if err := tx.InsertUser(ctx, u); err != nil {
			return err
		}
		_, _, err := tx.SetNames(ctx, testPool, testSub, []store.Name{{Name: "ana", Kind: store.NameUsername}})
		return err
	})
	return db
}

func inTx(t *testing.T, db *store.DB, body func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (nothing, error) { return nothing{}, body(ctx, tx) })
	if err != nil {
		t.Fatal(err)
	}
}

// A sign-in that read the user before an administrator disabled it may commit
// after that. Its tokens work for nothing while the user is disabled, and must
// not come to life with the user.
func TestS053EnablingRevivesNoTokens(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := func() time.Time { return start }
	db := open(t, now)
	o := &Operations{DB: db, Now: now, Directory: directory.New(db, now), Codes: &codes.Codes{Key: db.Key("codes"), Now: now}}
	signIn := func(id string) {
		inTx(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertFamily(ctx, &store.Family{
				PoolID: testPool, ID: id, Sub: testSub, ClientID: "client", CreatedAt: start, AuthAt: start,
				ExpiresAt: start.Add(time.Hour), Doc: []byte(`{}`),
			}, []byte(id))
		})
	}
	revoked := func(id string) bool {
		f, err := store.Read(t.Context(), db, func(ctx context.Context, tx *store.Tx) (*store.Family, error) {
			f, _, found, err := tx.SessionUser(ctx, testPool, id)
			if err == nil && !found {
				t.Errorf("no family %s", id)
			}
			return f, err
		})
		if err != nil {
			t.Fatal(err)
		}
		return !f.RevokedAt.IsZero()
	}
	enable := func() {
		t.Helper()
		if _, err := o.AdminEnableUser(t.Context(), &api.AdminEnableUserRequest{UserPoolId: testPool, Username: "ana"}); err != nil {
			t.Fatal(err)
		}
	}
	signIn("before")
	if _, err := o.AdminDisableUser(t.Context(), &api.AdminDisableUserRequest{UserPoolId: testPool, Username: "ana"}); err != nil {
		t.Fatal(err)
	}
	signIn("late")
	if !revoked("before") || revoked("late") {
		t.Fatal("disabling did not revoke what there was, or the late sign-in is not as this test needs it")
	}
	enable()
	if !revoked("late") {
		t.Error("the late sign-in is in force")
	}
	signIn("after")
	enable() // an enabled user: nothing changes
	if revoked("after") {
		t.Error("enabling an enabled user revoked tokens")
	}
}
