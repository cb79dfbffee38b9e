package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // registers the driver "sqlite"
)

// DatabaseFile is the database in a data directory.
const DatabaseFile = "cognate.db"

const (
	lockFileName = "cognate.lock"

	// minSQLite is the first version without the WAL reset bug.
	minSQLite = "3.51.3"

	// The write-ahead log is folded into the file at 16 MiB (4,000 pages)
	// and cut to 64 MiB if readers made it grow further.
	checkpointPages = 4000
	maxLogBytes     = 64 << 20

	// maxCheckedBytes bounds the check after an unclean stop, which reads
	// the whole file, so that a big database starts in time.
	maxCheckedBytes = 64 << 20

	busyTimeoutMS = 10_000
)

// sqliteEngine has one connection that writes, in a goroutine of its own,
// and a few that read.
type sqliteEngine struct {
	pool    *sql.DB
	lock    *lockFile // nil in memory
	writer  *writer
	readers chan *sqliteConn
	lent    int           // how many readers there are
	all     []*sqliteConn // the writer's first

	// In memory there is no write-ahead log, so readers and the writer take
	// turns; waiting here is quicker than SQLite's busy timeout.
	memory bool
	turns  sync.RWMutex

	closing sync.Once
	ending  chan struct{} // closed when close begins
	closed  error
}

func openSQLite(ctx context.Context, cfg Config) (_ driver, err error) {
	e := &sqliteEngine{memory: cfg.Memory, ending: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.close())
		}
	}()
	source, unclean, err := e.prepare(cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if e.pool, err = sql.Open("sqlite", source); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	e.pool.SetMaxIdleConns(0) // connections are kept by us
	first, err := e.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	e.writer = newWriter(first, &e.turns)
	if err := checkVersion(ctx, first); err != nil {
		return nil, err
	}
	if err := e.writer.cache(writerCacheKiB); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if unclean {
		if err := quickCheck(ctx, first); err != nil {
			return nil, err
		}
	}
	if err := e.openReaders(ctx); err != nil {
		return nil, fmt.Errorf("open database for reading: %w", err)
	}
	return e, nil
}

// prepare makes directory and files with safe modes and answers the address
// for the driver, and whether the last stop left a log behind.
func (e *sqliteEngine) prepare(cfg Config) (source string, unclean bool, err error) {
	pragmas := []string{
		"foreign_keys(1)", "busy_timeout(" + strconv.Itoa(busyTimeoutMS) + ")", "temp_store(memory)",
	}
	if cfg.Memory {
		name := hex.EncodeToString(newKey()[:8])
		return address("/"+name, append(pragmas, "synchronous(off)"), "memdb"), false, nil
	}
	if err := os.MkdirAll(cfg.Path, 0o700); err != nil {
		return "", false, fmt.Errorf("make data directory: %w", err)
	}
	if err := tighten(cfg.Path); err != nil {
		return "", false, err
	}
	if e.lock, err = takeLock(filepath.Join(cfg.Path, lockFileName)); err != nil {
		return "", false, err
	}
	file, err := filepath.Abs(filepath.Join(cfg.Path, DatabaseFile))
	if err != nil {
		return "", false, err
	}
	// SQLite gives its log the mode of the database file.
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", false, fmt.Errorf("make database file: %w", err)
	}
	size, err := f.Stat()
	if err := errors.Join(err, f.Close(), os.Chmod(file, 0o600), syncDir(cfg.Path)); err != nil {
		return "", false, fmt.Errorf("make database file: %w", err)
	}
	log, err := os.Stat(file + "-wal")
	unclean = err == nil && log.Size() > 0 && size.Size() <= maxCheckedBytes
	return address(file, append(pragmas, "journal_mode(wal)", "synchronous(full)",
		"wal_autocheckpoint("+strconv.Itoa(checkpointPages)+")", "journal_size_limit("+strconv.Itoa(maxLogBytes)+")"), ""), unclean, nil
}

// tighten closes a data directory to other users.
func tighten(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("look at data directory: %w", err)
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(path, 0o700); err != nil { //nolint:gosec // a directory
		return fmt.Errorf("close data directory to other users: %w", err)
	}
	return nil
}

func address(file string, pragmas []string, vfs string) string {
	query := url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}
	if vfs != "" {
		query.Set("vfs", vfs)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath(), RawQuery: query.Encode()}).String()
}

