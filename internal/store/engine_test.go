package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"cognate/internal/store"
)

func TestRolledBackWorkIsGone(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		failed := errors.New("no")
		err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertUser(ctx, newUser("s1", "ana")); err != nil {
				return err
			}
			return failed
		})
		if !errors.Is(err, failed) {
			t.Errorf("answer is %v", err)
		}
		wantEqual(t, tableRows(t, db), map[string]int64{"pools": 1})
	})
}

func TestCommitWithKeepsTheWorkAndTheError(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		counted := errors.New("counted")
		err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertUser(ctx, newUser("s1", "ana")); err != nil {
				return err
			}
			return fmt.Errorf("sign in: %w", store.CommitWith(counted))
		})
		if !errors.Is(err, counted) {
			t.Errorf("answer is %v", err)
		}
		if n := tableRows(t, db)["users"]; n != 1 {
			t.Errorf("%d users, want 1", n)
		}
		if store.CommitWith(nil) != nil {
			t.Error("CommitWith(nil) is an error")
		}
	})
}

func TestPanicIsRaisedInTheCallerAndRolledBack(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		func() {
			defer func() {
				if p := recover(); p != "oh" {
					t.Errorf("recovered %v", p)
				}
			}()
			_ = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				if err := tx.InsertUser(ctx, newUser("s1", "ana")); err != nil {
					return err
				}
				panic("oh")
			})
		}()
		insertUser(t, db, newUser("s2", "bob")) // the writer lives
		if n := tableRows(t, db)["users"]; n != 1 {
			t.Errorf("%d users, want 1", n)
		}
	})
}

func TestCancelledWorkDoesNotRun(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ran := false
		_, err := store.Write(ctx, db.DB, func(context.Context, *store.Tx) (int, error) { ran = true; return 0, nil })
		if ran || !errors.Is(err, context.Canceled) {
			t.Errorf("ran %v, answer %v", ran, err)
		}
	})
}

func TestCancelledInTheMiddleIsRolledBack(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := store.Write(ctx, db.DB, func(ctx context.Context, tx *store.Tx) (int, error) {
			if err := tx.InsertUser(ctx, newUser("s1", "ana")); err != nil {
				return 0, err
			}
			cancel()
			return 0, tx.InsertUser(ctx, newUser("s2", "bob"))
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("answer is %v", err)
		}
		wantEqual(t, tableRows(t, db), map[string]int64{"pools": 1})
	})
}

func TestNestedTransactionsAreRefused(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		if store.InWrite(t.Context()) {
			t.Error("a plain context is in a write")
		}
		nothing := func(ctx context.Context, tx *store.Tx) (int, error) { return 1, nil }
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if !store.InWrite(ctx) {
				t.Error("the context of a write is not marked")
			}
			if _, err := store.Write(ctx, db.DB, nothing); !errors.Is(err, store.ErrNested) {
				t.Errorf("write in a write: %v", err)
			}
			if _, err := store.Read(ctx, db.DB, nothing); !errors.Is(err, store.ErrNested) {
				t.Errorf("read in a write: %v", err)
			}
			return nil
		})
		read(t, db, func(ctx context.Context, tx *store.Tx) (int, error) {
			if store.InWrite(ctx) {
				t.Error("the context of a read is marked")
			}
			if _, err := store.Write(ctx, db.DB, nothing); !errors.Is(err, store.ErrNested) {
				t.Errorf("write in a read: %v", err)
			}
			return store.Read(ctx, db.DB, nothing)
		})
	})
}

func TestReadCannotChange(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (int, error) {
			return 0, tx.DeletePool(ctx, poolID)
		})
		if err == nil {
			t.Error("Read deleted a pool")
		}
		if _, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.Pool, error) { return tx.LockPool(ctx, poolID) }); err == nil {
			t.Error("Read locked a pool")
		}
	})
}

// Whoever came before a large transaction has an answer when it begins.
func TestALargeWriteWaitsForTheCommitBeforeIt(t *testing.T) {
	db := open(t, "sqlite")
	newPool(t, db)
	var large sync.WaitGroup
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		large.Go(func() {
			_, err := store.WriteMuch(t.Context(), db.DB, func(context.Context, *store.Tx) (int, error) {
				// A reader sees what is committed.
				before := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountUsers(ctx, poolID) })
				if before != 1 {
					t.Errorf("%d users are committed before it begins, want 1", before)
				}
				return 0, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
		for store.Waiting(db.DB) == 0 {
			runtime.Gosched()
		}
		return tx.InsertUser(ctx, newUser("s1", "ana"))
	})
	large.Wait()
}

