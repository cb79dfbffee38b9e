package pools

import (
	"context"
	"strings"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Replicas of pools in other Regions (spec/newest-features.md §1). An installation
// serves every Region by itself and has no standby, so that a pool has its primary
// and nothing else. No answer here says otherwise.

// pool reads a pool for an operation on its replicas.
func (o *Operations) pool(ctx context.Context, id string) (*store.Pool, error) {
	return store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Pool, error) { return load(ctx, tx, id) })
}

// ListUserPoolReplicas lists the primary, which is all that a pool has.
func (o *Operations) ListUserPoolReplicas(ctx context.Context, in *api.ListUserPoolReplicasRequest) (*api.ListUserPoolReplicasResponse, error) {
	if in.NextToken != "" {
		return nil, api.InvalidParameterException("Invalid pagination token.")
	}
	pool, err := o.pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	return &api.ListUserPoolReplicasResponse{UserPoolReplicas: []api.UserPoolReplicaType{{
		RegionName: regionOf(&pool.Settings.Pool), Role: api.ReplicaRoleTypePrimary, Status: api.ReplicaStatusTypeActive,
		UserPoolArn: pool.Settings.Pool.Arn,
	}}}, nil
}

// CreateUserPoolReplica refuses every replica, with the reason that the service
// would have, and where it would have none with the one that is true here.
func (o *Operations) CreateUserPoolReplica(ctx context.Context, in *api.CreateUserPoolReplicaRequest) (*api.CreateUserPoolReplicaResponse, error) {
	pool, err := o.pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	settings := &pool.Settings.Pool
	switch {
	case settings.UserPoolTier == api.UserPoolTierTypeLite:
		return nil, beyondTier(settings.UserPoolTier, "Multi-Region Replication")
	case in.RegionName == regionOf(settings):
		return nil, api.InvalidParameterException("User pool %s is already in region %s.", in.UserPoolId, in.RegionName)
	case !hasMultiRegionKey(settings):
		return nil, api.InvalidParameterException("User pool %s must have a multi-Region KMS key to be replicated.", in.UserPoolId)
	}
	return nil, api.InvalidParameterException("User pools cannot be replicated to region %s.", in.RegionName)
}

// hasMultiRegionKey reports whether the pool's own key is one of several Regions:
// the ids of those begin with mrk-.
func hasMultiRegionKey(pool *api.UserPoolType) bool {
	return pool.KeyConfiguration != nil && strings.Contains(pool.KeyConfiguration.KmsKeyArn, ":key/mrk-")
}

// UpdateUserPoolReplica finds no replica to change.
func (o *Operations) UpdateUserPoolReplica(ctx context.Context, in *api.UpdateUserPoolReplicaRequest) (*api.UpdateUserPoolReplicaResponse, error) {
	return nil, o.noReplica(ctx, in.UserPoolId, in.RegionName)
}

// DeleteUserPoolReplica finds no replica to delete.
func (o *Operations) DeleteUserPoolReplica(ctx context.Context, in *api.DeleteUserPoolReplicaRequest) (*api.DeleteUserPoolReplicaResponse, error) {
	return nil, o.noReplica(ctx, in.UserPoolId, in.RegionName)
}

func (o *Operations) noReplica(ctx context.Context, poolID, region string) error {
	if _, err := o.pool(ctx, poolID); err != nil {
		return err
	}
	return api.ResourceNotFoundException("User pool %s has no replica in region %s.", poolID, region)
}
