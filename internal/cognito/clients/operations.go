package clients

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
)

// DefaultQuota is how many clients a pool has unless the installation allows
// more (spec/users-and-pools.md §25).
const DefaultQuota = 1000

// Operations are the operations on app clients. All fields but the last must
// be set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Paging    paging.Paging
	Now       func() time.Time

	// Quota replaces DefaultQuota when it is not 0.
	Quota int64
}

// describe gives the client as the API shows it. Of two secrets it is the
// older one, which the client's users know.
func describe(client *store.Client) *api.UserPoolClientType {
	shown := client.Settings
	shown.UserPoolId = client.PoolID
	shown.ClientId = client.ID
	shown.ClientName = client.Name
	shown.ClientType = clientType(client)
	shown.CreationDate = api.TimeOf(client.CreatedAt)
	shown.LastModifiedDate = api.TimeOf(client.ModifiedAt)
	if len(client.Secrets) > 0 {
		shown.ClientSecret = client.Secrets[0].Value
	}
	return &shown
}

// load reads a client to be shown. It asks the database, not the directory:
// what one node has changed must show at once on every other.
func (o *Operations) load(ctx context.Context, poolID, clientID string) (*store.Client, error) {
	return store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Client, error) {
		if _, err := poolOf(ctx, tx, poolID); err != nil {
			return nil, err
		}
		return tx.PoolClient(ctx, poolID, clientID)
	})
}

// lock loads a client for a change, and the pool it belongs to.
func lock(ctx context.Context, tx *store.Tx, poolID, clientID string) (*store.Pool, *store.Client, error) {
	pool, err := poolOf(ctx, tx, poolID)
	if err != nil {
		return nil, nil, err
	}
	client, err := tx.LockClient(ctx, poolID, clientID)
	return pool, client, err
}

func poolOf(ctx context.Context, tx *store.Tx, poolID string) (*store.Pool, error) {
	pool, err := tx.PoolByID(ctx, poolID)
	if err != nil {
		return nil, err
	}
	return pool, directory.CheckRegion(ctx, pool)
}
