package store

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// Config says where the database is. Exactly one of Path, Memory and URL is
// set; Now is always set.
type Config struct {
	// Path is the data directory of an SQLite database; it is made when
	// missing.
	Path string
	// Memory keeps an SQLite database in memory only.
	Memory bool
	// URL is a PostgreSQL connection string; it may name several hosts.
	URL string
	// Schema is the PostgreSQL schema to work in; empty leaves the choice
	// to the server. It must exist.
	Schema string
	// MasterKey wraps the data key: 32 bytes. Only Memory may leave it out
	// and gets a random one.
	MasterKey []byte
	// Wrapper replaces MasterKey where the master key is held elsewhere.
	Wrapper KeyWrapper
	// MaxConns bounds the connections to PostgreSQL; 0 is four per core,
	// at least eight.
	MaxConns int
	// Now is the clock.
	Now func() time.Time
}

// DB is an open database. Its methods may be called by many goroutines.
type DB struct {
	loads      loads
	driver     driver
	now        func() time.Time
	statements atomic.Int64
	*keyring
}

// Statements tells how many statements were run since the database was opened.
func (db *DB) Statements() int64 { return db.statements.Load() }

// driver is one engine.
type driver interface {
	// read lends body a connection for reading.
	read(ctx context.Context, body func(conn) error) error
	// write runs body in a transaction, committed when body returns nil.
	write(ctx context.Context, body func(conn) error) error
	// writeMuch is write for a body that changes thousands of rows.
	writeMuch(ctx context.Context, body func(conn) error) error
	// migrate brings the schema up to date.
	migrate(ctx context.Context) error
	// ping asks the engine whether it answers.
	ping(ctx context.Context) error
	// copyRows loads many rows quickly inside one transaction.
	copyRows(ctx context.Context, batches []copyBatch) error
	// loading prepares for many new rows; noLoad ends that.
	loading(ctx context.Context, load Load) error
	// name is "sqlite" or "postgres".
	name() string
	close() error
}

// copyBatch is rows for one table.
type copyBatch struct {
	table   string
	columns []string
	rows    [][]any
}

// Open opens the database, brings its schema up to date and unwraps the data
// key. It fails when another process holds the data directory, when the
// schema is newer than this program, and when the master key is not the one
// that the database was sealed with.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	if cfg.Now == nil {
		return nil, errors.New("open database: no clock given")
	}
	wrapper, err := cfg.wrapper()
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	d, err := cfg.open(ctx)
	if err != nil {
		return nil, err
	}
	db := &DB{driver: d, now: cfg.Now}
	if err := d.migrate(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("update database schema: %w", err), d.close())
	}
	if db.keyring, err = openKeyring(ctx, db, wrapper); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return db, nil
}

func (cfg Config) open(ctx context.Context) (driver, error) {
	chosen := 0
	for _, set := range []bool{cfg.Path != "", cfg.Memory, cfg.URL != ""} {
		if set {
			chosen++
		}
	}
	if chosen != 1 {
		return nil, errors.New("open database: give one of a data directory, memory or a PostgreSQL address")
	}
	if cfg.URL != "" {
		return openPostgres(ctx, cfg)
	}
	return openSQLite(ctx, cfg)
}

// Close waits for running transactions and closes the database.
func (db *DB) Close() error {
	db.loads.stop()
	return db.driver.close()
}

// Ping reports whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.driver.ping(ctx) }

// Engine is "sqlite" or "postgres".
func (db *DB) Engine() string { return db.driver.name() }
