package store

import (
	"context"
	"fmt"
	"time"
)

// AccessKey is a key that requests are signed with.
type AccessKey struct {
	ID        string
	Root      bool   // may do everything
	Secret    string // sealed in the database
	CreatedAt time.Time
}

const (
	insertAccessKey = `INSERT INTO access_keys (id, root, secret, created_ms) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO NOTHING`
	selectRootKeys  = `SELECT id, root, secret, created_ms FROM access_keys WHERE root = $1 ORDER BY created_ms, id`
	selectAccessKey = `SELECT id, root, secret, created_ms FROM access_keys WHERE id = $1`
)

// InsertAccessKey adds a key; false means that its ID is taken.
func (tx *Tx) InsertAccessKey(ctx context.Context, k AccessKey) (bool, error) {
	sealed := tx.db.Seal("access_keys", "secret", k.ID, []byte(k.Secret))
	n, err := tx.change(ctx, insertAccessKey, k.ID, k.Root, sealed, toMS(k.CreatedAt))
	if err != nil {
		return false, fmt.Errorf("insert access key %s: %w", k.ID, err)
	}
	return n == 1, nil
}

// AccessKey finds a key by its ID.
func (tx *Tx) AccessKey(ctx context.Context, id string) (AccessKey, bool, error) {
	k, found, err := one(ctx, tx, tx.scanAccessKey, selectAccessKey, id)
	if err != nil {
		return k, false, fmt.Errorf("read access key: %w", err)
	}
	return k, found, nil
}

// RootKeys lists the keys that may do everything, oldest first.
func (tx *Tx) RootKeys(ctx context.Context) ([]AccessKey, error) {
	keys, err := many(ctx, tx, tx.scanAccessKey, selectRootKeys, true)
	if err != nil {
		return nil, fmt.Errorf("read root keys: %w", err)
	}
	return keys, nil
}

func (tx *Tx) scanAccessKey(s scanner) (AccessKey, error) {
	var k AccessKey
	var sealed []byte
	var created int64
	if err := s.Scan(&k.ID, &k.Root, &sealed, &created); err != nil {
		return k, err
	}
	k.CreatedAt = fromMS(created)
	secret, err := tx.db.Unseal("access_keys", "secret", k.ID, sealed)
	k.Secret = string(secret)
	return k, err
}
