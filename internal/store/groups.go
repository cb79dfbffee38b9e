package store

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"cognate/internal/api"
)

// Group is a group of a pool.
type Group struct {
	PoolID, Name          string
	CreatedAt, ModifiedAt time.Time
	// Settings.Precedence is the precedence; lower comes first.
	Settings api.GroupType
}

const groupColumns = `g.pool_id, g.name, g.created_ms, g.modified_ms, g.doc`

const (
	insertGroup = `INSERT INTO groups (pool_id, name, precedence, created_ms, modified_ms, doc) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`
	selectGroup = `SELECT ` + groupColumns + ` FROM groups g WHERE g.pool_id = $1 AND g.name = $2`
	updateGroup = `UPDATE groups SET precedence = $3, created_ms = $4, modified_ms = $5, doc = $6 WHERE pool_id = $1 AND name = $2`
	lockGroup   = `UPDATE groups SET modified_ms = modified_ms WHERE pool_id = $1 AND name = $2`
	deleteGroup = `DELETE FROM groups WHERE pool_id = $1 AND name = $2`
	listGroups  = `SELECT ` + groupColumns + ` FROM groups g WHERE g.pool_id = $1 AND g.name > $2 ORDER BY g.name LIMIT CAST($3 AS BIGINT)`
	groupNames  = `SELECT name FROM groups WHERE pool_id = $1`
	countGroups = `SELECT COUNT(*) FROM groups WHERE pool_id = $1`

	insertMember = `INSERT INTO memberships (pool_id, group_name, sub, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	deleteMember = `DELETE FROM memberships WHERE pool_id = $1 AND group_name = $2 AND sub = $3`
	groupsOfUser = `SELECT ` + groupColumns + ` FROM memberships m JOIN groups g ON g.pool_id = m.pool_id AND g.name = m.group_name
		WHERE m.pool_id = $1 AND m.sub = $2 AND m.group_name > $3 ORDER BY m.group_name LIMIT CAST($4 AS BIGINT)`
	usersInGroup = `SELECT ` + joinedUserColumns + ` FROM memberships m JOIN users u ON u.pool_id = m.pool_id AND u.sub = m.sub
		WHERE m.pool_id = $1 AND m.group_name = $2 AND m.sub > $3 ORDER BY m.sub LIMIT CAST($4 AS BIGINT)`
	countMembers = `SELECT COUNT(*) FROM memberships WHERE pool_id = $1 AND group_name = $2`
)

func scanGroup(s scanner) (*Group, error) {
	var g Group
	var created, modified int64
	var doc string
	if err := s.Scan(&g.PoolID, &g.Name, &created, &modified, &doc); err != nil {
		return nil, err
	}
	g.CreatedAt, g.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &g.Settings); err != nil {
		return nil, fmt.Errorf("read group %s: %w", g.Name, err)
	}
	return &g, nil
}

func groupValues(g *Group) ([]any, error) {
	doc, err := json.Marshal(g.Settings)
	if err != nil {
		return nil, fmt.Errorf("write group %s: %w", g.Name, err)
	}
	return []any{g.PoolID, g.Name, g.Settings.Precedence, toMS(g.CreatedAt), toMS(g.ModifiedAt), string(doc)}, nil
}

func noGroup() error { return api.ResourceNotFoundException("Group not found.") }

// InsertGroup adds a group; false means that the name is taken.
func (tx *Tx) InsertGroup(ctx context.Context, g *Group) (bool, error) {
	values, err := groupValues(g)
	if err != nil {
		return false, err
	}
	n, err := tx.change(ctx, insertGroup, values...)
	if err != nil {
		return false, fmt.Errorf("insert group %s: %w", g.Name, err)
	}
	return n == 1, nil
}

// Group answers ResourceNotFoundException when there is no such group.
func (tx *Tx) Group(ctx context.Context, poolID, name string) (*Group, error) {
	if !storable(name) {
		return nil, noGroup()
	}
	g, found, err := one(ctx, tx, scanGroup, selectGroup, poolID, name)
	if err != nil {
		return nil, fmt.Errorf("load group %s: %w", name, err)
	}
	if !found {
		return nil, noGroup()
	}
	return g, nil
}

// LockGroup is Group, and nobody else changes the group until the
// transaction ends.
func (tx *Tx) LockGroup(ctx context.Context, poolID, name string) (*Group, error) {
	if _, err := tx.change(ctx, lockGroup, poolID, name); err != nil {
		return nil, fmt.Errorf("lock group %s: %w", name, err)
	}
	return tx.Group(ctx, poolID, name)
}

// SaveGroup writes a group; ResourceNotFoundException when it is gone.
func (tx *Tx) SaveGroup(ctx context.Context, g *Group) error {
	values, err := groupValues(g)
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateGroup, values...)
	if err != nil {
		return fmt.Errorf("save group %s: %w", g.Name, err)
	}
	if n == 0 {
		return noGroup()
	}
	return nil
}

// DeleteGroup removes a group and its memberships.
func (tx *Tx) DeleteGroup(ctx context.Context, poolID, name string) error {
	n, err := tx.change(ctx, deleteGroup, poolID, name)
	if err != nil {
		return fmt.Errorf("delete group %s: %w", name, err)
	}
	if n == 0 {
		return noGroup()
	}
	return nil
}

// ListGroups lists the groups of a pool by name, beginning after the name given.
func (tx *Tx) ListGroups(ctx context.Context, poolID, after string, limit int) ([]*Group, error) {
	groups, err := many(ctx, tx, scanGroup, listGroups, poolID, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list groups of pool %s: %w", poolID, err)
	}
	return groups, nil
}

// GroupNames lists the names of all groups of a pool, in no order.
func (tx *Tx) GroupNames(ctx context.Context, poolID string) ([]string, error) {
	names, err := many(ctx, tx, scanString, groupNames, poolID)
	if err != nil {
		return nil, fmt.Errorf("list group names of pool %s: %w", poolID, err)
	}
	return names, nil
}

// CountGroups tells how many groups a pool has.
func (tx *Tx) CountGroups(ctx context.Context, poolID string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countGroups, poolID)
	if err != nil {
		return 0, fmt.Errorf("count groups of pool %s: %w", poolID, err)
	}
	return n, nil
}

// AddMember puts a user into a group; false means that it was there already.
// Both must exist.
func (tx *Tx) AddMember(ctx context.Context, poolID, group, sub string, at time.Time) (bool, error) {
	n, err := tx.change(ctx, insertMember, poolID, group, sub, toMS(at))
	if err != nil {
		return false, fmt.Errorf("add user %s to group %s: %w", sub, group, err)
	}
	return n == 1, nil
}

// RemoveMember takes a user out of a group; false means that it was not in it.
func (tx *Tx) RemoveMember(ctx context.Context, poolID, group, sub string) (bool, error) {
	n, err := tx.change(ctx, deleteMember, poolID, group, sub)
	if err != nil {
		return false, fmt.Errorf("remove user %s from group %s: %w", sub, group, err)
	}
	return n == 1, nil
}

// GroupsOfUser lists the groups of a user by name, beginning after the name
// given.
func (tx *Tx) GroupsOfUser(ctx context.Context, poolID, sub, after string, limit int) ([]*Group, error) {
	groups, err := many(ctx, tx, scanGroup, groupsOfUser, poolID, sub, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list groups of user %s: %w", sub, err)
	}
	return groups, nil
}

// AllGroupsOfUser lists all groups of a user by precedence, those without
// one last, then by name.
func (tx *Tx) AllGroupsOfUser(ctx context.Context, poolID, sub string) ([]*Group, error) {
	groups, err := tx.GroupsOfUser(ctx, poolID, sub, "", math.MaxInt32)
	slices.SortStableFunc(groups, func(a, b *Group) int { return cmp.Compare(a.rank(), b.rank()) })
	return groups, err
}

func (g *Group) rank() int64 {
	if g.Settings.Precedence == nil {
		return math.MaxInt64
	}
	return int64(*g.Settings.Precedence)
}

// UsersInGroup lists the members of a group by sub, beginning after the sub
// given.
func (tx *Tx) UsersInGroup(ctx context.Context, poolID, group, after string, limit int) ([]*User, error) {
	users, err := many(ctx, tx, tx.scanUser, usersInGroup, poolID, group, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list members of group %s: %w", group, err)
	}
	return users, nil
}

// CountMembers tells how many users a group has.
func (tx *Tx) CountMembers(ctx context.Context, poolID, group string) (int64, error) {
	n, _, err := one(ctx, tx, scanInt, countMembers, poolID, group)
	if err != nil {
		return 0, fmt.Errorf("count members of group %s: %w", group, err)
	}
	return n, nil
}
