package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"cognate/internal/api"
)

// Client is an app client.
type Client struct {
	PoolID, ID, Name      string
	CreatedAt, ModifiedAt time.Time
	// Version grows with every change; SaveClient keeps it.
	Version int64
	// Settings never holds a secret in the database; loaders leave its
	// ClientSecret empty.
	Settings api.UserPoolClientType
	// SSOMinutes is how long the client may take a browser's session over; nil
	// when it was never told.
	SSOMinutes *int32
	// Risk takes the place of the pool's risk configuration; nil when there is none.
	Risk *api.RiskConfigurationType
	// Registration is how the client came by dynamic registration; empty when an
	// administrator made it.
	Registration string
	// Secrets are those in force, oldest first.
	Secrets []ClientSecret
}

// How clients register themselves (newest-features.md §11.2).
const (
	RegisteredOpenly    = "open"  // by anybody
	RegisteredWithToken = "token" // by the owner of an access token for it
)

// ClientSecret is one secret of an app client.
type ClientSecret struct {
	ID        string
	Value     string // sealed in the database
	CreatedAt time.Time
}

const clientColumns = `c.pool_id, c.id, c.name, c.created_ms, c.modified_ms, c.version, c.doc, s.id, s.secret, s.created_ms`

const clientSecretsJoin = ` LEFT JOIN client_secrets s ON s.pool_id = c.pool_id AND s.client_id = c.id`

const (
	insertClient     = `INSERT INTO clients (pool_id, id, name, created_ms, modified_ms, version, doc) VALUES ($1, $2, $3, $4, $5, 1, $6)`
	insertClientPool = `INSERT INTO client_pools (client_id, pool_id) VALUES ($1, $2)`
	selectClient     = `SELECT ` + clientColumns + ` FROM client_pools d JOIN clients c ON c.pool_id = d.pool_id AND c.id = d.client_id` +
		clientSecretsJoin + ` WHERE d.client_id = $1`
	selectPoolClient = `SELECT ` + clientColumns + ` FROM clients c` + clientSecretsJoin + ` WHERE c.pool_id = $1 AND c.id = $2`
	lockClient       = `UPDATE clients SET version = version + 1 WHERE pool_id = $1 AND id = $2`
	updateClient     = `UPDATE clients SET name = $1, modified_ms = $2, doc = $3, version = version + 1 WHERE pool_id = $4 AND id = $5 AND version = $6`
	deleteClient     = `DELETE FROM clients WHERE pool_id = $1 AND id = $2`
	listClients      = `SELECT ` + clientColumns + ` FROM (SELECT * FROM clients WHERE pool_id = $1 AND id > $2 ORDER BY id LIMIT CAST($3 AS BIGINT)) c` +
		clientSecretsJoin + ` ORDER BY c.id`
	countClients = `SELECT COUNT(*) FROM clients WHERE pool_id = $1`

	insertClientSecret = `INSERT INTO client_secrets (pool_id, client_id, id, secret, created_ms) VALUES ($1, $2, $3, $4, $5)`
	deleteClientSecret = `DELETE FROM client_secrets WHERE pool_id = $1 AND client_id = $2 AND id = $3`
)

func noClient(id string) error {
	return api.ResourceNotFoundException("User pool client %s does not exist.", id)
}

// InsertClient adds a client with its secrets and sets its version.
func (tx *Tx) InsertClient(ctx context.Context, c *Client) error {
	doc, err := clientDoc(c)
	if err != nil {
		return err
	}
	_, err = tx.change(ctx, insertClient, c.PoolID, c.ID, c.Name, toMS(c.CreatedAt), toMS(c.ModifiedAt), doc)
	if err != nil {
		return fmt.Errorf("insert client %s: %w", c.ID, err)
	}
	if _, err = tx.change(ctx, insertClientPool, c.ID, c.PoolID); err != nil {
		return fmt.Errorf("insert client %s into the directory: %w", c.ID, err)
	}
	c.Version = 1
	for _, s := range c.Secrets {
		if err := tx.InsertClientSecret(ctx, c.PoolID, c.ID, s); err != nil {
			return err
		}
	}
	return nil
}

// clientSettings is what the doc column holds.
type clientSettings struct {
	api.UserPoolClientType
	// The names are such as the model will not have.
	SSOMinutes   *int32                     `json:"sso_minutes,omitzero"`
	Risk         *api.RiskConfigurationType `json:"risk_configuration,omitzero"`
	Registration string                     `json:"registration,omitzero"`
}

func clientDoc(c *Client) (string, error) {
	settings := clientSettings{c.Settings, c.SSOMinutes, c.Risk, c.Registration}
	settings.ClientSecret = ""
	doc, err := json.Marshal(settings)
	if err != nil {
		return "", fmt.Errorf("write settings of client %s: %w", c.ID, err)
	}
	return string(doc), nil
}

// ClientByID finds a client in any pool; ResourceNotFoundException when
// there is none.
func (tx *Tx) ClientByID(ctx context.Context, id string) (*Client, error) {
	return tx.client(ctx, id, selectClient, id)
}

// PoolClient finds a client in one pool; ResourceNotFoundException when it
// is not there.
func (tx *Tx) PoolClient(ctx context.Context, poolID, id string) (*Client, error) {
	return tx.client(ctx, id, selectPoolClient, poolID, id)
}

