package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/api/identity"
)

// IdentityPool is an identity pool.
type IdentityPool struct {
	ID, Region, Name      string
	CreatedAt, ModifiedAt time.Time
	// Version grows with every change; UpdateIdentityPool keeps it.
	Version  int64
	Settings IdentityPoolSettings
}

// IdentityPoolSettings is everything about an identity pool that is only read
// with it. The database holds it sealed: it has the secrets of apps at login
// providers.
type IdentityPoolSettings struct {
	Pool identity.IdentityPool
	// Roles are the default roles' ARNs by authenticated and unauthenticated.
	Roles map[string]string `json:",omitzero"`
	// RoleMappings are by provider, as SetIdentityPoolRoles names it.
	RoleMappings map[string]identity.RoleMapping `json:",omitzero"`
	// TagMaps say by provider which claims become principal tags.
	TagMaps map[string]TagMap `json:",omitzero"`
}

// TagMap says which claims of a provider become principal tags.
type TagMap struct {
	UseDefaults bool              `json:",omitzero"`
	Claims      map[string]string `json:",omitzero"` // by tag
}

const identityPoolColumns = `id, region, name, created_ms, modified_ms, version, doc`

const (
	insertIdentityPool = `INSERT INTO identity_pools (` + identityPoolColumns + `) VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT DO NOTHING`
	selectIdentityPool = `SELECT ` + identityPoolColumns + ` FROM identity_pools WHERE id = $1 AND deleted_ms = 0`
	updateIdentityPool = `UPDATE identity_pools SET name = $1, modified_ms = $2, doc = $3, version = version + 1
		WHERE id = $4 AND version = $5 AND deleted_ms = 0`
	countIdentityPools = `SELECT COUNT(*) FROM identity_pools WHERE region = $1 AND deleted_ms = 0`
	listIdentityPools  = `SELECT ` + identityPoolColumns + ` FROM identity_pools
		WHERE region = $1 AND id > $2 AND deleted_ms = 0 ORDER BY id LIMIT CAST($3 AS BIGINT)`

	markIdentityPool   = `UPDATE identity_pools SET deleted_ms = $2 WHERE id = $1 AND deleted_ms = 0`
	emptyIdentityPool  = `DELETE FROM identities WHERE id IN (SELECT id FROM identities WHERE pool_id = $1 LIMIT CAST($2 AS BIGINT))`
	deleteIdentityPool = `DELETE FROM identity_pools WHERE id = $1`
)

func (tx *Tx) scanIdentityPool(s scanner) (*IdentityPool, error) {
	var p IdentityPool
	var created, modified int64
	var sealed []byte
	if err := s.Scan(&p.ID, &p.Region, &p.Name, &created, &modified, &p.Version, &sealed); err != nil {
		return nil, err
	}
	p.CreatedAt, p.ModifiedAt = fromMS(created), fromMS(modified)
	doc, err := tx.db.Unseal("identity_pools", "doc", rowID(p.ID), sealed)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(doc, &p.Settings); err != nil {
		return nil, fmt.Errorf("read settings of identity pool %s: %w", p.ID, err)
	}
	return &p, nil
}

func (tx *Tx) identityPoolDoc(p *IdentityPool) ([]byte, error) {
	doc, err := json.Marshal(p.Settings)
	if err != nil {
		return nil, fmt.Errorf("write settings of identity pool %s: %w", p.ID, err)
	}
	return tx.db.Seal("identity_pools", "doc", rowID(p.ID), doc), nil
}

// NoIdentityPool is the answer where there is no such identity pool.
func NoIdentityPool(id string) error {
	return identity.ResourceNotFoundException("IdentityPool '%s' not found.", id)
}

// InsertIdentityPool adds an identity pool and sets its version; false means that the
// id is taken, by a pool or by one that is being deleted.
func (tx *Tx) InsertIdentityPool(ctx context.Context, p *IdentityPool) (bool, error) {
	doc, err := tx.identityPoolDoc(p)
	if err != nil {
		return false, err
	}
	n, err := tx.change(ctx, insertIdentityPool, p.ID, p.Region, p.Name, toMS(p.CreatedAt), toMS(p.ModifiedAt), doc)
	if err != nil {
		return false, fmt.Errorf("insert identity pool %s: %w", p.ID, err)
	}
	p.Version = 1
	return n > 0, nil
}

// IdentityPool answers ResourceNotFoundException when there is no such pool.
func (tx *Tx) IdentityPool(ctx context.Context, id string) (*IdentityPool, error) {
	p, found, err := one(ctx, tx, tx.scanIdentityPool, selectIdentityPool, id)
	switch {
	case err != nil:
		return nil, fmt.Errorf("load identity pool %s: %w", id, err)
	case !found:
		return nil, NoIdentityPool(id)
	}
	return p, nil
}

// UpdateIdentityPool writes a pool that was read before, in this transaction or
// earlier: ConcurrentModificationException when somebody changed it since.
func (tx *Tx) UpdateIdentityPool(ctx context.Context, p *IdentityPool) error {
	doc, err := tx.identityPoolDoc(p)
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateIdentityPool, p.Name, toMS(p.ModifiedAt), doc, p.ID, p.Version)
	if err != nil {
		return fmt.Errorf("save identity pool %s: %w", p.ID, err)
	}
	if n == 0 {
		if _, err := tx.IdentityPool(ctx, p.ID); err != nil {
			return err
		}
		return identity.ConcurrentModificationException("IdentityPool '%s' was changed by another request.", p.ID)
	}
	p.Version++
	return nil
}

// DeleteIdentityPool removes a pool and its identities. Of a large pool it removes
// some and hides the others, which Purge takes away: all of them at once would keep
// everybody else from writing.
func (tx *Tx) DeleteIdentityPool(ctx context.Context, id string, now time.Time) error {
	n, err := tx.change(ctx, markIdentityPool, id, toMS(now))
	if err == nil && n == 0 {
		return NoIdentityPool(id)
	}
	if err == nil {
		n, err = tx.change(ctx, emptyIdentityPool, id, purgeRows)
	}
	if err == nil && n < purgeRows {
		_, err = tx.change(ctx, deleteIdentityPool, id)
	}
	if err != nil {
		return fmt.Errorf("delete identity pool %s: %w", id, err)
	}
	return nil
}

// ListIdentityPools lists the identity pools of a Region by id, beginning after
// the id given.
func (tx *Tx) ListIdentityPools(ctx context.Context, region, after string, limit int) ([]*IdentityPool, error) {
	pools, err := many(ctx, tx, tx.scanIdentityPool, listIdentityPools, region, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list identity pools of %s: %w", region, err)
	}
	return pools, nil
}

// CountIdentityPools tells how many identity pools a Region has.
func (tx *Tx) CountIdentityPools(ctx context.Context, region string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countIdentityPools, region)
	if err != nil {
		return 0, fmt.Errorf("count identity pools of %s: %w", region, err)
	}
	return n, nil
}
