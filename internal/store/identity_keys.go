package store

import (
	"context"
	"fmt"
	"time"
)

// IdentityKey is a key that the tokens of all identity pools are signed with.
type IdentityKey struct {
	Generation int64  // 1 for the first, one more for each that follows
	ID         string // kid
	Private    []byte // PKCS #8, sealed in the database
	CreatedAt  time.Time
	SignsAt    time.Time // when it takes over from the key before
	Until      time.Time // when it is forgotten, with the tokens it has signed; zero: never
}

const (
	insertIdentityKey = `INSERT INTO identity_keys (generation, kid, private, created_ms, signs_ms, until_ms)
		VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (generation) DO NOTHING`
	selectIdentityKeys = `SELECT generation, kid, private, created_ms, signs_ms, until_ms FROM identity_keys
		WHERE until_ms = 0 OR until_ms > $1 ORDER BY generation`
	retireIdentityKeys = `UPDATE identity_keys SET until_ms = $1 WHERE until_ms = 0 OR until_ms > $1`
	deleteIdentityKeys = `DELETE FROM identity_keys WHERE until_ms > 0 AND until_ms <= $1`
	lastIdentityKey    = `SELECT COALESCE(MAX(generation), 0) FROM identity_keys`
)

// InsertIdentityKey adds a key and reports whether it did: false says that there
// is one of that generation, made by another node at the same time.
func (tx *Tx) InsertIdentityKey(ctx context.Context, k IdentityKey) (bool, error) {
	sealed := tx.db.Seal("identity_keys", "private", k.ID, k.Private)
	n, err := tx.change(ctx, insertIdentityKey, k.Generation, k.ID, sealed, toMS(k.CreatedAt), toMS(k.SignsAt), toMS(k.Until))
	if err != nil {
		return false, fmt.Errorf("insert identity key %s: %w", k.ID, err)
	}
	return n > 0, nil
}

// IdentityKeys lists the keys that are not forgotten at now, the oldest first.
func (tx *Tx) IdentityKeys(ctx context.Context, now time.Time) ([]IdentityKey, error) {
	keys, err := many(ctx, tx, func(s scanner) (IdentityKey, error) {
		var k IdentityKey
		var sealed []byte
		var created, signs, until int64
		if err := s.Scan(&k.Generation, &k.ID, &sealed, &created, &signs, &until); err != nil {
			return k, err
		}
		k.CreatedAt, k.SignsAt, k.Until = fromMS(created), fromMS(signs), fromMS(until)
		var err error
		k.Private, err = tx.db.Unseal("identity_keys", "private", k.ID, sealed)
		return k, err
	}, selectIdentityKeys, toMS(now))
	if err != nil {
		return nil, fmt.Errorf("load identity keys: %w", err)
	}
	return keys, nil
}

// ReplaceIdentityKeys adds the key that follows all others, which end at until
// unless they end sooner. Its generation is chosen here. Those that have ended by
// k.CreatedAt are deleted.
func (tx *Tx) ReplaceIdentityKeys(ctx context.Context, k IdentityKey, until time.Time) error {
	last, _, err := one(ctx, tx, scanInt, lastIdentityKey)
	if err != nil {
		return fmt.Errorf("find last identity key: %w", err)
	}
	if _, err := tx.change(ctx, retireIdentityKeys, toMS(until)); err != nil {
		return fmt.Errorf("retire identity keys: %w", err)
	}
	if _, err := tx.change(ctx, deleteIdentityKeys, toMS(k.CreatedAt)); err != nil {
		return fmt.Errorf("delete old identity keys: %w", err)
	}
	k.Generation = last + 1
	inserted, err := tx.InsertIdentityKey(ctx, k)
	if err == nil && !inserted {
		err = fmt.Errorf("insert identity key %s: %w", k.ID, errStale)
	}
	return err
}
