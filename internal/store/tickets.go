package store

import (
	"context"
	"fmt"
	"time"
)

// Ticket is one-shot state: a code that was sent, a spent marker.
type Ticket struct {
	PoolID, Kind, ID string
	Doc              []byte // as the caller likes; sealed in the database
	ExpiresAt        time.Time
}

const (
	putTicket = `INSERT INTO tickets (pool_id, kind, id, doc, expires_ms) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (pool_id, kind, id) DO UPDATE SET doc = excluded.doc, expires_ms = excluded.expires_ms`
	takeTicket   = `DELETE FROM tickets WHERE pool_id = $1 AND kind = $2 AND id = $3 AND expires_ms > $4 RETURNING doc, expires_ms`
	selectTicket = `SELECT doc, expires_ms FROM tickets WHERE pool_id = $1 AND kind = $2 AND id = $3 AND expires_ms > $4`
	lockTicket   = `UPDATE tickets SET expires_ms = expires_ms WHERE pool_id = $1 AND kind = $2 AND id = $3 AND expires_ms > $4
		RETURNING doc, expires_ms`
	deleteTicket = `DELETE FROM tickets WHERE pool_id = $1 AND kind = $2 AND id = $3`
	spendTicket  = `INSERT INTO tickets (pool_id, kind, id, doc, expires_ms) VALUES ($1, $2, $3, NULL, $4) ON CONFLICT DO NOTHING`
)

func (tx *Tx) scanTicket(poolID, kind, id string) func(scanner) (Ticket, error) {
	return func(s scanner) (Ticket, error) {
		t := Ticket{PoolID: poolID, Kind: kind, ID: id}
		var sealed []byte
		var expires int64
		err := s.Scan(&sealed, &expires)
		if err != nil {
			return t, err
		}
		t.ExpiresAt = fromMS(expires)
		if sealed != nil {
			t.Doc, err = tx.db.Unseal("tickets", "doc", rowID(poolID, kind, id), sealed)
		}
		return t, err
	}
}

// PutTicket adds a ticket, or replaces the one of the same kind and id.
func (tx *Tx) PutTicket(ctx context.Context, t Ticket) error {
	sealed := tx.db.Seal("tickets", "doc", rowID(t.PoolID, t.Kind, t.ID), t.Doc)
	if _, err := tx.change(ctx, putTicket, t.PoolID, t.Kind, t.ID, sealed, toMS(t.ExpiresAt)); err != nil {
		return fmt.Errorf("put %s ticket: %w", t.Kind, err)
	}
	return nil
}

// TakeTicket removes a ticket and answers it: of many callers one finds it.
// False means that it is not there or has expired.
func (tx *Tx) TakeTicket(ctx context.Context, poolID, kind, id string) (Ticket, bool, error) {
	t, found, err := changeOne(ctx, tx, tx.scanTicket(poolID, kind, id), takeTicket, poolID, kind, id, toMS(tx.db.now()))
	if err != nil {
		return t, false, fmt.Errorf("take %s ticket: %w", kind, err)
	}
	return t, found, nil
}

// Ticket reads a ticket and leaves it; false means that it is not there or
// has expired.
func (tx *Tx) Ticket(ctx context.Context, poolID, kind, id string) (Ticket, bool, error) {
	t, found, err := one(ctx, tx, tx.scanTicket(poolID, kind, id), selectTicket, poolID, kind, id, toMS(tx.db.now()))
	if err != nil {
		return t, false, fmt.Errorf("read %s ticket: %w", kind, err)
	}
	return t, found, nil
}

// LockTicket is Ticket, and nobody else takes or changes it until the
// transaction ends.
func (tx *Tx) LockTicket(ctx context.Context, poolID, kind, id string) (Ticket, bool, error) {
	t, found, err := changeOne(ctx, tx, tx.scanTicket(poolID, kind, id), lockTicket, poolID, kind, id, toMS(tx.db.now()))
	if err != nil {
		return t, false, fmt.Errorf("lock %s ticket: %w", kind, err)
	}
	return t, found, nil
}

// DeleteTicket removes a ticket if it is there.
func (tx *Tx) DeleteTicket(ctx context.Context, poolID, kind, id string) error {
	if _, err := tx.change(ctx, deleteTicket, poolID, kind, id); err != nil {
		return fmt.Errorf("delete %s ticket: %w", kind, err)
	}
	return nil
}

// SpendOnce marks something as used up until expiresAt and reports whether
// this was the first time.
func (tx *Tx) SpendOnce(ctx context.Context, poolID, kind, id string, expiresAt time.Time) (bool, error) {
	n, err := tx.change(ctx, spendTicket, poolID, kind, id, toMS(expiresAt))
	if err != nil {
		return false, fmt.Errorf("spend %s: %w", kind, err)
	}
	return n == 1, nil
}
