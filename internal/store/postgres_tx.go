package store

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// maxReruns is how often a transaction that met another one starts again.
	maxReruns = 3

	// maxAsked is how often the fate of a transaction is asked for while the
	// server still works on it.
	maxAsked = 20
)

// errAborted says that the connection broke, and that the server did not
// commit.
var errAborted = errors.New("connection lost before the commit")

// write runs body again when it met another transaction, or when a broken
// connection is known to have undone it.
func (e *postgresEngine) write(ctx context.Context, body func(conn) error) error {
	for rerun := 0; ; rerun++ {
		err := e.writeOnce(ctx, body)
		if err == nil || rerun == maxReruns || !e.canRerun(err) {
			return err
		}
		if pause(ctx, 5*time.Millisecond<<rerun) != nil {
			return err
		}
	}
}

// canRerun reports whether a transaction failed without its own fault and
// without effect: serialisation failure, deadlock, a row that changed
// underneath, a server that is no longer the one to write to.
func (e *postgresEngine) canRerun(err error) bool {
	if errors.Is(err, errStale) || errors.Is(err, errAborted) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "40001", "40P01":
		return true
	case "25006": // read-only: find the writable server anew
		e.pool.Reset()
		return true
	}
	return false
}

// writeMuch is write: transactions do not share commits here.
func (e *postgresEngine) writeMuch(ctx context.Context, body func(conn) error) error {
	return e.write(ctx, body)
}

func (e *postgresEngine) writeOnce(ctx context.Context, body func(conn) error) error {
	c, err := e.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to database: %w", err)
	}
	defer c.Release()
	id, err := begin(ctx, c)
	if err != nil {
		return fmt.Errorf("begin transaction: %w: %w", errAborted, err)
	}
	ended := false
	defer func() {
		if ended {
			return
		}
		// Also when the request was cancelled, and when body panics. Where it
		// fails, the connection is broken and the pool drops it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
		defer cancel()
		_, _ = c.Exec(ctx, "ROLLBACK")
	}()
	if err := body(postgresConn{c}); err != nil {
		if c.Conn().IsClosed() && ctx.Err() == nil {
			return fmt.Errorf("%w: %w", errAborted, err)
		}
		return err
	}
	ended = true
	return e.commit(ctx, c, id)
}

// begin starts a transaction and answers the server's id of it, in one round
// trip.
func begin(ctx context.Context, c *pgxpool.Conn) (id string, err error) {
	var b pgx.Batch
	b.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	b.Queue("SELECT CAST(pg_current_xact_id() AS TEXT)").QueryRow(func(row pgx.Row) error { return row.Scan(&id) })
	return id, c.SendBatch(ctx, &b).Close()
}

// commit ends the transaction. When its answer is lost with the connection,
// the server is asked over another one what became of it
// (spec/reliability.md section 2).
func (e *postgresEngine) commit(ctx context.Context, c *pgxpool.Conn, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	tag, err := c.Exec(ctx, "COMMIT")
	var pg *pgconn.PgError
	switch {
	case err == nil && tag.String() == "COMMIT":
		return nil
	case err == nil:
		return fmt.Errorf("commit transaction: the server answered %s", tag)
	case errors.As(err, &pg) && pg.Severity != "FATAL":
		return fmt.Errorf("commit transaction: %w", err)
	}
	committed, asked := e.committed(context.WithoutCancel(ctx), id)
	switch {
	case asked != nil:
		return errors.Join(fmt.Errorf("commit transaction: %w", err), fmt.Errorf("ask whether it was committed: %w", asked))
	case !committed:
		return fmt.Errorf("commit transaction: %w: %w", errAborted, err)
	}
	return nil
}

// committed asks the server whether it committed a transaction.
func (e *postgresEngine) committed(ctx context.Context, id string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	var last error
	for range maxAsked {
		var status *string
		last = e.pool.QueryRow(ctx, "SELECT pg_xact_status(CAST(CAST($1 AS TEXT) AS XID8))", id).Scan(&status)
		switch {
		case last != nil:
		case status == nil:
			return false, errors.New("the server has forgotten the transaction")
		case *status != "in progress":
			return *status == "committed", nil
		default:
			last = errors.New("the server still works on it")
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return false, errors.Join(last, err)
		}
	}
	return false, last
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

// postgresConn is a connection of pgx, inside a transaction or not.
type postgresConn struct{ c *pgxpool.Conn }

func (c postgresConn) exec(ctx context.Context, query string, args []any) (int64, error) {
	tag, err := c.c.Exec(ctx, query, args...)
	return tag.RowsAffected(), err
}

func (c postgresConn) query(ctx context.Context, query string, args []any) (rows, error) {
	r, err := c.c.Query(ctx, query, args...)
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
