package groups

import (
	"context"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// CreateGroup makes a group. A name that differs from another one in the case
// of its letters only is taken too (spec/recorded.md §2.4).
func (o *Operations) CreateGroup(ctx context.Context, in *api.CreateGroupRequest) (*api.CreateGroupResponse, error) {
	now := o.Now()
	group, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Group, error) {
		pool, err := tx.LockPool(ctx, in.UserPoolId)
		if err != nil {
			return nil, err
		}
		if err := directory.CheckRegion(ctx, pool); err != nil {
			return nil, err
		}
		names, err := tx.GroupNames(ctx, pool.ID)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.EqualFold(name, in.GroupName) {
				return nil, api.GroupExistsException("A group with the name already exists")
			}
		}
		if len(names) >= maxGroups {
			return nil, api.LimitExceededException("User pool %s has exceeded the maximum number of groups.", pool.ID)
		}
		group := &store.Group{PoolID: pool.ID, Name: in.GroupName, CreatedAt: now, ModifiedAt: now}
		group.Settings = api.GroupType{Description: in.Description, Precedence: in.Precedence, RoleArn: in.RoleArn}
		added, err := tx.InsertGroup(ctx, group)
		if err == nil && !added {
			err = api.GroupExistsException("A group with the name already exists")
		}
		return group, err
	})
	if err != nil {
		return nil, err
	}
	return &api.CreateGroupResponse{Group: describe(group)}, nil
}

// GetGroup shows a group.
func (o *Operations) GetGroup(ctx context.Context, in *api.GetGroupRequest) (*api.GetGroupResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	group, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Group, error) {
		return tx.Group(ctx, pool.ID, in.GroupName)
	})
	if err != nil {
		return nil, err
	}
	return &api.GetGroupResponse{Group: describe(group)}, nil
}

// UpdateGroup changes the members that the request has; the others stay.
func (o *Operations) UpdateGroup(ctx context.Context, in *api.UpdateGroupRequest) (*api.UpdateGroupResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	group, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Group, error) {
		group, err := tx.LockGroup(ctx, pool.ID, in.GroupName)
		if err != nil {
			return nil, err
		}
		if in.Description != nil {
			group.Settings.Description = in.Description
		}
		if in.Precedence != nil {
			group.Settings.Precedence = in.Precedence
		}
		if in.RoleArn != "" {
			group.Settings.RoleArn = in.RoleArn
		}
		group.ModifiedAt = o.Now()
		return group, tx.SaveGroup(ctx, group)
	})
	if err != nil {
		return nil, err
	}
	return &api.UpdateGroupResponse{Group: describe(group)}, nil
}

// DeleteGroup removes a group; its members stay users.
func (o *Operations) DeleteGroup(ctx context.Context, in *api.DeleteGroupRequest) error {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.DeleteGroup(ctx, pool.ID, in.GroupName)
	})
	return err
}

// ListGroups lists the groups of a pool by name.
func (o *Operations) ListGroups(ctx context.Context, in *api.ListGroupsRequest) (*api.ListGroupsResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	page, err := o.newPage(in.Limit, in.NextToken, "ListGroups", pool.ID)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Group, error) {
		return tx.ListGroups(ctx, pool.ID, page.after, page.limit+1)
	})
	if err != nil {
		return nil, err
	}
	found, next := cut(page, found, nameOf)
	return &api.ListGroupsResponse{Groups: describeAll(found), NextToken: next}, nil
}

func nameOf(g *store.Group) string { return g.Name }
