// Package storetest gives tests of packages above the store a database in memory.
package storetest

import (
	"testing"
	"time"

	"cognate/internal/store"
)

// Open gives an empty database with a clock. It is closed when the test is over, and
// a failure to close it fails the test.
func Open(t testing.TB, now func() time.Time) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), store.Config{Memory: true, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
