package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/api"
)

// Terms are the links to one document of a client.
type Terms struct {
	PoolID, ID, ClientID, Name string
	CreatedAt, ModifiedAt      time.Time
	Details                    TermsDetails
}

// TermsDetails is everything about terms that is only read with them.
type TermsDetails struct {
	Source      api.TermsSourceType
	Enforcement api.TermsEnforcementType
	Links       map[string]string
}

const (
	termsColumns = `pool_id, id, client_id, name, created_ms, modified_ms, doc`

	insertTerms   = `INSERT INTO terms (` + termsColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	selectTerms   = `SELECT ` + termsColumns + ` FROM terms WHERE pool_id = $1 AND id = $2`
	termsOfClient = `SELECT ` + termsColumns + ` FROM terms WHERE pool_id = $1 AND client_id = $2 ORDER BY name`
	listTerms     = `SELECT ` + termsColumns + ` FROM terms WHERE pool_id = $1 AND id > $2 ORDER BY id LIMIT CAST($3 AS BIGINT)`
	updateTerms   = `UPDATE terms SET name = $3, modified_ms = $4, doc = $5 WHERE pool_id = $1 AND id = $2`
	deleteTerms   = `DELETE FROM terms WHERE pool_id = $1 AND id = $2`
	countTerms    = `SELECT COUNT(*) FROM terms WHERE pool_id = $1`
)

func scanTerms(s scanner) (*Terms, error) {
	var t Terms
	var created, modified int64
	var doc string
	if err := s.Scan(&t.PoolID, &t.ID, &t.ClientID, &t.Name, &created, &modified, &doc); err != nil {
		return nil, err
	}
	t.CreatedAt, t.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &t.Details); err != nil {
		return nil, fmt.Errorf("read terms %s: %w", t.ID, err)
	}
	return &t, nil
}

func (t *Terms) doc() (string, error) {
	doc, err := json.Marshal(t.Details)
	if err != nil {
		return "", fmt.Errorf("write terms %s: %w", t.ID, err)
	}
	return string(doc), nil
}

func noTerms(id string) error {
	return api.ResourceNotFoundException("Terms %s does not exist.", id)
}

// InsertTerms adds terms; false means that the client has some of that name.
func (tx *Tx) InsertTerms(ctx context.Context, t *Terms) (bool, error) {
	doc, err := t.doc()
	if err != nil {
		return false, err
	}
	n, err := tx.change(ctx, insertTerms, t.PoolID, t.ID, t.ClientID, t.Name, toMS(t.CreatedAt), toMS(t.ModifiedAt), doc)
	if err != nil {
		return false, fmt.Errorf("insert terms %s: %w", t.ID, err)
	}
	return n == 1, nil
}

// Terms finds terms of a pool; ResourceNotFoundException when there are none.
func (tx *Tx) Terms(ctx context.Context, poolID, id string) (*Terms, error) {
	t, found, err := one(ctx, tx, scanTerms, selectTerms, poolID, id)
	if err != nil {
		return nil, fmt.Errorf("load terms %s: %w", id, err)
	}
	if !found {
		return nil, noTerms(id)
	}
	return t, nil
}

// TermsOfClient gives all terms of a client, by name.
func (tx *Tx) TermsOfClient(ctx context.Context, poolID, clientID string) ([]*Terms, error) {
	list, err := many(ctx, tx, scanTerms, termsOfClient, poolID, clientID)
	if err != nil {
		return nil, fmt.Errorf("load terms of client %s: %w", clientID, err)
	}
	return list, nil
}

// ListTerms lists the terms of a pool by id, beginning after the id given.
func (tx *Tx) ListTerms(ctx context.Context, poolID, after string, limit int) ([]*Terms, error) {
	list, err := many(ctx, tx, scanTerms, listTerms, poolID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list terms of pool %s: %w", poolID, err)
	}
	return list, nil
}

// SaveTerms writes terms; ResourceNotFoundException when they are gone. Whoever
// gives them another name has seen, with the pool locked, that it is free.
func (tx *Tx) SaveTerms(ctx context.Context, t *Terms) error {
	doc, err := t.doc()
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateTerms, t.PoolID, t.ID, t.Name, toMS(t.ModifiedAt), doc)
	if err != nil {
		return fmt.Errorf("save terms %s: %w", t.ID, err)
	}
	if n == 0 {
		return noTerms(t.ID)
	}
	return nil
}

// DeleteTerms removes terms; ResourceNotFoundException when there are none.
func (tx *Tx) DeleteTerms(ctx context.Context, poolID, id string) error {
	n, err := tx.change(ctx, deleteTerms, poolID, id)
	if err != nil {
		return fmt.Errorf("delete terms %s: %w", id, err)
	}
	if n == 0 {
		return noTerms(id)
	}
	return nil
}

// CountTerms tells how many terms a pool has.
func (tx *Tx) CountTerms(ctx context.Context, poolID string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countTerms, poolID)
	if err != nil {
		return 0, fmt.Errorf("count terms of pool %s: %w", poolID, err)
	}
	return n, nil
}
