package pools

import (
	"context"
	"strings"

	"cognate/internal/api"
	"cognate/internal/store"
)

// DescribeUserPool shows a pool. It reads the database, not the directory:
// what one node has changed must show at once on every other.
func (o *Operations) DescribeUserPool(ctx context.Context, in *api.DescribeUserPoolRequest) (*api.DescribeUserPoolResponse, error) {
	shown, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*api.UserPoolType, error) {
		pool, err := load(ctx, tx, in.UserPoolId)
		if err != nil {
			return nil, err
		}
		users, err := tx.CountUsers(ctx, pool.ID)
		if err != nil {
			return nil, err
		}
		domains, err := tx.DomainsOfPool(ctx, pool.ID)
		if err != nil {
			return nil, err
		}
		shown := describe(pool, users)
		for _, d := range domains {
			if d.Custom() {
				shown.CustomDomain = d.Name
			} else {
				shown.Domain = d.Name
			}
		}
		return shown, nil
	})
	if err != nil {
		return nil, err
	}
	return &api.DescribeUserPoolResponse{UserPool: shown}, nil
}

// DeleteUserPool removes a pool with everything in it, unless it is protected
// or has a domain.
func (o *Operations) DeleteUserPool(ctx context.Context, in *api.DeleteUserPoolRequest) error {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool, err := lockIdle(ctx, tx, in.UserPoolId)
		if err != nil {
			return struct{}{}, err
		}
		if pool.Settings.Pool.DeletionProtection == api.DeletionProtectionTypeActive {
			return struct{}{}, api.InvalidParameterException("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		}
		domains, err := tx.DomainsOfPool(ctx, pool.ID)
		if err != nil {
			return struct{}{}, err
		}
		if len(domains) > 0 {
			return struct{}{}, api.InvalidParameterException("User pool cannot be deleted. It has a domain configured that should be deleted first.")
		}
		return struct{}{}, tx.DeletePool(ctx, pool.ID)
	})
	if err != nil {
		return err
	}
	o.Directory.Forget(in.UserPoolId)
	return nil
}

// ListUserPools lists the pools of the Region that the request is for.
func (o *Operations) ListUserPools(ctx context.Context, in *api.ListUserPoolsRequest) (*api.ListUserPoolsResponse, error) {
	region := o.region(ctx)
	scope := strings.Join([]string{"ListUserPools", region}, "\n")
	limit := int(in.MaxResults)
	after, err := o.Paging.After(in.NextToken, scope)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Pool, error) {
		return tx.ListPools(ctx, region, after, limit+1)
	})
	if err != nil {
		return nil, err
	}
	out := &api.ListUserPoolsResponse{UserPools: []api.UserPoolDescriptionType{}}
	if len(found) > limit {
		found = found[:limit]
		out.NextToken = o.Paging.Encode(scope, found[limit-1].ID)
	}
	for _, pool := range found {
		out.UserPools = append(out.UserPools, api.UserPoolDescriptionType{
			CreationDate:     api.TimeOf(pool.CreatedAt),
			Id:               pool.ID,
			LambdaConfig:     pool.Settings.Pool.LambdaConfig,
			LastModifiedDate: api.TimeOf(pool.ModifiedAt),
			Name:             pool.Name,
		})
	}
	return out, nil
}

// AddCustomAttributes extends the schema of a pool.
func (o *Operations) AddCustomAttributes(ctx context.Context, in *api.AddCustomAttributesRequest) (*api.AddCustomAttributesResponse, error) {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool, err := lockIdle(ctx, tx, in.UserPoolId)
		if err != nil {
			return struct{}{}, err
		}
		entries, err := addAttributes(pool.Settings.Pool.SchemaAttributes, in.CustomAttributes)
		if err != nil {
			return struct{}{}, err
		}
		pool.Settings.Pool.SchemaAttributes = entries
		return struct{}{}, o.save(ctx, tx, pool)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.AddCustomAttributesResponse{}, nil
}
