package store_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

// start is when every test begins, in whole milliseconds.
var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// testDB is a database with a clock that the test moves.
type testDB struct {
	*store.DB
	cfg   store.Config
	clock *atomic.Int64
}

func (d *testDB) now() time.Time          { return time.UnixMilli(d.clock.Load()).UTC() }
func (*testDB) nowOfStart() time.Time     { return start }
func (d *testDB) advance(t time.Duration) { d.clock.Add(t.Milliseconds()) }

// open opens a database of one engine: "sqlite", "memory" or "postgres".
func open(t testing.TB, engine string) *testDB {
	t.Helper()
	clock := new(atomic.Int64)
	clock.Store(start.UnixMilli())
	cfg := store.Config{MasterKey: key(1), Now: func() time.Time { return time.UnixMilli(clock.Load()).UTC() }}
	switch engine {
	case "sqlite":
		cfg.Path = t.TempDir()
	case "memory":
		cfg.Memory = true
	case "postgres":
		cfg.URL, cfg.Schema = pgtest.Schema(t)
	}
	return &testDB{DB: reopen(t, cfg), cfg: cfg, clock: clock}
}

func reopen(t testing.TB, cfg store.Config) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func key(b byte) []byte {
	k := make([]byte, store.MasterKeySize)
	for i := range k {
		k[i] = b + byte(7*i)
	}
	return k
}

// onEach runs a test on every engine.
func onEach(t *testing.T, test func(t *testing.T, db *testDB)) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "memory", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, engine))
		})
	}
}

// write runs body in a transaction that must succeed.
func write(t testing.TB, db *testDB, body func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := tryWrite(t, db, body); err != nil {
		t.Fatal(err)
	}
}

func tryWrite(t testing.TB, db *testDB, body func(ctx context.Context, tx *store.Tx) error) error {
	_, err := store.Write(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, body(ctx, tx)
	})
	return err
}

// read runs body, which must succeed, and answers its result.
func read[T any](t testing.TB, db *testDB, body func(ctx context.Context, tx *store.Tx) (T, error)) T {
	t.Helper()
	v, err := store.Read(t.Context(), db.DB, body)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// poolID is the pool that newPool makes.
const poolID = "us-east-1_Abc123def"

func newPool(t testing.TB, db *testDB) {
	t.Helper()
	insertPool(t, db, poolID)
}

func insertPool(t testing.TB, db *testDB, id string) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertPool(ctx, &store.Pool{
			ID: id, Region: "us-east-1", Name: "shop", CreatedAt: db.now(), ModifiedAt: db.now(),
		}, nil)
	})
}

// newUser is a confirmed user of the pool, not yet inserted.
func newUser(sub, username string) *store.User {
	return &store.User{
		PoolID: poolID, Sub: sub, Username: username, Status: api.UserStatusTypeConfirmed, Enabled: true,
		CreatedAt: start, ModifiedAt: start, Attributes: store.Attributes{},
	}
}

func insertUser(t testing.TB, db *testDB, u *store.User, names ...store.Name) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return signUp(ctx, tx, u, names...) })
}

func signUp(ctx context.Context, tx *store.Tx, u *store.User, names ...store.Name) error {
	if err := tx.InsertUser(ctx, u); err != nil {
		return err
	}
	taken, owner, err := tx.SetNames(ctx, u.PoolID, u.Sub, names)
	if err != nil {
		return err
	}
	if taken != nil {
		return &takenError{name: taken.Name, owner: owner}
	}
	return nil
}

type takenError struct{ name, owner string }

func (e *takenError) Error() string { return fmt.Sprintf("%s belongs to %s", e.name, e.owner) }

func wantCode(t testing.TB, err error, code, message string) {
	t.Helper()
	var e *api.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("error is %v, want %s: %s", err, code, message)
	}
}

func wantEqual[T any](t testing.TB, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

// race runs body in n goroutines that start together, and answers how many
// reported true.
func race(t *testing.T, n int, body func(i int) (bool, error)) int {
	t.Helper()
	var winners atomic.Int64
	var all sync.WaitGroup
	ready := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-ready
			won, err := body(i)
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
			if won {
				winners.Add(1)
			}
		})
	}
	close(ready)
	all.Wait()
	return int(winners.Load())
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}
