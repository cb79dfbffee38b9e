package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
)

const (
	insertHistory = `INSERT INTO password_history (pool_id, sub, created_ms, id, password) VALUES ($1, $2, $3, $4, $5)`
	selectHistory = `SELECT id, password FROM password_history WHERE pool_id = $1 AND sub = $2 ORDER BY created_ms DESC, id DESC LIMIT CAST($3 AS BIGINT)`
	trimHistory   = `DELETE FROM password_history WHERE pool_id = $1 AND sub = $2 AND (created_ms, id) NOT IN
		(SELECT created_ms, id FROM password_history WHERE pool_id = $1 AND sub = $2 ORDER BY created_ms DESC, id DESC LIMIT CAST($3 AS BIGINT))`
)

// AddPasswordHistory remembers a password of a user and forgets all but the
// newest keep ones.
func (tx *Tx) AddPasswordHistory(ctx context.Context, poolID, sub string, p Password, at time.Time, keep int) error {
	plain, err := p.bytes()
	if err != nil {
		return err
	}
	id := uuid.Must(uuid.NewV7()).String()
	sealed := tx.db.Seal("password_history", "password", rowID(poolID, sub, id), plain)
	if _, err := tx.change(ctx, insertHistory, poolID, sub, toMS(at), id, sealed); err != nil {
		return fmt.Errorf("remember password of user %s: %w", sub, err)
	}
	if _, err := tx.change(ctx, trimHistory, poolID, sub, keep); err != nil {
		return fmt.Errorf("trim password history of user %s: %w", sub, err)
	}
	return nil
}

// PasswordHistory lists the newest n remembered passwords, newest first.
func (tx *Tx) PasswordHistory(ctx context.Context, poolID, sub string, n int) ([]Password, error) {
	history, err := many(ctx, tx, func(s scanner) (Password, error) {
		var id string
		var sealed []byte
		if err := s.Scan(&id, &sealed); err != nil {
			return Password{}, err
		}
		plain, err := tx.db.Unseal("password_history", "password", rowID(poolID, sub, id), sealed)
		if err != nil {
			return Password{}, err
		}
		p, err := parsePassword(plain)
		if err != nil {
			return Password{}, err
		}
		return *p, nil
	}, selectHistory, poolID, sub, n)
	if err != nil {
		return nil, fmt.Errorf("load password history of user %s: %w", sub, err)
	}
	return history, nil
}
