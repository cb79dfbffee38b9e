package store

import (
	"context"
	"fmt"
)

// Asset is an image of a pool, known by its content.
type Asset struct {
	Hash string // SHA-256 of Content in hexadecimal
	// ContentType is what it is served as; empty for originals, which are only
	// given back to those who manage the pool.
	ContentType string
	Content     []byte
}

const (
	insertAsset = `INSERT INTO assets (pool_id, hash, content_type, content) VALUES ($1, $2, $3, $4)
		ON CONFLICT (pool_id, hash) DO UPDATE SET content_type = excluded.content_type WHERE assets.content_type = ''`
	selectAsset      = `SELECT hash, content_type, content FROM assets WHERE pool_id = $1 AND hash = $2`
	insertAssetUse   = `INSERT INTO asset_uses (pool_id, hash, owner, client_id) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	deleteAssetUses  = `DELETE FROM asset_uses WHERE pool_id = $1 AND owner = $2`
	deleteFreeAssets = `DELETE FROM assets WHERE pool_id = $1
		AND NOT EXISTS (SELECT 1 FROM asset_uses u WHERE u.pool_id = assets.pool_id AND u.hash = assets.hash)`
)

// PutAsset adds an image to a pool, unless it is there already. It stays when
// UseAssets names it before the transaction ends.
func (tx *Tx) PutAsset(ctx context.Context, poolID string, a *Asset) error {
	if _, err := tx.change(ctx, insertAsset, poolID, a.Hash, a.ContentType, a.Content); err != nil {
		return fmt.Errorf("insert image %s: %w", a.Hash, err)
	}
	return nil
}

// UseAssets says which images of a pool an owner has from now on, and drops
// those that nobody has any more. They go with the owner's client, if it names
// one.
func (tx *Tx) UseAssets(ctx context.Context, poolID, owner, clientID string, hashes []string) error {
	if _, err := tx.change(ctx, deleteAssetUses, poolID, owner); err != nil {
		return fmt.Errorf("free images of %s: %w", owner, err)
	}
	for _, hash := range hashes {
		if _, err := tx.change(ctx, insertAssetUse, poolID, hash, owner, orNull(clientID)); err != nil {
			return fmt.Errorf("keep image %s: %w", hash, err)
		}
	}
	if _, err := tx.change(ctx, deleteFreeAssets, poolID); err != nil {
		return fmt.Errorf("drop images of pool %s: %w", poolID, err)
	}
	return nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// AssetByHash finds an image of a pool; false means that there is none.
func (tx *Tx) AssetByHash(ctx context.Context, poolID, hash string) (*Asset, bool, error) {
	if !storable(poolID) || !storable(hash) {
		return nil, false, nil
	}
	a, found, err := one(ctx, tx, func(s scanner) (*Asset, error) {
		var a Asset
		return &a, s.Scan(&a.Hash, &a.ContentType, &a.Content)
	}, selectAsset, poolID, hash)
	if err != nil {
		return nil, false, fmt.Errorf("load image %s: %w", hash, err)
	}
	return a, found, nil
}
