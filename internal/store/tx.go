package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Tx is what a body given to Read or Write works with. It is valid until
// that body returns and belongs to one goroutine.
type Tx struct {
	db       *DB
	conn     conn
	writable bool
	after    []func()
}

// AfterCommit runs f once the transaction is durable, and not at all when it
// is not. It is for waking something up: f must be quick and cannot fail.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// DB is the database the transaction belongs to.
func (tx *Tx) DB() *DB { return tx.db }

// conn is one connection of either engine.
type conn interface {
	exec(ctx context.Context, query string, args []any) (int64, error)
	query(ctx context.Context, query string, args []any) (rows, error)
	// load inserts many rows quickly.
	load(ctx context.Context, b copyBatch) error
}

// rows is the part of sql.Rows and pgx.Rows that both have.
type rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error
}

// scanner reads the columns of the current row.
type scanner interface{ Scan(dest ...any) error }

type txKey struct{}

func txOf(ctx context.Context) *Tx {
	tx, _ := ctx.Value(txKey{}).(*Tx)
	return tx
}

// InWrite reports whether ctx belongs to a write transaction. Packages that
// call other systems refuse to run there: the writer must not wait for them.
func InWrite(ctx context.Context) bool {
	tx := txOf(ctx)
	return tx != nil && tx.writable
}

// ErrNested is the answer to a Write inside a Read or Write, and to a Read
// inside a Write: a mistake in the program.
var ErrNested = errors.New("store: transaction inside a transaction")

// errReadOnly is the answer to a changing method inside Read.
var errReadOnly = errors.New("store: change attempted inside Read")

// errStale says that a row changed after it was read; PostgreSQL reruns the
// transaction for it.
var errStale = errors.New("row was changed by someone else after it was read")

// Read runs body on a connection for reading, outside any transaction: each
// statement sees what was committed before it. A Read inside a Read shares
// its connection.
func Read[T any](ctx context.Context, db *DB, body func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	var result T
	if outer := txOf(ctx); outer != nil && outer.db == db {
		if outer.writable {
			return result, ErrNested
		}
		return body(ctx, outer)
	}
	err := db.driver.read(ctx, func(c conn) error {
		tx := &Tx{db: db, conn: c}
		var err error
		result, err = body(context.WithValue(ctx, txKey{}, tx), tx)
		return err
	})
	return result, err
}

// Write runs body in one transaction and commits it when body returns nil,
// or an error made by CommitWith; any other error rolls it back. It returns
// after the commit is durable. Body may run more than once.
func Write[T any](ctx context.Context, db *DB, body func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	return write(ctx, db, db.driver.write, body)
}

// WriteMuch is Write for a body that changes thousands of rows. Where transactions
// share a commit, it does not join one that others have begun, since it would have to
// remember how each page was before.
func WriteMuch[T any](ctx context.Context, db *DB, body func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	return write(ctx, db, db.driver.writeMuch, body)
}

type writing func(ctx context.Context, body func(conn) error) error

func write[T any](ctx context.Context, db *DB, run writing, body func(ctx context.Context, tx *Tx) (T, error)) (T, error) {
	var result T
	if outer := txOf(ctx); outer != nil && outer.db == db {
		return result, ErrNested
	}
	var after *committed
	var hooks []func()
	err := run(ctx, func(c conn) error {
		tx := &Tx{db: db, conn: c, writable: true}
		var err error
		defer func() { hooks = tx.after }()
		result, err = body(context.WithValue(ctx, txKey{}, tx), tx)
		after = nil
		if errors.As(err, &after) {
			return nil
		}
		return err
	})
	if err != nil {
		return result, err
	}
	for _, f := range hooks {
		f()
	}
	if after != nil {
		err = after.err
	}
	return result, err
}

type committed struct{ err error }

func (c *committed) Error() string { return c.err.Error() }
func (c *committed) Unwrap() error { return c.err }

// CommitWith makes Write commit what was done so far and then return err.
// It is for counted failures, such as a wrong password.
func CommitWith(err error) error {
	if err == nil {
		return nil
	}
	return &committed{err: err}
}

// change runs a statement that changes rows and tells how many.
func (tx *Tx) change(ctx context.Context, query string, args ...any) (int64, error) {
	if !tx.writable {
		return 0, errReadOnly
	}
	tx.db.statements.Add(1)
	return tx.conn.exec(ctx, query, args)
}

// one scans the only row of a query; false means that there is none.
func one[T any](ctx context.Context, tx *Tx, scan func(scanner) (T, error), query string, args ...any) (T, bool, error) {
	var none T
	found, err := many(ctx, tx, scan, query, args...)
	if err != nil || len(found) == 0 {
		return none, false, err
	}
	return found[0], true, nil
}

// many scans all rows of a query.
func many[T any](ctx context.Context, tx *Tx, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	tx.db.statements.Add(1)
	r, err := tx.conn.query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	var found []T
	for r.Next() {
		v, err := scan(r)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("read row: %w", err), r.Close())
		}
		found = append(found, v)
	}
	return found, errors.Join(r.Err(), r.Close())
}

// changeOne is one for a statement that changes rows and returns them.
func changeOne[T any](ctx context.Context, tx *Tx, scan func(scanner) (T, error), query string, args ...any) (T, bool, error) {
	if !tx.writable {
		var none T
		return none, false, errReadOnly
	}
	return one(ctx, tx, scan, query, args...)
}

func scanString(s scanner) (v string, err error) {
	err = s.Scan(&v)
	return v, err
}

func scanInt(s scanner) (v int64, err error) {
	err = s.Scan(&v)
	return v, err
}

// toMS is t in milliseconds since 1970; the zero time is 0.
func toMS(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// fromMS is the reverse of toMS, in UTC.
func fromMS(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
