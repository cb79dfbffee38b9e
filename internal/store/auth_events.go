package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/api"
)

// AuthEvent is what a user tried, or somebody in the user's name.
type AuthEvent struct {
	PoolID, Sub, ID string
	CreatedAt       time.Time
	Doc             AuthEventDoc
}

// AuthEventDoc is everything about an event that is only read with it.
type AuthEventDoc struct {
	// Event has no EventId and CreationDate; those are columns.
	Event    api.AuthEventType
	ClientID string `json:",omitzero"`
	// What later ones are compared with.
	Device              string  `json:",omitzero"` // fingerprint
	Network             string  `json:",omitzero"`
	Latitude, Longitude float64 `json:",omitzero"`
	Located             bool    `json:",omitzero"`
	// How the risk came about.
	Score   int      `json:",omitzero"`
	Reasons []string `json:",omitzero"`
}

const authEventColumns = `pool_id, sub, id, created_ms, doc`

const (
	insertAuthEvent = `INSERT INTO auth_events (` + authEventColumns + `) VALUES ($1, $2, $3, $4, $5)`
	selectAuthEvent = `SELECT ` + authEventColumns + ` FROM auth_events WHERE pool_id = $1 AND sub = $2 AND id = $3`
	lockAuthEvent   = `UPDATE auth_events SET created_ms = created_ms WHERE pool_id = $1 AND sub = $2 AND id = $3 RETURNING ` + authEventColumns
	updateAuthEvent = `UPDATE auth_events SET doc = $4 WHERE pool_id = $1 AND sub = $2 AND id = $3`
	listAuthEvents  = `SELECT ` + authEventColumns + ` FROM auth_events WHERE pool_id = $1 AND sub = $2
		ORDER BY created_ms DESC, id DESC LIMIT CAST($3 AS BIGINT)`
	listAuthEventsAfter = `SELECT ` + authEventColumns + ` FROM auth_events WHERE pool_id = $1 AND sub = $2 AND (created_ms, id) < ($3, $4)
		ORDER BY created_ms DESC, id DESC LIMIT CAST($5 AS BIGINT)`
)

func scanAuthEvent(s scanner) (*AuthEvent, error) {
	var e AuthEvent
	var created int64
	var doc string
	if err := s.Scan(&e.PoolID, &e.Sub, &e.ID, &created, &doc); err != nil {
		return nil, err
	}
	e.CreatedAt = fromMS(created)
	if err := json.Unmarshal([]byte(doc), &e.Doc); err != nil {
		return nil, fmt.Errorf("read event %s: %w", e.ID, err)
	}
	return &e, nil
}

// InsertAuthEvent adds an event of a user who exists.
func (tx *Tx) InsertAuthEvent(ctx context.Context, e *AuthEvent) error {
	doc, err := json.Marshal(e.Doc)
	if err != nil {
		return fmt.Errorf("write event of user %s: %w", e.Sub, err)
	}
	if _, err := tx.change(ctx, insertAuthEvent, e.PoolID, e.Sub, e.ID, toMS(e.CreatedAt), string(doc)); err != nil {
		return fmt.Errorf("insert event of user %s: %w", e.Sub, err)
	}
	return nil
}

// AuthEvent reads an event; false means that the user has none of that id.
func (tx *Tx) AuthEvent(ctx context.Context, poolID, sub, id string) (*AuthEvent, bool, error) {
	e, found, err := one(ctx, tx, scanAuthEvent, selectAuthEvent, poolID, sub, id)
	if err != nil {
		return nil, false, fmt.Errorf("load event of user %s: %w", sub, err)
	}
	return e, found, nil
}

// LockAuthEvent is AuthEvent, and nobody else changes the event until the
// transaction ends.
func (tx *Tx) LockAuthEvent(ctx context.Context, poolID, sub, id string) (*AuthEvent, bool, error) {
	e, found, err := changeOne(ctx, tx, scanAuthEvent, lockAuthEvent, poolID, sub, id)
	if err != nil {
		return nil, false, fmt.Errorf("lock event of user %s: %w", sub, err)
	}
	return e, found, nil
}

// SaveAuthEvent writes an event that was locked; its date stays.
func (tx *Tx) SaveAuthEvent(ctx context.Context, e *AuthEvent) error {
	doc, err := json.Marshal(e.Doc)
	if err != nil {
		return fmt.Errorf("write event of user %s: %w", e.Sub, err)
	}
	if _, err := tx.change(ctx, updateAuthEvent, e.PoolID, e.Sub, e.ID, string(doc)); err != nil {
		return fmt.Errorf("save event of user %s: %w", e.Sub, err)
	}
	return nil
}

// AuthEvents lists events of a user, the newest first, at most limit; those
// older than one of another page if that is given.
func (tx *Tx) AuthEvents(ctx context.Context, poolID, sub string, after *AuthEvent, limit int) ([]*AuthEvent, error) {
	query, args := listAuthEvents, []any{poolID, sub, limit}
	if after != nil {
		query, args = listAuthEventsAfter, []any{poolID, sub, toMS(after.CreatedAt), after.ID, limit}
	}
	list, err := many(ctx, tx, scanAuthEvent, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list events of user %s: %w", sub, err)
	}
	return list, nil
}