// While the writer is busy, jobs gather and share one commit: those that
// fail, in whatever way, do not touch their neighbours.
func TestGroupCommitKeepsNeighboursApart(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		const n = 2*store.MaxBatch + 10
		busy, release := make(chan struct{}), make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() {
			if err := tryWrite(t, db, func(context.Context, *store.Tx) error { close(busy); <-release; return nil }); err != nil {
				t.Error(err)
			}
		})
		<-busy
		failed := errors.New("no")
		for i := range n {
			all.Go(func() {
				defer func() {
					if p := recover(); (p != nil) != (i%4 == 1) {
						t.Errorf("job %d: recovered %v", i, p)
					}
				}()
				write := store.Write[int]
				if i%5 == 0 {
					write = store.WriteMuch[int]
				}
				_, err := write(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (int, error) {
					sub := fmt.Sprintf("s%d", i)
					if err := tx.InsertUser(ctx, newUser(sub, sub)); err != nil {
						return 0, err
					}
					switch i % 4 {
					case 1:
						panic("oh")
					case 2:
						return 0, failed
					case 3: // a statement that fails by itself
						return 0, tx.InsertUser(ctx, newUser(sub, sub))
					}
					return 0, nil
				})
				if wantError := i%4 != 0; (err != nil) != wantError {
					t.Errorf("job %d: %v", i, err)
				}
			})
		}
		close(release)
		all.Wait()
		users := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountUsers(ctx, poolID) })
		if want := int64((n + 3) / 4); users != want || tableRows(t, db)["users"] != want {
			t.Errorf("%d users counted, %d there, want %d", users, tableRows(t, db)["users"], want)
		}
	})
}

func TestAnsweredWritesSurviveReopening(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := open(t, engine)
			newPool(t, db)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if err := tryWrite(t, db, func(context.Context, *store.Tx) error { return nil }); err == nil {
				t.Error("a closed database took a write")
			}
			if err := db.Ping(t.Context()); err == nil {
				t.Error("a closed database answers")
			}
			again := &testDB{DB: reopen(t, db.cfg), cfg: db.cfg, clock: db.clock}
			read(t, again, func(ctx context.Context, tx *store.Tx) (*store.Pool, error) { return tx.PoolByID(ctx, poolID) })
		})
	}
}

func TestClosedDatabaseLeavesNoLog(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite")
	newPool(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(db.cfg.Path, "cognate.db-wal")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("write-ahead log after closing: %v", err)
	}
}

func TestSecondOpenerIsRefusedByName(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite")
	_, err := store.Open(t.Context(), db.cfg)
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d", os.Getpid())) {
		t.Errorf("second opener: %v", err)
	}
	insertPool(t, db, poolID) // the first one is unharmed
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	reopen(t, db.cfg)
}

func TestMemoryDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	one, two := open(t, "memory"), open(t, "memory")
	newPool(t, one)
	if n := tableRows(t, two); len(n) != 0 {
		t.Errorf("the other database has %v", n)
	}
}

func TestDamagedFileIsRefused(t *testing.T) {
	t.Parallel()
	db := open(t, "sqlite")
	newPool(t, db)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(db.cfg.Path, "cognate.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), db.cfg); err == nil {
		t.Error("a damaged file was opened")
	}
	if left, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(left), "not a database") {
		t.Error("the damaged file was replaced")
	}
}

func TestConfigMustChooseOneEngine(t *testing.T) {
	t.Parallel()
	base := store.Config{MasterKey: key(1), Now: (&testDB{}).nowOfStart}
	both, none, clockless, keyless := base, base, base, base
	both.Memory, both.Path = true, t.TempDir()
	clockless.Memory, clockless.Now = true, nil
	keyless.Path, keyless.MasterKey = t.TempDir(), nil
	short := base
	short.Memory, short.MasterKey = true, []byte("short")
	lax := base
	lax.URL = "postgres://127.0.0.1:1/x?synchronous_commit=off"
	for name, cfg := range map[string]store.Config{"both": both, "none": none, "no clock": clockless, "no key": keyless, "short key": short, "lax": lax} {
		if _, err := store.Open(t.Context(), cfg); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			db := open(t, engine)
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
				return err
			})
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Open(t.Context(), db.cfg); !errors.Is(err, store.ErrNewerSchema) {
				t.Errorf("answer is %v", err)
			}
		})
	}
}
