package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// sqliteConn is one connection with its prepared statements. One goroutine
// uses it at a time.
type sqliteConn struct {
	conn     *sql.Conn
	prepared map[string]*sql.Stmt
}

// maxPrepared bounds the statements kept: all fixed ones and the variants
// of ListUsers fit.
const maxPrepared = 512

func (c *sqliteConn) prepare(ctx context.Context, query string) (*sql.Stmt, error) {
	if s, ok := c.prepared[query]; ok {
		return s, nil
	}
	if len(c.prepared) >= maxPrepared {
		for text, s := range c.prepared {
			delete(c.prepared, text)
			if err := s.Close(); err != nil {
				return nil, fmt.Errorf("drop prepared statement: %w", err)
			}
			break
		}
	}
	s, err := c.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("prepare statement: %w", err)
	}
	c.prepared[query] = s
	return s, nil
}

// exec and query never let a cancelled context interrupt a statement:
// SQLite would roll back the whole transaction, with what others did in it.
// Statements are short; the context is asked between them.
func (c *sqliteConn) exec(ctx context.Context, query string, args []any) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	s, err := c.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

func (c *sqliteConn) query(ctx context.Context, query string, args []any) (rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	s, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

// pragma runs a pragma and ignores what it answers.
func (c *sqliteConn) pragma(ctx context.Context, text string) error {
	r, err := c.conn.QueryContext(ctx, "PRAGMA "+text)
	if err != nil {
		return fmt.Errorf("pragma %s: %w", text, err)
	}
	for r.Next() {
	}
	return errors.Join(r.Err(), r.Close())
}

func (c *sqliteConn) close() error {
	var errs []error
	for _, s := range c.prepared {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}
