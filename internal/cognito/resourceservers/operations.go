package resourceservers

import (
	"cmp"
	"context"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
)

// DefaultQuota is how many resource servers a pool has unless the installation
// allows more (spec/users-and-pools.md §25).
const DefaultQuota = 25

// maxPage is the size of a page when the request names none.
const maxPage = 50

// Operations are the operations on resource servers. All fields but the last
// must be set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Paging    paging.Paging
	Now       func() time.Time

	// Quota replaces DefaultQuota when it is not 0.
	Quota int
}

// CreateResourceServer makes a resource server.
func (o *Operations) CreateResourceServer(ctx context.Context, in *api.CreateResourceServerRequest) (*api.CreateResourceServerResponse, error) {
	if reserved(in.Identifier) {
		return nil, api.InvalidParameterException("%s is an identifier of the service's own.", in.Identifier)
	}
	if err := checkScopes(in.Scopes); err != nil {
		return nil, err
	}
	now := o.Now()
	made, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.ResourceServer, error) {
		pool, err := tx.LockPool(ctx, in.UserPoolId)
		if err != nil {
			return nil, err
		}
		if err := directory.CheckRegion(ctx, pool); err != nil {
			return nil, err
		}
		r := &store.ResourceServer{PoolID: pool.ID, Identifier: in.Identifier, CreatedAt: now, ModifiedAt: now}
		r.Settings = settings(in.Name, in.Scopes)
		return r, o.add(ctx, tx, r)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.CreateResourceServerResponse{ResourceServer: describe(made)}, nil
}

// add inserts a resource server within the quota.
func (o *Operations) add(ctx context.Context, tx *store.Tx, r *store.ResourceServer) error {
	added, err := tx.InsertResourceServer(ctx, r)
	if err != nil {
		return err
	}
	if !added {
		return api.InvalidParameterException("%s already exists in user pool %s.", r.Identifier, r.PoolID)
	}
	quota := cmp.Or(o.Quota, DefaultQuota)
	all, err := tx.ListResourceServers(ctx, r.PoolID, "", quota+1)
	if err == nil && len(all) > quota {
		err = api.LimitExceededException("User pool %s has exceeded the maximum number of resource servers.", r.PoolID)
	}
	return err
}

// DescribeResourceServer shows a resource server.
func (o *Operations) DescribeResourceServer(ctx context.Context, in *api.DescribeResourceServerRequest) (*api.DescribeResourceServerResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	r, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.ResourceServer, error) {
		return tx.ResourceServer(ctx, pool.ID, in.Identifier)
	})
	if err != nil {
		return nil, err
	}
	return &api.DescribeResourceServerResponse{ResourceServer: describe(r)}, nil
}

// UpdateResourceServer replaces the name and all scopes. A scope that is left
// out becomes inactive: clients keep it in their lists, and it ends in no token.
func (o *Operations) UpdateResourceServer(ctx context.Context, in *api.UpdateResourceServerRequest) (*api.UpdateResourceServerResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := checkScopes(in.Scopes); err != nil {
		return nil, err
	}
	r := &store.ResourceServer{PoolID: pool.ID, Identifier: in.Identifier, ModifiedAt: o.Now()}
	r.Settings = settings(in.Name, in.Scopes)
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.UpdateResourceServer(ctx, r)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(pool.ID)
	return &api.UpdateResourceServerResponse{ResourceServer: describe(r)}, nil
}

// DeleteResourceServer removes a resource server. Clients keep its scopes in
// their lists, and can be updated only without them.
func (o *Operations) DeleteResourceServer(ctx context.Context, in *api.DeleteResourceServerRequest) error {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.DeleteResourceServer(ctx, pool.ID, in.Identifier)
	})
	if err != nil {
		return err
	}
	o.Directory.Forget(pool.ID)
	return nil
}

// ListResourceServers lists the resource servers of a pool by identifier.
func (o *Operations) ListResourceServers(ctx context.Context, in *api.ListResourceServersRequest) (*api.ListResourceServersResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	scope := strings.Join([]string{"ListResourceServers", pool.ID}, "\n")
	limit := maxPage
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	after, err := o.Paging.After(in.NextToken, scope)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.ResourceServer, error) {
		return tx.ListResourceServers(ctx, pool.ID, after, limit+1)
	})
	if err != nil {
		return nil, err
	}
	out := &api.ListResourceServersResponse{ResourceServers: []api.ResourceServerType{}}
	if len(found) > limit {
		found = found[:limit]
		out.NextToken = o.Paging.Encode(scope, found[limit-1].Identifier)
	}
	for _, r := range found {
		out.ResourceServers = append(out.ResourceServers, *describe(r))
	}
	return out, nil
}

// reserved reports whether scopes of such a resource server could be mistaken
// for those of the service, such as aws.cognito/dcr/register.
func reserved(identifier string) bool {
	return identifier == "aws.cognito" || strings.HasPrefix(identifier, "aws.cognito/") || strings.HasPrefix(identifier, "aws.cognito.")
}

// checkScopes refuses a name that is given twice.
func checkScopes(scopes []api.ResourceServerScopeType) error {
	seen := make(map[string]bool, len(scopes))
	for _, s := range scopes {
		if seen[s.ScopeName] {
			return api.InvalidParameterException("Scope %s is given more than once.", s.ScopeName)
		}
		seen[s.ScopeName] = true
	}
	return nil
}

// settings are what the database keeps; an empty list of scopes is an absent one.
func settings(name string, scopes []api.ResourceServerScopeType) api.ResourceServerType {
	kept := api.ResourceServerType{Name: name}
	if len(scopes) > 0 {
		kept.Scopes = scopes
	}
	return kept
}

// describe gives the resource server as the API shows it.
func describe(r *store.ResourceServer) *api.ResourceServerType {
	shown := r.Settings
	shown.UserPoolId = r.PoolID
	shown.Identifier = r.Identifier
	return &shown
}
