package store

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// loadingLinger is how long the database stays prepared after a load: making and
// giving back so much memory for each of many requests costs more than it gives.
const loadingLinger = 30 * time.Second

// Load says how far the database is prepared for many users that are added. Each
// touches a page of every index. Pages that do not stay in the writer's cache until
// the end of the transaction are written more than once; of those that were changed
// several times since the last checkpoint of the log, each goes to the database file
// once.
type Load int

// The loads, the lesser first.
const (
	noLoad Load = iota
	// SmallLoad is for transactions of a thousand users. The log stays as short as
	// spec/reliability.md section 2 asks.
	SmallLoad
	// LargeLoad is for transactions of thousands of users, of which one fills such a
	// log.
	LargeLoad
)

// loadSettings are the writer's page cache and how long its log grows, in pages, by
// Load.
var loadSettings = [...]struct{ cacheKiB, checkpointPages int }{
	noLoad:    {writerCacheKiB, checkpointPages},
	SmallLoad: {64 << 10, 16_000},
	LargeLoad: {256 << 10, 64_000},
}

// loads counts the loads under way.
type loads struct {
	mu    sync.Mutex
	n     int
	level Load        // what the database is prepared for
	rest  *time.Timer // ends the preparation
}

// Loading prepares the database for a load until done is called, and a while longer.
// Loads may overlap.
func (db *DB) Loading(ctx context.Context, load Load) (done func(), err error) {
	l := &db.loads
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rest != nil {
		l.rest.Stop()
	}
	if l.level < load {
		if err := db.driver.loading(ctx, load); err != nil {
			return nil, fmt.Errorf("prepare to load: %w", err)
		}
		l.level = load
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
	if l.n > 0 || l.level == noLoad {
		return
	}
	// A database that is being closed needs it no more.
	if db.driver.loading(context.Background(), noLoad) == nil {
		l.level = noLoad
	}
}

func (l *loads) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rest != nil {
		l.rest.Stop()
	}
}

func (e *sqliteEngine) loading(ctx context.Context, load Load) error {
	settings := loadSettings[load]
	return e.write(ctx, func(conn) error {
		if err := e.writer.cache(settings.cacheKiB); err != nil || e.memory {
			return err
		}
		return e.writer.conn.pragma(context.Background(), "wal_autocheckpoint = "+strconv.Itoa(settings.checkpointPages))
	})
}

// loading does nothing: PostgreSQL has one cache for all.
func (e *postgresEngine) loading(context.Context, Load) error { return nil }