func (e *sqliteEngine) connect(ctx context.Context) (*sqliteConn, error) {
	c, err := e.pool.Conn(ctx)
	if err != nil {
		return nil, err
	}
	conn := &sqliteConn{conn: c, prepared: map[string]*sql.Stmt{}}
	e.all = append(e.all, conn)
	return conn, nil
}

// openReaders opens two readers for each core. They do not map the file into
// memory: every commit would make each of them unmap and map it again, which
// costs a sign-in more than reading a few pages does (docs/performance.md).
func (e *sqliteEngine) openReaders(ctx context.Context) error {
	n := 2 * runtime.GOMAXPROCS(0)
	e.readers = make(chan *sqliteConn, n)
	for range n {
		c, err := e.connect(ctx)
		if err != nil {
			return err
		}
		if err := c.pragma(ctx, "query_only = 1"); err != nil {
			return err
		}
		e.readers <- c
		e.lent++
	}
	return nil
}

func (e *sqliteEngine) name() string { return "sqlite" }

func (e *sqliteEngine) read(ctx context.Context, body func(conn) error) error {
	var c *sqliteConn
	select {
	case c = <-e.readers:
	case <-e.ending:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { e.readers <- c }()
	if e.memory {
		e.turns.RLock()
		defer e.turns.RUnlock()
	}
	return body(c)
}

func (e *sqliteEngine) write(ctx context.Context, body func(conn) error) error {
	return e.writer.do(&job{ctx: ctx, body: body})
}

func (e *sqliteEngine) writeMuch(ctx context.Context, body func(conn) error) error {
	return e.writer.do(&job{ctx: ctx, body: body, large: true})
}

func (e *sqliteEngine) migrate(ctx context.Context) error {
	return migrateUp(ctx, goose.DialectSQLite3, e.pool)
}

func (e *sqliteEngine) ping(ctx context.Context) error {
	return e.read(ctx, func(c conn) error {
		r, err := c.query(ctx, `SELECT COUNT(*) FROM meta`, nil)
		if err != nil {
			return err
		}
		r.Next()
		return errors.Join(r.Err(), r.Close())
	})
}

// close lets the writer finish, folds the log into the file and lets go of
// the directory.
func (e *sqliteEngine) close() error {
	e.closing.Do(func() {
		close(e.ending)
		var errs []error
		if e.writer != nil {
			e.writer.stop()
		}
		for range e.lent {
			<-e.readers // wait for those in use
		}
		for i, c := range e.all {
			if i == 0 && !e.memory {
				continue // the writer goes last, to leave no log behind
			}
			errs = append(errs, c.close())
		}
		if len(e.all) > 0 && !e.memory {
			errs = append(errs, e.all[0].pragma(context.Background(), "wal_checkpoint(TRUNCATE)"), e.all[0].close())
		}
		if e.pool != nil {
			errs = append(errs, e.pool.Close())
		}
		if e.lock != nil {
			errs = append(errs, e.lock.release())
		}
		e.closed = errors.Join(errs...)
	})
	return e.closed
}

func checkVersion(ctx context.Context, c *sqliteConn) error {
	var version string
	if err := c.conn.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&version); err != nil {
		return fmt.Errorf("read SQLite version: %w", err)
	}
	if compareVersions(version, minSQLite) < 0 {
		return fmt.Errorf("SQLite %s can damage its files; %s is the oldest to use", version, minSQLite)
	}
	return nil
}

// compareVersions orders dotted numbers.
func compareVersions(a, b string) int {
	for a != "" || b != "" {
		var x, y string
		x, a, _ = strings.Cut(a, ".")
		y, b, _ = strings.Cut(b, ".")
		m, _ := strconv.Atoi(x) // what is no number counts as 0
		n, _ := strconv.Atoi(y)
		if m != n {
			return m - n
		}
	}
	return 0
}

// quickCheck looks for damage in the file.
func quickCheck(ctx context.Context, c *sqliteConn) error {
	var answer string
	err := c.conn.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&answer)
	if err == nil && answer != "ok" {
		err = errors.New(answer)
	}
	if err != nil {
		return fmt.Errorf("the database file is damaged; restore it from a backup: %w", err)
	}
	return nil
}
