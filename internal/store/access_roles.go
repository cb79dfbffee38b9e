package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Role is a set of rights that others take on for a while.
type Role struct {
	Name, ID              string
	CreatedAt, ModifiedAt time.Time
	Settings              RoleSettings
}

// RoleSettings is everything about a role that is only read with it. A policy is a
// document, or the ARN of one that is built in.
type RoleSettings struct {
	Path        string            // begins and ends with a slash
	Description string            `json:",omitzero"`
	Trust       string            // the policy that says who may take the role on
	Policies    []string          `json:",omitzero"`
	Boundary    string            `json:",omitzero"` // empty: none
	MaxSession  int               // longest session, in seconds
	Tags        map[string]string `json:",omitzero"`
	Bounds      []Bounds          `json:",omitzero"`
}

const roleColumns = `name, id, created_ms, modified_ms, doc`

const (
	insertRole = `INSERT INTO access_roles (` + roleColumns + `) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	selectRole = `SELECT ` + roleColumns + ` FROM access_roles WHERE lower(name) = lower($1)`
	listRoles  = `SELECT ` + roleColumns + ` FROM access_roles ORDER BY name`
	updateRole = `UPDATE access_roles SET modified_ms = $2, doc = $3 WHERE name = $1`
	deleteRole = `DELETE FROM access_roles WHERE lower(name) = lower($1)`
)

func scanRole(s scanner) (*Role, error) {
	var r Role
	var created, modified int64
	var doc string
	if err := s.Scan(&r.Name, &r.ID, &created, &modified, &doc); err != nil {
		return nil, err
	}
	r.CreatedAt, r.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &r.Settings); err != nil {
		return nil, fmt.Errorf("read role %s: %w", r.Name, err)
	}
	return &r, nil
}

// InsertRole adds a role; false means that the name is taken, in whatever case.
func (tx *Tx) InsertRole(ctx context.Context, r *Role) (bool, error) {
	doc, err := json.Marshal(r.Settings)
	if err != nil {
		return false, fmt.Errorf("write role %s: %w", r.Name, err)
	}
	n, err := tx.change(ctx, insertRole, r.Name, r.ID, toMS(r.CreatedAt), toMS(r.ModifiedAt), string(doc))
	if err != nil {
		return false, fmt.Errorf("insert role %s: %w", r.Name, err)
	}
	return n == 1, nil
}

// Role finds a role by name, in whatever case; false means that there is none.
func (tx *Tx) Role(ctx context.Context, name string) (*Role, bool, error) {
	if !storable(name) {
		return nil, false, nil
	}
	r, found, err := one(ctx, tx, scanRole, selectRole, name)
	if err != nil {
		return nil, false, fmt.Errorf("load role %s: %w", name, err)
	}
	return r, found, nil
}

// Roles lists the roles by name.
func (tx *Tx) Roles(ctx context.Context) ([]*Role, error) {
	list, err := many(ctx, tx, scanRole, listRoles)
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	return list, nil
}

// SaveRole writes the settings of a role; false means that it is gone.
func (tx *Tx) SaveRole(ctx context.Context, r *Role) (bool, error) {
	doc, err := json.Marshal(r.Settings)
	if err != nil {
		return false, fmt.Errorf("write role %s: %w", r.Name, err)
	}
	n, err := tx.change(ctx, updateRole, r.Name, toMS(r.ModifiedAt), string(doc))
	if err != nil {
		return false, fmt.Errorf("save role %s: %w", r.Name, err)
	}
	return n == 1, nil
}

// DeleteRole removes a role; false means that there is none.
func (tx *Tx) DeleteRole(ctx context.Context, name string) (bool, error) {
	n, err := tx.change(ctx, deleteRole, name)
	if err != nil {
		return false, fmt.Errorf("delete role %s: %w", name, err)
	}
	return n == 1, nil
}
