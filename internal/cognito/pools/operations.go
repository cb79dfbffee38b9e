package pools

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/cognito/signingkeys"
	"cognate/internal/store"
)

// DefaultQuota is how many pools an account has in one Region unless the
// installation allows more (spec/users-and-pools.md §25).
const DefaultQuota = 1000

// Operations are the operations on user pools. All fields but the last two
// must be set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Paging    paging.Paging
	Keys      signingkeys.Source
	Now       func() time.Time
	Region    string // of requests that name none
	AccountID string // 12 digits, used in ARNs

	// AllowChosenIDs lets a new pool's tag cognate:id choose its id. For dev
	// only: ids are otherwise not to be guessed.
	AllowChosenIDs bool
	// CheckLogTarget says whether logs can be delivered to an ARN.
	CheckLogTarget func(arn string) error
	// Quota replaces DefaultQuota when it is not 0.
	Quota int64
}

// region is where the request creates and lists pools.
func (o *Operations) region(ctx context.Context) string {
	if region := api.RequestFrom(ctx).Region; region != "" {
		return region
	}
	return o.Region
}

func (o *Operations) arn(region, poolID string) string {
	return fmt.Sprintf("arn:aws:cognito-idp:%s:%s:userpool/%s", region, o.AccountID, poolID)
}

// regionOf gives the Region of a pool that is being configured.
func regionOf(pool *api.UserPoolType) string {
	region, _, _ := strings.Cut(pool.Id, "_")
	return region
}

// load finds a pool of the Region of the request.
func load(ctx context.Context, tx *store.Tx, id string) (*store.Pool, error) {
	pool, err := tx.PoolByID(ctx, id)
	if err != nil {
		return nil, err
	}
	return pool, directory.CheckRegion(ctx, pool)
}

// lock loads a pool for a change, in the Region of the request.
func lock(ctx context.Context, tx *store.Tx, id string) (*store.Pool, error) {
	pool, err := tx.LockPool(ctx, id)
	if err != nil {
		return nil, err
	}
	return pool, directory.CheckRegion(ctx, pool)
}

// lockIdle is lock for changes that wait until no users are being imported.
func lockIdle(ctx context.Context, tx *store.Tx, id string) (*store.Pool, error) {
	pool, err := lock(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	importing, err := tx.Importing(ctx, id)
	if err == nil && importing {
		err = api.UserImportInProgressException("A user import job is in progress for user pool %s.", id)
	}
	return pool, err
}

// save stores a changed pool with the time of the change.
func (o *Operations) save(ctx context.Context, tx *store.Tx, pool *store.Pool) error {
	pool.Name = pool.Settings.Pool.Name
	pool.ModifiedAt = o.Now()
	return tx.SavePool(ctx, pool)
}

// describe gives the pool as the API shows it.
func describe(pool *store.Pool, users int64) *api.UserPoolType {
	shown := pool.Settings.Pool
	shown.Id = pool.ID
	shown.Name = pool.Name
	shown.CreationDate = api.TimeOf(pool.CreatedAt)
	shown.LastModifiedDate = api.TimeOf(pool.ModifiedAt)
	shown.EstimatedNumberOfUsers = int32(min(users, 1<<31-1))
	return &shown
}
