package store

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

const (
	// loadingCacheKiB is the writer's page cache while many users are added. Each
	// touches a page of every index; pages that do not stay in the cache until the
	// end of the transaction are written more than once.
	loadingCacheKiB = 256 << 10
	// loadingCheckpointPages is how long the log grows meanwhile. A page that was
	// changed several times since the last checkpoint goes to the database file
	// once.
	loadingCheckpointPages = 64_000
	// loadingLinger is how long the database stays prepared after a load: making
	// and giving back so much memory for each of many requests costs more than
	// it gives.
	loadingLinger = 30 * time.Second
)

// loads counts the loads under way.
type loads struct {
	mu   sync.Mutex
	n    int
	on   bool
	rest *time.Timer // ends the preparation
}

// Loading prepares the database for many users that are added in large
// transactions, until done is called and a while longer. Loads may overlap.
func (db *DB) Loading(ctx context.Context) (done func(), err error) {
	l := &db.loads
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rest != nil {
		l.rest.Stop()
	}
	if !l.on {
		if err := db.driver.loading(ctx, true); err != nil {
			return nil, fmt.Errorf("prepare to load: %w", err)
		}
		l.on = true
	}
	l.n++
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.n--; l.n == 0 {
			l.rest = time.AfterFunc(loadingLinger, db.rest)
		}
	}, nil
}

// rest ends the preparation, unless another load has begun.
func (db *DB) rest() {
	l := &db.loads
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n > 0 || !l.on {
		return
	}
	// A database that is being closed needs it no more.
	if db.driver.loading(context.Background(), false) == nil {
		l.on = false
	}
}

func (l *loads) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rest != nil {
		l.rest.Stop()
	}
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
