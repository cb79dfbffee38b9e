package groups

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// AdminAddUserToGroup puts a user into a group; doing it again changes
// nothing.
func (o *Operations) AdminAddUserToGroup(ctx context.Context, in *api.AdminAddUserToGroupRequest) error {
	return o.changeMembership(ctx, in.UserPoolId, in.Username, in.GroupName,
		func(ctx context.Context, tx *store.Tx, user *store.User, group *store.Group) error {
			added, err := tx.AddMember(ctx, user.PoolID, group.Name, user.Sub, o.Now())
			if err != nil || !added {
				return err
			}
			groups, err := tx.GroupsOfUser(ctx, user.PoolID, user.Sub, "", maxGroupsPerUser+1)
			if err == nil && len(groups) > maxGroupsPerUser {
				err = api.InvalidParameterException("A user can belong to at most %d groups.", maxGroupsPerUser)
			}
			return err
		})
}

// AdminRemoveUserFromGroup takes a user out of a group; a user who is not in
// it is no error.
func (o *Operations) AdminRemoveUserFromGroup(ctx context.Context, in *api.AdminRemoveUserFromGroupRequest) error {
	return o.changeMembership(ctx, in.UserPoolId, in.Username, in.GroupName,
		func(ctx context.Context, tx *store.Tx, user *store.User, group *store.Group) error {
			_, err := tx.RemoveMember(ctx, user.PoolID, group.Name, user.Sub)
			return err
		})
}

// changeMembership locks user and group, in this order, and runs change.
func (o *Operations) changeMembership(ctx context.Context, poolID, username, groupName string,
	change func(ctx context.Context, tx *store.Tx, user *store.User, group *store.Group) error,
) error {
	pool, err := o.Directory.Pool(ctx, poolID)
	if err != nil {
		return err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		user, err := o.Directory.User(ctx, tx, pool, username)
		if err != nil {
			return struct{}{}, err
		}
		if user, err = tx.LockUser(ctx, pool.ID, user.Sub); err != nil {
			return struct{}{}, err
		}
		group, err := tx.LockGroup(ctx, pool.ID, groupName)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, change(ctx, tx, user, group)
	})
	return err
}

// AdminListGroupsForUser lists the groups that a user is in, by name.
func (o *Operations) AdminListGroupsForUser(ctx context.Context, in *api.AdminListGroupsForUserRequest) (*api.AdminListGroupsForUserResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	user, err := o.user(ctx, pool, in.Username)
	if err != nil {
		return nil, err
	}
	page, err := o.newPage(in.Limit, in.NextToken, "AdminListGroupsForUser", pool.ID, user.Sub)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Group, error) {
		return tx.GroupsOfUser(ctx, pool.ID, user.Sub, page.after, page.limit+1)
	})
	if err != nil {
		return nil, err
	}
	found, next := cut(page, found, nameOf)
	return &api.AdminListGroupsForUserResponse{Groups: describeAll(found), NextToken: next}, nil
}

func (o *Operations) user(ctx context.Context, pool *directory.Pool, name string) (*store.User, error) {
	return store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.Directory.User(ctx, tx, pool, name)
	})
}

// ListUsersInGroup lists the members of a group.
func (o *Operations) ListUsersInGroup(ctx context.Context, in *api.ListUsersInGroupRequest) (*api.ListUsersInGroupResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	page, err := o.newPage(in.Limit, in.NextToken, "ListUsersInGroup", pool.ID, in.GroupName)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.User, error) {
		if _, err := tx.Group(ctx, pool.ID, in.GroupName); err != nil {
			return nil, err
		}
		return tx.UsersInGroup(ctx, pool.ID, in.GroupName, page.after, page.limit+1)
	})
	if err != nil {
		return nil, err
	}
	found, next := cut(page, found, func(u *store.User) string { return u.Sub })
	out := &api.ListUsersInGroupResponse{Users: make([]api.UserType, 0, len(found)), NextToken: next}
	for _, u := range found {
		out.Users = append(out.Users, member(u))
	}
	return out, nil
}

// member gives a user as the list shows it: all attributes, sub first
// (spec/users-and-pools.md §10).
func member(u *store.User) api.UserType {
	shown := api.UserType{
		Attributes:           []api.AttributeType{{Name: attributes.Sub, Value: &u.Sub}},
		Enabled:              u.Enabled,
		UserCreateDate:       api.TimeOf(u.CreatedAt),
		UserLastModifiedDate: api.TimeOf(u.ModifiedAt),
		UserStatus:           u.Status,
		Username:             u.Username,
	}
	for _, a := range u.Attributes {
		shown.Attributes = append(shown.Attributes, api.AttributeType{Name: a.Name, Value: &a.Value})
	}
	if slices.Contains(u.MFA.EnabledFactors, "SMS_MFA") {
		shown.MFAOptions = []api.MFAOptionType{{DeliveryMedium: api.DeliveryMediumTypeSms, AttributeName: attributes.PhoneNumber}}
	}
	return shown
}
