package store

import (
	"context"
	"fmt"
	"time"
)

// FunctionSecret is a secret that calls of functions over HTTP are signed with.
type FunctionSecret struct {
	ID        string
	Secret    string // sealed in the database
	CreatedAt time.Time
	Until     time.Time // when it ends; zero: it is the current one
}

const (
	selectFunctionSecrets = `SELECT id, secret, created_ms, until_ms FROM function_secrets
		WHERE until_ms = 0 OR until_ms > $1 ORDER BY until_ms, created_ms DESC`
	insertFunctionSecret = `INSERT INTO function_secrets (id, secret, created_ms, until_ms) VALUES ($1, $2, $3, 0)`
	endFunctionSecrets   = `UPDATE function_secrets SET until_ms = $1 WHERE until_ms = 0`
	deleteOldSecrets     = `DELETE FROM function_secrets WHERE until_ms <> 0 AND until_ms <= $1`
)

// FunctionSecrets gives the secrets in force at a time, the current one first.
// There is none before the first RotateFunctionSecret.
func (tx *Tx) FunctionSecrets(ctx context.Context, at time.Time) ([]FunctionSecret, error) {
	found, err := many(ctx, tx, tx.scanFunctionSecret, selectFunctionSecrets, toMS(at))
	if err != nil {
		return nil, fmt.Errorf("read function secrets: %w", err)
	}
	return found, nil
}

// RotateFunctionSecret makes s the current secret; the one before ends at until.
func (tx *Tx) RotateFunctionSecret(ctx context.Context, s FunctionSecret, until time.Time) error {
	if _, err := tx.change(ctx, deleteOldSecrets, toMS(s.CreatedAt)); err != nil {
		return fmt.Errorf("delete old function secrets: %w", err)
	}
	if _, err := tx.change(ctx, endFunctionSecrets, toMS(until)); err != nil {
		return fmt.Errorf("end function secret: %w", err)
	}
	sealed := tx.db.Seal("function_secrets", "secret", s.ID, []byte(s.Secret))
	if _, err := tx.change(ctx, insertFunctionSecret, s.ID, sealed, toMS(s.CreatedAt)); err != nil {
		return fmt.Errorf("insert function secret: %w", err)
	}
	return nil
}

func (tx *Tx) scanFunctionSecret(s scanner) (FunctionSecret, error) {
	var f FunctionSecret
	var sealed []byte
	var created, until int64
	if err := s.Scan(&f.ID, &sealed, &created, &until); err != nil {
		return f, err
	}
	f.CreatedAt, f.Until = fromMS(created), fromMS(until)
	secret, err := tx.db.Unseal("function_secrets", "secret", f.ID, sealed)
	f.Secret = string(secret)
	return f, err
}
