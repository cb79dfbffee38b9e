package store

import (
	"context"
	"fmt"
	"strconv"
	"sync"
)

const (
	// loadingCacheKiB is the writer's page cache while many users are added: each
	// touches a page of every index, and the more of them are at hand the better.
	loadingCacheKiB = 256 << 10
	// loadingCheckpointPages is how long the log grows meanwhile. A page that was
	// changed several times since the last checkpoint goes to the database file
	// once.
	loadingCheckpointPages = 64_000
)

// loads counts the bulk loads under way.
type loads struct {
	mu sync.Mutex
	n  int
}

// Loading prepares the database for many rows that are added in a row of
// transactions, until done is called. Loads may overlap.
func (db *DB) Loading(ctx context.Context) (done func(context.Context) error, err error) {
	db.loads.mu.Lock()
	defer db.loads.mu.Unlock()
	if db.loads.n == 0 {
		if err := db.driver.loading(ctx, true); err != nil {
			return nil, fmt.Errorf("prepare to load: %w", err)
		}
	}
	db.loads.n++
	return func(ctx context.Context) error {
		db.loads.mu.Lock()
		defer db.loads.mu.Unlock()
		if db.loads.n--; db.loads.n > 0 {
			return nil
		}
		if err := db.driver.loading(ctx, false); err != nil {
			return fmt.Errorf("end a load: %w", err)
		}
		return nil
	}, nil
}

func (e *sqliteEngine) loading(ctx context.Context, on bool) error {
	cache, pages := writerCacheKiB, checkpointPages
	if on {
		cache, pages = loadingCacheKiB, loadingCheckpointPages
	}
	return e.write(ctx, func(conn) error {
		if err := e.writer.cache(cache); err != nil || e.memory {
			return err
		}
		return e.writer.conn.pragma(context.Background(), "wal_autocheckpoint = "+strconv.Itoa(pages))
	})
}

// loading does nothing: PostgreSQL has one cache for all.
func (e *postgresEngine) loading(context.Context, bool) error { return nil }
