package store

import (
	"context"
	"errors"
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
	insertRootKey = `INSERT INTO meta (name, value) VALUES ('root_access_key', $1) ON CONFLICT (name) DO NOTHING`
	selectRootKey = `SELECT k.id, k.root, k.secret, k.created_ms FROM meta m JOIN access_keys k ON k.id = m.value
		WHERE m.name = 'root_access_key'`
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

// ClaimRootKey makes k the first administrator's key, unless there is one
// already, and returns the one that holds.
func (tx *Tx) ClaimRootKey(ctx context.Context, k AccessKey) (AccessKey, error) {
	n, err := tx.change(ctx, insertRootKey, k.ID)
	if err != nil {
		return k, fmt.Errorf("claim the root key: %w", err)
	}
	if n == 1 {
		if _, err := tx.InsertAccessKey(ctx, k); err != nil {
			return k, err
		}
		return k, nil
	}
	holds, found, err := one(ctx, tx, tx.scanAccessKey, selectRootKey)
	if err == nil && !found {
		err = errors.New("it is named but not stored")
	}
	if err != nil {
		return k, fmt.Errorf("read the root key: %w", err)
	}
	return holds, nil
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
