package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// OutboxMessage is a message that waits to be delivered.
type OutboxMessage struct {
	PoolID      string
	ID          string // made by Enqueue; the same for every delivery attempt
	Medium      string // such as EMAIL or SMS
	Destination string
	Body        []byte // as the caller likes; sealed in the database
	Attempts    int    // deliveries begun
	NextAt      time.Time
	CreatedAt   time.Time
}

const (
	insertOutbox = `INSERT INTO outbox (pool_id, id, medium, destination, body, attempts, next_ms, lease_ms, created_ms)
		VALUES ($1, $2, $3, $4, $5, 0, $6, 0, $7)`
	leaseOutbox = `UPDATE outbox SET lease_ms = $1, attempts = attempts + 1 WHERE lease_ms <= $2 AND (pool_id, id) IN
		(SELECT pool_id, id FROM outbox WHERE medium = $4 AND next_ms <= $2 AND lease_ms <= $2 ORDER BY next_ms, id LIMIT CAST($3 AS BIGINT))
		RETURNING pool_id, id, medium, destination, body, attempts, next_ms, created_ms`
	deleteOutbox = `DELETE FROM outbox WHERE pool_id = $1 AND id = $2`
	retryOutbox  = `UPDATE outbox SET next_ms = $1, lease_ms = 0 WHERE pool_id = $2 AND id = $3 AND attempts = $4`
	dueOutbox    = `SELECT id FROM outbox WHERE medium = $1 AND next_ms <= $2 AND lease_ms <= $2 LIMIT 1`
	countOutbox  = `SELECT COUNT(*) FROM outbox`
)

// Enqueue adds a message and gives it an ID.
func (tx *Tx) Enqueue(ctx context.Context, m *OutboxMessage) error {
	m.ID = uuid.Must(uuid.NewV7()).String()
	sealed := tx.db.Seal("outbox", "body", rowID(m.PoolID, m.ID), m.Body)
	_, err := tx.change(ctx, insertOutbox, m.PoolID, m.ID, m.Medium, m.Destination, sealed, toMS(m.NextAt), toMS(m.CreatedAt))
	if err != nil {
		return fmt.Errorf("enqueue %s message: %w", m.Medium, err)
	}
	return nil
}

// MessagesDue reports whether LeaseDue would find something. It reads only, so
// asking often costs the writer nothing.
func (tx *Tx) MessagesDue(ctx context.Context, medium string, now time.Time) (bool, error) {
	_, found, err := one(ctx, tx, scanString, dueOutbox, medium, toMS(now))
	if err != nil {
		return false, fmt.Errorf("look for %s messages: %w", medium, err)
	}
	return found, nil
}

// LeaseDue takes up to limit messages of one medium that are due and hides
// them from everybody else for the length of the lease, in the order they were
// enqueued.
func (tx *Tx) LeaseDue(ctx context.Context, medium string, now time.Time, limit int, lease time.Duration) ([]OutboxMessage, error) {
	if !tx.writable {
		return nil, errReadOnly
	}
	due, err := many(ctx, tx, func(s scanner) (OutboxMessage, error) {
		var m OutboxMessage
		var sealed []byte
		var next, created int64
		err := s.Scan(&m.PoolID, &m.ID, &m.Medium, &m.Destination, &sealed, &m.Attempts, &next, &created)
		if err != nil {
			return m, err
		}
		m.NextAt, m.CreatedAt = fromMS(next), fromMS(created)
		// A body that was tampered with must not hold up the others: it stays
		// empty, which the reader of this one message finds out.
		if body, err := tx.db.Unseal("outbox", "body", rowID(m.PoolID, m.ID), sealed); err == nil {
			m.Body = body
		}
		return m, nil
	}, leaseOutbox, toMS(now.Add(lease)), toMS(now), limit, medium)
	if err != nil {
		return nil, fmt.Errorf("lease messages: %w", err)
	}
	slices.SortFunc(due, func(a, b OutboxMessage) int { return strings.Compare(a.ID, b.ID) })
	return due, nil
}

// Done removes a message that was delivered or given up.
func (tx *Tx) Done(ctx context.Context, poolID, id string) error {
	if _, err := tx.change(ctx, deleteOutbox, poolID, id); err != nil {
		return fmt.Errorf("remove message %s: %w", id, err)
	}
	return nil
}

// Retry gives a leased message back, to be delivered from next on. Nothing
// happens when its lease ran out and somebody else leased it since.
func (tx *Tx) Retry(ctx context.Context, m OutboxMessage, next time.Time) error {
	if _, err := tx.change(ctx, retryOutbox, toMS(next), m.PoolID, m.ID, m.Attempts); err != nil {
		return fmt.Errorf("put message %s back: %w", m.ID, err)
	}
	return nil
}

// PendingMessages tells how many messages wait.
func (tx *Tx) PendingMessages(ctx context.Context) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countOutbox)
	if err != nil {
		return 0, fmt.Errorf("count messages: %w", err)
	}
	return n, nil
}
