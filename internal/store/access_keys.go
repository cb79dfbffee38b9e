package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// AccessKey is a key that requests are signed with.
type AccessKey struct {
	ID        string
	Root      bool   // may do everything
	UserName  string // whose it is, empty for root keys
	Secret    string // sealed in the database
	Active    bool   // requests that it signs are accepted
	CreatedAt time.Time
	UsedAt    time.Time // roughly, zero: never
	Dev       bool      // made in dev, whose callers nobody checks
	Bounds    []Bounds
}

// keyDetails is the document of a key.
type keyDetails struct {
	Dev    bool     `json:",omitzero"`
	Bounds []Bounds `json:",omitzero"`
}

const keyColumns = `id, root, user_name, secret, active, created_ms, used_ms, doc`

const (
	insertAccessKey = `INSERT INTO access_keys (` + keyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (id) DO NOTHING`
	insertRootKey = `INSERT INTO meta (name, value) VALUES ('root_access_key', $1) ON CONFLICT (name) DO NOTHING`
	selectRootKey = `SELECT ` + keyColumns + ` FROM access_keys WHERE id = (SELECT value FROM meta WHERE name = 'root_access_key')`

	selectAccessKey = `SELECT ` + keyColumns + ` FROM access_keys WHERE id = $1`
	listAccessKeys  = `SELECT ` + keyColumns + ` FROM access_keys WHERE user_name IS NOT NULL ORDER BY user_name, created_ms, id`
	keysOfUser      = `SELECT ` + keyColumns + ` FROM access_keys WHERE user_name = $1 ORDER BY created_ms, id`
	setKeyActive    = `UPDATE access_keys SET active = $2 WHERE id = $1 AND user_name IS NOT NULL`
	touchAccessKey  = `UPDATE access_keys SET used_ms = $2 WHERE id = $1 AND used_ms < $2`
	deleteAccessKey = `DELETE FROM access_keys WHERE id = $1 AND user_name IS NOT NULL RETURNING user_name`
)

// InsertAccessKey adds a key; false means that its ID is taken.
func (tx *Tx) InsertAccessKey(ctx context.Context, k AccessKey) (bool, error) {
	sealed := tx.db.Seal("access_keys", "secret", k.ID, []byte(k.Secret))
	doc, err := json.Marshal(keyDetails{k.Dev, k.Bounds})
	if err != nil {
		return false, fmt.Errorf("write access key %s: %w", k.ID, err)
	}
	var owner *string
	if k.UserName != "" {
		owner = &k.UserName
	}
	n, err := tx.change(ctx, insertAccessKey, k.ID, k.Root, owner, sealed, k.Active, toMS(k.CreatedAt), toMS(k.UsedAt), string(doc))
	if err != nil {
		return false, fmt.Errorf("insert access key %s: %w", k.ID, err)
	}
	return n == 1, nil
}

// AccessKey finds a key by its ID.
func (tx *Tx) AccessKey(ctx context.Context, id string) (AccessKey, bool, error) {
	if !storable(id) {
		return AccessKey{}, false, nil
	}
	k, found, err := one(ctx, tx, tx.scanAccessKey, selectAccessKey, id)
	if err != nil {
		return k, false, fmt.Errorf("read access key: %w", err)
	}
	return k, found, nil
}

// AccessKeys lists the keys of all users, by user and age.
func (tx *Tx) AccessKeys(ctx context.Context) ([]AccessKey, error) {
	list, err := many(ctx, tx, tx.scanAccessKey, listAccessKeys)
	if err != nil {
		return nil, fmt.Errorf("list access keys: %w", err)
	}
	return list, nil
}

// AccessKeysOf lists the keys of one user, oldest first.
func (tx *Tx) AccessKeysOf(ctx context.Context, userName string) ([]AccessKey, error) {
	list, err := many(ctx, tx, tx.scanAccessKey, keysOfUser, userName)
	if err != nil {
		return nil, fmt.Errorf("list access keys of %s: %w", userName, err)
	}
	return list, nil
}

// SetAccessKeyActive switches the key of a user on or off; false means that there
// is no such key.
func (tx *Tx) SetAccessKeyActive(ctx context.Context, id string, active bool) (bool, error) {
	n, err := tx.change(ctx, setKeyActive, id, active)
	if err != nil {
		return false, fmt.Errorf("switch access key: %w", err)
	}
	return n == 1, nil
}

// TouchAccessKey remembers that a key was used.
func (tx *Tx) TouchAccessKey(ctx context.Context, id string, at time.Time) error {
	if _, err := tx.change(ctx, touchAccessKey, id, toMS(at)); err != nil {
		return fmt.Errorf("remember the use of an access key: %w", err)
	}
	return nil
}

// DeleteAccessKey removes the key of a user and tells whose it was; false means
// that there is no such key.
func (tx *Tx) DeleteAccessKey(ctx context.Context, id string) (userName string, found bool, err error) {
	userName, found, err = changeOne(ctx, tx, scanString, deleteAccessKey, id)
	if err != nil {
		return "", false, fmt.Errorf("delete access key: %w", err)
	}
	return userName, found, nil
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
	var owner *string
	var sealed []byte
	var created, used int64
	var doc string
	if err := s.Scan(&k.ID, &k.Root, &owner, &sealed, &k.Active, &created, &used, &doc); err != nil {
		return k, err
	}
	if owner != nil {
		k.UserName = *owner
	}
	k.CreatedAt, k.UsedAt = fromMS(created), fromMS(used)
	var details keyDetails
	if err := json.Unmarshal([]byte(doc), &details); err != nil {
		return k, fmt.Errorf("read access key %s: %w", k.ID, err)
	}
	k.Dev, k.Bounds = details.Dev, details.Bounds
	secret, err := tx.db.Unseal("access_keys", "secret", k.ID, sealed)
	k.Secret = string(secret)
	return k, err
}
