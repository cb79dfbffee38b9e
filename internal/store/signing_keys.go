package store

import (
	"context"
	"fmt"
	"time"
)

// The uses of a signing key, as in the token_use claim.
const (
	KeyUseID     = "id"
	KeyUseAccess = "access"
)

// SigningKey is a key pair that a pool signs tokens with.
type SigningKey struct {
	ID        string // kid
	Use       string // KeyUseID or KeyUseAccess
	Private   []byte // PKCS #8, sealed in the database
	Public    []byte // as the caller likes to publish it
	CreatedAt time.Time
	SignsAt   time.Time // when it takes over from the key before; zero: at once
	Until     time.Time // when it is forgotten, with the tokens it has signed; zero: never
}

const signingKeyColumns = `kid, token_use, private, public, created_ms, signs_ms, until_ms`

const (
	insertSigningKey  = `INSERT INTO signing_keys (pool_id, ` + signingKeyColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	selectSigningKeys = `SELECT ` + signingKeyColumns + ` FROM signing_keys
		WHERE pool_id = $1 AND (until_ms = 0 OR until_ms > $2) ORDER BY signs_ms, created_ms, kid`
	retireSigningKeys = `UPDATE signing_keys SET until_ms = $2 WHERE pool_id = $1 AND (until_ms = 0 OR until_ms > $2)`
)

// InsertSigningKey adds a key to a pool.
func (tx *Tx) InsertSigningKey(ctx context.Context, poolID string, k SigningKey) error {
	sealed := tx.db.Seal("signing_keys", "private", rowID(poolID, k.ID), k.Private)
	_, err := tx.change(ctx, insertSigningKey, poolID, k.ID, k.Use, sealed, k.Public, toMS(k.CreatedAt), toMS(k.SignsAt), toMS(k.Until))
	if err != nil {
		return fmt.Errorf("insert signing key %s: %w", k.ID, err)
	}
	return nil
}

// SigningKeys lists the keys of a pool that are not forgotten at now, in the order
// in which they sign.
func (tx *Tx) SigningKeys(ctx context.Context, poolID string, now time.Time) ([]SigningKey, error) {
	keys, err := many(ctx, tx, func(s scanner) (SigningKey, error) {
		var k SigningKey
		var sealed []byte
		var created, signs, until int64
		err := s.Scan(&k.ID, &k.Use, &sealed, &k.Public, &created, &signs, &until)
		if err != nil {
			return k, err
		}
		k.CreatedAt, k.SignsAt, k.Until = fromMS(created), fromMS(signs), fromMS(until)
		k.Private, err = tx.db.Unseal("signing_keys", "private", rowID(poolID, k.ID), sealed)
		return k, err
	}, selectSigningKeys, poolID, toMS(now))
	if err != nil {
		return nil, fmt.Errorf("load signing keys of pool %s: %w", poolID, err)
	}
	return keys, nil
}

// RetireSigningKeys makes all keys that a pool has end at a time, unless they end
// sooner.
func (tx *Tx) RetireSigningKeys(ctx context.Context, poolID string, until time.Time) error {
	if _, err := tx.change(ctx, retireSigningKeys, poolID, toMS(until)); err != nil {
		return fmt.Errorf("retire signing keys of pool %s: %w", poolID, err)
	}
	return nil
}
