package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/api"
)

// Pool is a user pool.
type Pool struct {
	ID, Region, Name      string
	CreatedAt, ModifiedAt time.Time
	// Version grows with every change; SavePool keeps it.
	Version  int64
	Settings PoolSettings
}

// PoolSettings is everything about a pool that is only read with it.
type PoolSettings struct {
	Pool api.UserPoolType
	MFA  api.GetUserPoolMfaConfigResponse
	// Sessions says whether and how users' sessions are tracked.
	Sessions PoolSessions `json:",omitzero"`
	// KeyGeneration grows when the pool gets other signing keys.
	KeyGeneration int64 `json:",omitzero"`

	// Risk is nil until it is set; it is for clients that have none of their own.
	Risk *api.RiskConfigurationType `json:",omitzero"`

	// Logs are where the pool's logs go.
	Logs []api.LogConfigurationType `json:",omitzero"`
}

// PoolSessions is how a pool tracks the sessions of its users.
type PoolSessions struct {
	Tracked    bool
	MaxPerUser int32 // 0: never set
	// LongestSSOMinutes is the longest time that a client was ever told to take
	// browsers' sessions over.
	LongestSSOMinutes int32 `json:",omitzero"`
}

const poolColumns = `id, region, name, created_ms, modified_ms, version, doc`

const (
	insertPool = `INSERT INTO pools (` + poolColumns + `) VALUES ($1, $2, $3, $4, $5, 1, $6)`
	selectPool = `SELECT ` + poolColumns + ` FROM pools WHERE id = $1`
	lockPool   = `UPDATE pools SET version = version + 1 WHERE id = $1 RETURNING ` + poolColumns
	updatePool = `UPDATE pools SET name = $1, modified_ms = $2, doc = $3, version = version + 1 WHERE id = $4 AND version = $5`
	deletePool = `DELETE FROM pools WHERE id = $1`
	countPools = `SELECT COUNT(*) FROM pools WHERE region = $1`
	listPools  = `SELECT ` + poolColumns + ` FROM pools WHERE region = $1 AND id > $2 ORDER BY id LIMIT CAST($3 AS BIGINT)`

	countUsers = `SELECT CAST(COALESCE(SUM(n), 0) AS BIGINT) FROM pool_users_count WHERE pool_id = $1`
)

func scanPool(s scanner) (*Pool, error) {
	var p Pool
	var created, modified int64
	var doc string
	if err := s.Scan(&p.ID, &p.Region, &p.Name, &created, &modified, &p.Version, &doc); err != nil {
		return nil, err
	}
	p.CreatedAt, p.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &p.Settings); err != nil {
		return nil, fmt.Errorf("read settings of pool %s: %w", p.ID, err)
	}
	return &p, nil
}

func noPool(id string) error {
	return api.ResourceNotFoundException("User pool %s does not exist.", id)
}

// InsertPool adds a pool with its signing keys and sets its version.
func (tx *Tx) InsertPool(ctx context.Context, p *Pool, keys []SigningKey) error {
	doc, err := json.Marshal(p.Settings)
	if err != nil {
		return fmt.Errorf("write settings of pool %s: %w", p.ID, err)
	}
	_, err = tx.change(ctx, insertPool, p.ID, p.Region, p.Name, toMS(p.CreatedAt), toMS(p.ModifiedAt), string(doc))
	if err != nil {
		return fmt.Errorf("insert pool %s: %w", p.ID, err)
	}
	p.Version = 1
	for _, k := range keys {
		if err := tx.InsertSigningKey(ctx, p.ID, k); err != nil {
			return err
		}
	}
	return nil
}

// PoolByID answers ResourceNotFoundException when there is no such pool.
func (tx *Tx) PoolByID(ctx context.Context, id string) (*Pool, error) {
	return foundPool(id)(one(ctx, tx, scanPool, selectPool, id))
}

// LockPool is PoolByID, and nobody else changes the pool until the
// transaction ends.
func (tx *Tx) LockPool(ctx context.Context, id string) (*Pool, error) {
	return foundPool(id)(changeOne(ctx, tx, scanPool, lockPool, id))
}

func foundPool(id string) func(*Pool, bool, error) (*Pool, error) {
	return func(p *Pool, found bool, err error) (*Pool, error) {
		switch {
		case err != nil:
			return nil, fmt.Errorf("load pool %s: %w", id, err)
		case !found:
			return nil, noPool(id)
		}
		return p, nil
	}
}

// SavePool writes a pool that was read in this transaction.
func (tx *Tx) SavePool(ctx context.Context, p *Pool) error {
	doc, err := json.Marshal(p.Settings)
	if err != nil {
		return fmt.Errorf("write settings of pool %s: %w", p.ID, err)
	}
	n, err := tx.change(ctx, updatePool, p.Name, toMS(p.ModifiedAt), string(doc), p.ID, p.Version)
	if err == nil && n == 0 {
		err = errStale
	}
	if err != nil {
		return fmt.Errorf("save pool %s: %w", p.ID, err)
	}
	p.Version++
	return nil
}

// DeletePool removes a pool and everything in it.
func (tx *Tx) DeletePool(ctx context.Context, id string) error {
	n, err := tx.change(ctx, deletePool, id)
	if err != nil {
		return fmt.Errorf("delete pool %s: %w", id, err)
	}
	if n == 0 {
		return noPool(id)
	}
	return nil
}

// ListPools lists the pools of a Region by id, beginning after the id given.
func (tx *Tx) ListPools(ctx context.Context, region, after string, limit int) ([]*Pool, error) {
	pools, err := many(ctx, tx, scanPool, listPools, region, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list pools of %s: %w", region, err)
	}
	return pools, nil
}

// CountPools tells how many pools a Region has.
func (tx *Tx) CountPools(ctx context.Context, region string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countPools, region)
	if err != nil {
		return 0, fmt.Errorf("count pools of %s: %w", region, err)
	}
	return n, nil
}

// CountUsers tells how many users a pool has.
func (tx *Tx) CountUsers(ctx context.Context, poolID string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countUsers, poolID)
	if err != nil {
		return 0, fmt.Errorf("count users of pool %s: %w", poolID, err)
	}
	return n, nil
}
