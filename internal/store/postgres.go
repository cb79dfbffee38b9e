package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	// minPostgres is server_version_num of the oldest PostgreSQL to use.
	minPostgres = 150_000

	statementTimeout = 5 * time.Second
	lockTimeout      = 3 * time.Second
	idleTimeout      = 10 * time.Second

	// maxReruns is how often a transaction that met another one starts again.
	maxReruns = 3
)

// postgresEngine works on a pool of connections in READ COMMITTED.
type postgresEngine struct {
	pool *pgxpool.Pool
}

func openPostgres(ctx context.Context, cfg Config) (driver, error) {
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := setParameters(pc.ConnConfig, cfg.Schema); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	pc.MaxConns = int32(max(8, 4*runtime.GOMAXPROCS(0)))
	if cfg.MaxConns > 0 {
		pc.MaxConns = int32(cfg.MaxConns)
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	e := &postgresEngine{pool: pool}
	if err := e.checkVersion(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return e, nil
}

// setParameters sets what every connection starts with; what the address
// says about timeouts stays.
func setParameters(c *pgx.ConnConfig, schema string) error {
	p := c.RuntimeParams
	for name, value := range map[string]string{
		"application_name":                    "cognate",
		"synchronous_commit":                  "on",
		"statement_timeout":                   milliseconds(statementTimeout),
		"lock_timeout":                        milliseconds(lockTimeout),
		"idle_in_transaction_session_timeout": milliseconds(idleTimeout),
	} {
		if p[name] == "" {
			p[name] = value
		}
	}
	switch p["synchronous_commit"] {
	case "on", "remote_apply":
	default:
		return fmt.Errorf("synchronous_commit is %q: answered writes could be lost", p["synchronous_commit"])
	}
	if schema != "" {
		p["search_path"] = pgx.Identifier{schema}.Sanitize()
	}
	if c.ValidateConnect == nil { // of several hosts, the one that takes writes
		c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	return nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

func (e *postgresEngine) checkVersion(ctx context.Context) error {
	var text string
	if err := e.pool.QueryRow(ctx, `SHOW server_version_num`).Scan(&text); err != nil {
		return fmt.Errorf("ask for the server's version: %w", err)
	}
	version, err := strconv.Atoi(text)
	if err != nil || version < minPostgres {
		return fmt.Errorf("PostgreSQL %d or newer is needed, the server says %s", minPostgres/10_000, text)
	}
	return nil
}

func (e *postgresEngine) name() string { return "postgres" }

func (e *postgresEngine) close() error {
	e.pool.Close()
	return nil
}

func (e *postgresEngine) ping(ctx context.Context) error { return e.pool.Ping(ctx) }

// migrate uses connections of its own: a change of schema may take longer
// than a request.
func (e *postgresEngine) migrate(ctx context.Context) error {
	c := e.pool.Config().ConnConfig
	for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		delete(c.RuntimeParams, name)
	}
	db := stdlib.OpenDB(*c)
	locker, err := lock.NewPostgresTableLocker(lock.WithTableLockTimeout(200*time.Millisecond, 1500))
	if err != nil {
		return errors.Join(fmt.Errorf("set up migration lock: %w", err), db.Close())
	}
	return errors.Join(migrateUp(ctx, goose.DialectPostgres, db, goose.WithLocker(locker)), db.Close())
}

func (e *postgresEngine) read(ctx context.Context, body func(conn) error) error {
	c, err := e.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to database: %w", err)
	}
	defer c.Release()
	return body(postgresConn{c})
}

// write runs body again when it met another transaction.
func (e *postgresEngine) write(ctx context.Context, body func(conn) error) error {
	for rerun := 0; ; rerun++ {
		err := e.writeOnce(ctx, body)
		if err == nil || rerun == maxReruns || !isConflict(err) {
			return err
		}
		if pause(ctx, 5*time.Millisecond<<rerun) != nil {
			return err
		}
	}
}

func (e *postgresEngine) writeOnce(ctx context.Context, body func(conn) error) error {
	tx, err := e.pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	// After a commit this does nothing. It must run even when the request
	// was cancelled, and when body panics.
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if err := body(postgresConn{tx}); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// isConflict reports whether a transaction failed only because of another
// one: serialisation failure, deadlock, or a row that changed underneath.
func isConflict(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01"
	}
	return errors.Is(err, errStale)
}

// pause waits between one half and all of the duration given, so that
// transactions which met do not meet again.
func pause(ctx context.Context, atMost time.Duration) error {
	var b [8]byte
	rand.Read(b[:]) // never fails
	half := uint64(atMost / 2)
	timer := time.NewTimer(time.Duration(half + binary.NativeEndian.Uint64(b[:])%(half+1)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// postgresConn is a connection or a transaction of pgx.
type postgresConn struct {
	q interface {
		Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
		Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	}
}

func (c postgresConn) exec(ctx context.Context, query string, args []any) (int64, error) {
	tag, err := c.q.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (c postgresConn) query(ctx context.Context, query string, args []any) (rows, error) {
	r, err := c.q.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return postgresRows{r}, nil
}

// postgresRows closes as the rows of database/sql do.
type postgresRows struct{ pgx.Rows }

func (r postgresRows) Close() error {
	r.Rows.Close()
	return nil
}
