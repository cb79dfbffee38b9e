package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// OldPool is where a pool's users came from: who signs in for the first time has
// the password checked there.
type OldPool struct {
	PoolID    string // of the pool here
	CreatedAt time.Time
	Settings  OldPoolSettings
}

// OldPoolSettings is how the old pool is reached. The database holds it sealed.
type OldPoolSettings struct {
	Endpoint, Region, PoolID string
	// ClientID is an app client of the old pool, ClientSecret its secret or empty.
	ClientID, ClientSecret string
	// Flow is how passwords are shown to it: USER_PASSWORD_AUTH or USER_SRP_AUTH.
	Flow string
}

const (
	putOldPool    = `INSERT INTO old_pools (pool_id, doc, created_ms) VALUES ($1, $2, $3) ON CONFLICT (pool_id) DO UPDATE SET doc = excluded.doc`
	selectOldPool = `SELECT doc, created_ms FROM old_pools WHERE pool_id = $1`
	deleteOldPool = `DELETE FROM old_pools WHERE pool_id = $1`
)

// PutOldPool tells where a pool's users came from, in the place of what was told
// before. The pool must exist.
func (tx *Tx) PutOldPool(ctx context.Context, o *OldPool) error {
	doc, err := json.Marshal(o.Settings)
	if err != nil {
		return fmt.Errorf("write old pool of %s: %w", o.PoolID, err)
	}
	sealed := tx.db.Seal("old_pools", "doc", rowID(o.PoolID), doc)
	if _, err := tx.change(ctx, putOldPool, o.PoolID, sealed, toMS(o.CreatedAt)); err != nil {
		return fmt.Errorf("keep old pool of %s: %w", o.PoolID, err)
	}
	return nil
}

// OldPool tells where a pool's users came from; false means that it drains none.
func (tx *Tx) OldPool(ctx context.Context, poolID string) (*OldPool, bool, error) {
	o, found, err := one(ctx, tx, func(s scanner) (*OldPool, error) {
		o := &OldPool{PoolID: poolID}
		var sealed []byte
		var created int64
		if err := s.Scan(&sealed, &created); err != nil {
			return nil, err
		}
		o.CreatedAt = fromMS(created)
		doc, err := tx.db.Unseal("old_pools", "doc", rowID(poolID), sealed)
		if err != nil {
			return nil, err
		}
		return o, json.Unmarshal(doc, &o.Settings)
	}, selectOldPool, poolID)
	if err != nil {
		return nil, false, fmt.Errorf("load old pool of %s: %w", poolID, err)
	}
	return o, found, nil
}

// DeleteOldPool forgets it; false means that there was none.
func (tx *Tx) DeleteOldPool(ctx context.Context, poolID string) (bool, error) {
	n, err := tx.change(ctx, deleteOldPool, poolID)
	if err != nil {
		return false, fmt.Errorf("forget old pool of %s: %w", poolID, err)
	}
	return n == 1, nil
}
