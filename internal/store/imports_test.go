package store_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func newImport(id string) *store.ImportJob {
	return &store.ImportJob{
		PoolID: poolID, ID: id, CreatedAt: start, Status: api.UserImportJobStatusTypeCreated,
		Details: store.ImportDetails{Name: "move", LogsRoleARN: "arn:aws:iam::123456789012:role/logs"},
	}
}

func addImport(t *testing.T, db *testDB, j *store.ImportJob) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertImportJob(ctx, j) })
}

func TestImportJobsAreReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		old, middle, young := newImport("import-c"), newImport("import-a"), newImport("import-b")
		young.CreatedAt = start.Add(time.Minute)
		for _, j := range []*store.ImportJob{young, old, middle} {
			addImport(t, db, j)
		}
		old.Status = api.UserImportJobStatusTypeFailed
		old.Details.StartedAt, old.Details.Imported, old.Details.Message = start, 7, "no"
		old.Details.Algorithm = api.PasswordHashingAlgorithmTypeBcrypt
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SaveImportJob(ctx, old) })
		list := func(before time.Time, id string, limit int) []*store.ImportJob {
			return read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.ImportJob, error) {
				return tx.ListImportJobs(ctx, poolID, before, id, limit)
			})
		}
		wantEqual(t, list(start.Add(time.Hour), "", 2), []*store.ImportJob{young, old})
		wantEqual(t, list(start, "import-c", 5), []*store.ImportJob{middle})
		stale := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.ImportJob, error) {
			return tx.StaleImportJobs(ctx, start)
		})
		wantEqual(t, stale, []*store.ImportJob{middle})
		n := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountImportJobs(ctx, poolID) })
		wantEqual(t, n, int64(3))
		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.ImportJob, error) {
			return tx.ImportJob(ctx, poolID, "import-x")
		})
		if err == nil || err.Error() != "ResourceNotFoundException: User import job import-x does not exist." {
			t.Errorf("got %v", err)
		}
	})
}

func TestOneImportRunsAndOneNodeHasIt(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		addImport(t, db, newImport("import-a"))
		addImport(t, db, newImport("import-b"))
		begin := func(id string, want bool) {
			t.Helper()
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				got, err := tx.BeginImport(ctx, poolID, id)
				if got != want {
					t.Errorf("%s began: %v, want %v", id, got, want)
				}
				return err
			})
		}
		lease := func(owner, want string) {
			t.Helper()
			due := read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.ImportDue(ctx, owner, db.now()) })
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				j, err := tx.LeaseImport(ctx, owner, db.now(), time.Minute)
				got := ""
				if j != nil {
					got = j.ID
				}
				if got != want || due != (want != "") {
					t.Errorf("%s leased %q, due %v, want %q", owner, got, due, want)
				}
				return err
			})
		}
		lease("one", "")
		begin("import-a", true)
		begin("import-b", false)
		lease("one", "import-a")
		lease("two", "")
		db.advance(30 * time.Second)
		lease("one", "import-a") // kept
		db.advance(59 * time.Second)
		lease("two", "")
		db.advance(time.Second)
		lease("two", "import-a")
		lease("one", "")
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.VoidImportLease(ctx, "one") })
		lease("one", "")
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.VoidImportLease(ctx, "two") })
		lease("one", "import-a")
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.VoidImportLease(ctx, "") })
		lease("two", "import-a")
		running := read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.Importing(ctx, poolID) })
		wantEqual(t, running, true)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.EndImport(ctx, poolID, "import-a") })
		running = read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.Importing(ctx, poolID) })
		wantEqual(t, running, false)
		begin("import-b", true)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePool(ctx, poolID) })
		wantEqual(t, tableRows(t, db), map[string]int64{})
	})
}

func TestFilesOfImportsAreSealedPieces(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		j := newImport("import-a")
		addImport(t, db, j)
		secret := []byte("ana,$2b$12$abcdefghijklmnopqrstuugDyVtHSTx8ZlMQIJEQIuyDnicpCWnwm")
		for _, upload := range []string{"first", "second"} {
			for n := range int64(3) {
				write(t, db, func(ctx context.Context, tx *store.Tx) error {
					return tx.AddImportPiece(ctx, j, upload, n, fmt.Appendf(nil, "%s %s %d", secret, upload, n))
				})
			}
		}
		j.Details.Upload = "second"
		piece := func(n int64) ([]byte, error) {
			return store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) ([]byte, error) { return tx.ImportPiece(ctx, j, n) })
		}
		got, err := piece(2)
		if err != nil || string(got) != string(secret)+" second 2" {
			t.Errorf("read %q, %v", got, err)
		}
		if db.cfg.Path != "" || db.cfg.URL != "" {
			if bytes.Contains(dump(t, db), secret[:20]) {
				t.Error("the file is readable in the database")
			}
		}
		drop := func(upload string, want int64) {
			t.Helper()
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				n, err := tx.DropImportPieces(ctx, poolID, j.ID, upload, 2)
				wantEqual(t, n, want)
				return err
			})
		}
		drop("first", 2)
		drop("first", 1)
		drop("first", 0)
		if _, err := piece(0); err != nil {
			t.Error(err)
		}
		drop("second", 2)
		drop("second", 1)
		if _, err := piece(2); err == nil {
			t.Error("a piece was read that is not there")
		}
	})
}

func TestLogsOfImportsWaitInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		j := newImport("import-a")
		addImport(t, db, j)
		for n := range int64(3) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				if err := tx.AddImportLog(ctx, j, nil); err != nil {
					return err
				}
				if err := tx.AddImportLog(ctx, j, []store.ImportEntry{{Line: n + 2, Outcome: "FAILED", Text: "no"}}); err != nil {
					return err
				}
				return tx.SaveImportJob(ctx, j)
			})
		}
		wantEqual(t, j.Details.Logged, int64(3))
		lease := func(limit int) (lines []int64) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				logs, err := tx.LeaseImportLogs(ctx, db.now(), time.Minute, limit)
				for _, l := range logs {
					lines = append(lines, l.Entries[0].Line)
				}
				return err
			})
			return lines
		}
		wantEqual(t, lease(2), []int64{2, 3})
		wantEqual(t, lease(2), []int64{4})
		wantEqual(t, lease(2), nil)
		due := func() bool {
			return read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.ImportLogsDue(ctx, db.now()) })
		}
		wantEqual(t, due(), false)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.DropImportLog(ctx, store.ImportLog{PoolID: poolID, JobID: j.ID, N: 0})
		})
		db.advance(time.Minute)
		wantEqual(t, due(), true)
		wantEqual(t, lease(2), []int64{3, 4})
	})
}

func person(i int, names ...string) store.NewUser {
	u := store.NewUser{User: newUser(fmt.Sprintf("sub%d", i), fmt.Sprintf("user%d", i))}
	u.Attributes.Set("email", fmt.Sprintf("user%d@example.com", i))
	for _, name := range names {
		u.Names = append(u.Names, store.Name{Name: name, Kind: store.NameUsername})
	}
	return u
}

func TestManyUsersAreAddedAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("there", "there"), store.Name{Name: "taken", Kind: store.NameUsername})
		var users []store.NewUser
		for i := range 200 {
			users = append(users, person(i, fmt.Sprintf("n%d", i), fmt.Sprintf("m%d", i)))
		}
		users[7] = person(7, "n7", "taken")
		users[8] = person(8, "n7") // free again: the one before was not added
		users[9] = person(9, "n8x", "n1")
		var taken []*store.Name
		write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
			taken, err = tx.InsertUsers(ctx, poolID, users)
			return err
		})
		for i, name := range taken {
			want := map[int]string{7: "taken", 9: "n1"}[i]
			if (name == nil) != (want == "") || name != nil && name.Name != want {
				t.Errorf("user %d: taken %v, want %q", i, name, want)
			}
		}
		wantEqual(t, tableRows(t, db), map[string]int64{"pools": 1, "users": 199, "user_names": 398 - 2, "pool_users_count": 2})
		count := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountUsers(ctx, poolID) })
		wantEqual(t, count, int64(199))
		got := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserByName(ctx, poolID, "n7") })
		wantEqual(t, got, users[8].User)
	})
}

// Whoever signs up while an import goes on gets the name or not, and the import the
// other way round: never both.
func TestABatchAndASignUpShareNoName(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		const n = 40
		var both sync.WaitGroup
		var signedUp, added int
		both.Go(func() {
			for i := range n {
				err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
					return signUp(ctx, tx, newUser(fmt.Sprintf("s%d", i), "x"), store.Name{Name: fmt.Sprintf("n%d", i), Kind: store.NameUsername})
				})
				if err == nil {
					signedUp++
				}
			}
		})
		both.Go(func() {
			for first := 0; first < n; first += 10 {
				var users []store.NewUser
				for i := first; i < first+10; i++ {
					users = append(users, person(i, fmt.Sprintf("n%d", i)))
				}
				var taken []*store.Name
				write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
					taken, err = tx.InsertUsers(ctx, poolID, users)
					return err
				})
				for _, name := range taken {
					if name == nil {
						added++
					}
				}
			}
		})
		both.Wait()
		rows := tableRows(t, db)
		if signedUp+added != n || rows["users"] != n || rows["user_names"] != n {
			t.Errorf("%d signed up, %d were added, the tables have %v", signedUp, added, rows)
		}
	})
}
