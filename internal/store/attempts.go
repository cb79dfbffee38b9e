package store

import (
	"context"
	"fmt"
	"time"
)

// Attempts counts something that is limited: wrong passwords, requests for
// codes. The zero value is "none yet".
type Attempts struct {
	Count           int
	FirstAt, LastAt time.Time
}

// AttemptsKey names a counter. Subject is a digest of the user's sub, or of
// the folded name when nobody has it, so that both cost and count alike.
type AttemptsKey struct {
	PoolID, Subject, Kind string
}

const (
	selectAttempts = `SELECT count, first_ms, last_ms FROM attempts WHERE pool_id = $1 AND subject = $2 AND kind = $3`
	lockAttempts   = `INSERT INTO attempts (pool_id, subject, kind, count, first_ms, last_ms) VALUES ($1, $2, $3, 0, 0, $4)
		ON CONFLICT (pool_id, subject, kind) DO UPDATE SET count = attempts.count RETURNING count, first_ms, last_ms`
	countAttempt = `INSERT INTO attempts (pool_id, subject, kind, count, first_ms, last_ms) VALUES ($1, $2, $3, 1, $4, $4)
		ON CONFLICT (pool_id, subject, kind) DO UPDATE SET count = attempts.count + 1, last_ms = excluded.last_ms,
		first_ms = CASE WHEN attempts.count = 0 THEN excluded.first_ms ELSE attempts.first_ms END RETURNING count, first_ms, last_ms`
	updateAttempts = `INSERT INTO attempts (pool_id, subject, kind, count, first_ms, last_ms) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (pool_id, subject, kind) DO UPDATE SET count = excluded.count, first_ms = excluded.first_ms, last_ms = excluded.last_ms`
	sumAttempts    = `SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM attempts WHERE pool_id = $1 AND subject = $2`
	deleteAttempts = `DELETE FROM attempts WHERE pool_id = $1 AND subject = $2 AND kind = $3`
)

func scanAttempts(s scanner) (Attempts, error) {
	var a Attempts
	var first, last int64
	err := s.Scan(&a.Count, &first, &last)
	if a.Count > 0 {
		a.FirstAt, a.LastAt = fromMS(first), fromMS(last)
	}
	return a, err
}

// Attempts reads a counter.
func (tx *Tx) Attempts(ctx context.Context, k AttemptsKey) (Attempts, error) {
	a, _, err := one(ctx, tx, scanAttempts, selectAttempts, k.PoolID, k.Subject, k.Kind)
	return a, k.wrap("read", err)
}

// LockAttempts reads a counter, and nobody else changes it until the
// transaction ends. It makes the row, so that unknown subjects wait alike.
func (tx *Tx) LockAttempts(ctx context.Context, k AttemptsKey) (Attempts, error) {
	a, _, err := changeOne(ctx, tx, scanAttempts, lockAttempts, k.PoolID, k.Subject, k.Kind, toMS(tx.db.now()))
	return a, k.wrap("lock", err)
}

// IncrementAttempts counts one more and answers the counter after it.
func (tx *Tx) IncrementAttempts(ctx context.Context, k AttemptsKey, at time.Time) (Attempts, error) {
	a, _, err := changeOne(ctx, tx, scanAttempts, countAttempt, k.PoolID, k.Subject, k.Kind, toMS(at))
	return a, k.wrap("count", err)
}

// SumAttempts adds up the counters of a subject, whatever their kind: what is
// counted often is spread over several rows, so that its transactions do not
// wait for one another.
func (tx *Tx) SumAttempts(ctx context.Context, poolID, subject string) (int, error) {
	n, _, err := one(ctx, tx, func(s scanner) (n int, err error) { return n, s.Scan(&n) }, sumAttempts, poolID, subject)
	if err != nil {
		return 0, fmt.Errorf("add up attempts: %w", err)
	}
	return n, nil
}

// SaveAttempts sets a counter that was locked.
func (tx *Tx) SaveAttempts(ctx context.Context, k AttemptsKey, a Attempts) error {
	_, err := tx.change(ctx, updateAttempts, k.PoolID, k.Subject, k.Kind, a.Count, toMS(a.FirstAt), toMS(a.LastAt))
	return k.wrap("save", err)
}

// ResetAttempts forgets a counter.
func (tx *Tx) ResetAttempts(ctx context.Context, k AttemptsKey) error {
	_, err := tx.change(ctx, deleteAttempts, k.PoolID, k.Subject, k.Kind)
	return k.wrap("reset", err)
}

func (k AttemptsKey) wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s attempts: %w", what, k.Kind, err)
}
