package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"cognate/internal/api"
)

// ResourceServer is an API that has scopes of its own.
type ResourceServer struct {
	PoolID, Identifier    string
	CreatedAt, ModifiedAt time.Time
	// Settings.Name and Settings.Scopes are what can be changed.
	Settings api.ResourceServerType
}

const resourceServerColumns = `pool_id, identifier, created_ms, modified_ms, doc`

const (
	insertResourceServer = `INSERT INTO resource_servers (` + resourceServerColumns + `) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	selectResourceServer = `SELECT ` + resourceServerColumns + ` FROM resource_servers WHERE pool_id = $1 AND identifier = $2`
	updateResourceServer = `UPDATE resource_servers SET modified_ms = $3, doc = $4 WHERE pool_id = $1 AND identifier = $2`
	deleteResourceServer = `DELETE FROM resource_servers WHERE pool_id = $1 AND identifier = $2`
	listResourceServers  = `SELECT ` + resourceServerColumns + ` FROM resource_servers
		WHERE pool_id = $1 AND identifier > $2 ORDER BY identifier LIMIT CAST($3 AS BIGINT)`
)

func scanResourceServer(s scanner) (*ResourceServer, error) {
	var r ResourceServer
	var created, modified int64
	var doc string
	if err := s.Scan(&r.PoolID, &r.Identifier, &created, &modified, &doc); err != nil {
		return nil, err
	}
	r.CreatedAt, r.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &r.Settings); err != nil {
		return nil, fmt.Errorf("read resource server %s: %w", r.Identifier, err)
	}
	return &r, nil
}

func (r *ResourceServer) doc() (string, error) {
	doc, err := json.Marshal(r.Settings)
	if err != nil {
		return "", fmt.Errorf("write resource server %s: %w", r.Identifier, err)
	}
	return string(doc), nil
}

func noResourceServer(identifier string) error {
	return api.ResourceNotFoundException("Resource server %s does not exist.", identifier)
}

// InsertResourceServer adds a resource server; false means that the pool has
// one of that identifier.
func (tx *Tx) InsertResourceServer(ctx context.Context, r *ResourceServer) (bool, error) {
	doc, err := r.doc()
	if err != nil {
		return false, err
	}
	n, err := tx.change(ctx, insertResourceServer, r.PoolID, r.Identifier, toMS(r.CreatedAt), toMS(r.ModifiedAt), doc)
	if err != nil {
		return false, fmt.Errorf("insert resource server %s: %w", r.Identifier, err)
	}
	return n == 1, nil
}

// ResourceServer answers ResourceNotFoundException when the pool has none of
// that identifier.
func (tx *Tx) ResourceServer(ctx context.Context, poolID, identifier string) (*ResourceServer, error) {
	if !storable(identifier) {
		return nil, noResourceServer(identifier)
	}
	r, found, err := one(ctx, tx, scanResourceServer, selectResourceServer, poolID, identifier)
	if err != nil {
		return nil, fmt.Errorf("load resource server %s: %w", identifier, err)
	}
	if !found {
		return nil, noResourceServer(identifier)
	}
	return r, nil
}

// ResourceServersOfPool lists all resource servers of a pool by identifier.
func (tx *Tx) ResourceServersOfPool(ctx context.Context, poolID string) ([]*ResourceServer, error) {
	return tx.ListResourceServers(ctx, poolID, "", math.MaxInt32)
}

// ListResourceServers lists the resource servers of a pool by identifier,
// beginning after the one given.
func (tx *Tx) ListResourceServers(ctx context.Context, poolID, after string, limit int) ([]*ResourceServer, error) {
	servers, err := many(ctx, tx, scanResourceServer, listResourceServers, poolID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list resource servers of pool %s: %w", poolID, err)
	}
	return servers, nil
}

// UpdateResourceServer writes a resource server; ResourceNotFoundException
// when it is gone.
func (tx *Tx) UpdateResourceServer(ctx context.Context, r *ResourceServer) error {
	doc, err := r.doc()
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateResourceServer, r.PoolID, r.Identifier, toMS(r.ModifiedAt), doc)
	if err != nil {
		return fmt.Errorf("save resource server %s: %w", r.Identifier, err)
	}
	if n == 0 {
		return noResourceServer(r.Identifier)
	}
	return nil
}

// DeleteResourceServer answers ResourceNotFoundException when the pool has
// none of that identifier. Clients keep its scopes in their lists.
func (tx *Tx) DeleteResourceServer(ctx context.Context, poolID, identifier string) error {
	n, err := tx.change(ctx, deleteResourceServer, poolID, identifier)
	if err != nil {
		return fmt.Errorf("delete resource server %s: %w", identifier, err)
	}
	if n == 0 {
		return noResourceServer(identifier)
	}
	return nil
}