// LockClient is PoolClient, and nobody else changes the client or its
// secrets until the transaction ends.
func (tx *Tx) LockClient(ctx context.Context, poolID, id string) (*Client, error) {
	n, err := tx.change(ctx, lockClient, poolID, id)
	if err != nil {
		return nil, fmt.Errorf("lock client %s: %w", id, err)
	}
	if n == 0 {
		return nil, noClient(id)
	}
	return tx.PoolClient(ctx, poolID, id)
}

func (tx *Tx) client(ctx context.Context, id, query string, args ...any) (*Client, error) {
	clients, err := tx.clients(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("load client %s: %w", id, err)
	}
	if len(clients) == 0 {
		return nil, noClient(id)
	}
	return clients[0], nil
}

// clients reads rows of clientColumns, one per secret, and folds them.
func (tx *Tx) clients(ctx context.Context, query string, args ...any) ([]*Client, error) {
	var clients []*Client
	_, err := many(ctx, tx, func(s scanner) (struct{}, error) {
		c, secret, err := tx.scanClient(s)
		if err != nil {
			return struct{}{}, err
		}
		if n := len(clients); n == 0 || clients[n-1].ID != c.ID {
			clients = append(clients, c)
		}
		if last := clients[len(clients)-1]; secret != nil {
			last.Secrets = append(last.Secrets, *secret)
		}
		return struct{}{}, nil
	}, query, args...)
	for _, c := range clients {
		slices.SortFunc(c.Secrets, func(a, b ClientSecret) int {
			if order := a.CreatedAt.Compare(b.CreatedAt); order != 0 {
				return order
			}
			return strings.Compare(a.ID, b.ID)
		})
	}
	return clients, err
}

func (tx *Tx) scanClient(s scanner) (*Client, *ClientSecret, error) {
	var c Client
	var created, modified int64
	var doc string
	var secretID *string
	var sealed []byte
	var secretCreated *int64
	err := s.Scan(&c.PoolID, &c.ID, &c.Name, &created, &modified, &c.Version, &doc, &secretID, &sealed, &secretCreated)
	if err != nil {
		return nil, nil, err
	}
	c.CreatedAt, c.ModifiedAt = fromMS(created), fromMS(modified)
	var settings clientSettings
	if err := json.Unmarshal([]byte(doc), &settings); err != nil {
		return nil, nil, fmt.Errorf("read settings of client %s: %w", c.ID, err)
	}
	c.Settings, c.SSOMinutes, c.Risk = settings.UserPoolClientType, settings.SSOMinutes, settings.Risk
	c.Registration = settings.Registration
	if secretID == nil {
		return &c, nil, nil
	}
	value, err := tx.db.Unseal("client_secrets", "secret", rowID(c.PoolID, c.ID, *secretID), sealed)
	if err != nil {
		return nil, nil, err
	}
	return &c, &ClientSecret{ID: *secretID, Value: string(value), CreatedAt: fromMS(*secretCreated)}, nil
}

// SaveClient writes a client that was read in this transaction; its secrets
// have their own methods.
func (tx *Tx) SaveClient(ctx context.Context, c *Client) error {
	doc, err := clientDoc(c)
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateClient, c.Name, toMS(c.ModifiedAt), doc, c.PoolID, c.ID, c.Version)
	if err == nil && n == 0 {
		err = errStale
	}
	if err != nil {
		return fmt.Errorf("save client %s: %w", c.ID, err)
	}
	c.Version++
	return nil
}

// DeleteClient removes a client and its secrets.
func (tx *Tx) DeleteClient(ctx context.Context, poolID, id string) error {
	n, err := tx.change(ctx, deleteClient, poolID, id)
	if err != nil {
		return fmt.Errorf("delete client %s: %w", id, err)
	}
	if n == 0 {
		return noClient(id)
	}
	return nil
}

// ListClients lists the clients of a pool by id, beginning after the id given.
func (tx *Tx) ListClients(ctx context.Context, poolID, after string, limit int) ([]*Client, error) {
	clients, err := tx.clients(ctx, listClients, poolID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list clients of pool %s: %w", poolID, err)
	}
	return clients, nil
}

// CountClients tells how many clients a pool has.
func (tx *Tx) CountClients(ctx context.Context, poolID string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countClients, poolID)
	if err != nil {
		return 0, fmt.Errorf("count clients of pool %s: %w", poolID, err)
	}
	return n, nil
}

// InsertClientSecret adds a secret to a client.
func (tx *Tx) InsertClientSecret(ctx context.Context, poolID, clientID string, s ClientSecret) error {
	sealed := tx.db.Seal("client_secrets", "secret", rowID(poolID, clientID, s.ID), []byte(s.Value))
	if _, err := tx.change(ctx, insertClientSecret, poolID, clientID, s.ID, sealed, toMS(s.CreatedAt)); err != nil {
		return fmt.Errorf("insert secret of client %s: %w", clientID, err)
	}
	return nil
}

// DeleteClientSecret removes a secret; false means that it was not there.
func (tx *Tx) DeleteClientSecret(ctx context.Context, poolID, clientID, id string) (bool, error) {
	n, err := tx.change(ctx, deleteClientSecret, poolID, clientID, id)
	if err != nil {
		return false, fmt.Errorf("delete secret of client %s: %w", clientID, err)
	}
	return n > 0, nil
}
