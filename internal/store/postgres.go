package store

import (
	"context"
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

	// commitTimeout bounds a commit, which the end of a request does not cut
	// short.
	commitTimeout = 5 * time.Second

	// migrationLease is how long the others wait for a node that was killed
	// while it changed the schema.
	migrationLease = 10 * time.Second
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
	locker, err := lock.NewPostgresTableLocker(lock.WithTableLockTimeout(200*time.Millisecond, 1500),
		lock.WithTableLeaseDuration(migrationLease), lock.WithTableHeartbeatInterval(migrationLease/5))
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
