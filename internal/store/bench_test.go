package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"cognate/internal/store"
)

// benchEach runs a benchmark on the engines that keep data.
func benchEach(b *testing.B, bench func(b *testing.B, db *testDB)) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			db := open(b, engine)
			newPool(b, db)
			bench(b, db)
		})
	}
}

// inParallel spreads b.N calls over callers goroutines.
func inParallel(b *testing.B, callers int, body func(i int64) error) {
	var next atomic.Int64
	race := make(chan error, callers)
	b.ResetTimer()
	for range callers {
		go func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					race <- nil
					return
				}
				if err := body(i); err != nil {
					race <- err
					return
				}
			}
		}()
	}
	for range callers {
		if err := <-race; err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignUp writes a user with two names, as SignUp does.
func BenchmarkSignUp(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			benchEach(b, func(b *testing.B, db *testDB) {
				password := &store.Password{Salt: randomBytes(16), Verifier: randomBytes(384)}
				inParallel(b, callers, func(i int64) error {
					sub := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
					u := newUser(sub, fmt.Sprintf("user%d", i))
					u.Attributes.Set("email", u.Username+"@example.com")
					u.Password = password
					return tryWrite(b, db, func(ctx context.Context, tx *store.Tx) error {
						return signUp(ctx, tx, u, store.Name{Name: u.Username, Kind: store.NameUsername},
							store.Name{Name: u.Username + "@example.com", Kind: store.NameEmail})
					})
				})
			})
		})
	}
}

// BenchmarkUserByName reads one of 10,000 users, as every sign-in does.
func BenchmarkUserByName(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			benchEach(b, func(b *testing.B, db *testDB) {
				loadUsers(b, db, 10_000)
				inParallel(b, callers, func(i int64) error {
					_, err := store.Read(b.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
						return tx.UserByName(ctx, poolID, fmt.Sprintf("user%d", i%10_000))
					})
					return err
				})
			})
		})
	}
}

func loadUsers(b *testing.B, db *testDB, n int) {
	b.Helper()
	verifier := randomBytes(384)
	_, err := db.BulkLoadUsers(b.Context(), poolID, func(yield func(*store.User, []store.Name) bool) {
		for i := range n {
			u := newUser(fmt.Sprintf("00000000-0000-4000-8000-%012d", i), fmt.Sprintf("user%d", i))
			u.Attributes = store.Attributes{{Name: "email", Value: u.Username + "@example.com"}, {Name: "email_verified", Value: "true"}}
			u.Password = &store.Password{Salt: verifier[:16], Verifier: verifier}
			if !yield(u, []store.Name{{Name: u.Username, Kind: store.NameUsername}}) {
				return
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
}

// BenchmarkBulkLoad loads 100,000 users at a time.
func BenchmarkBulkLoad(b *testing.B) {
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				db := open(b, engine)
				newPool(b, db)
				b.StartTimer()
				loadUsers(b, db, 100_000)
			}
		})
	}
}
