package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Bounds are the rights of whoever wrote an entry, which it never goes beyond.
type Bounds struct {
	Keys     map[string][]string `json:",omitzero"` // condition keys of the writer
	Policies []string            `json:",omitzero"`
	Boundary string              `json:",omitzero"`
	Session  []string            `json:",omitzero"`
}

// AccessUser is somebody who signs requests with access keys.
type AccessUser struct {
	Name, ID              string
	CreatedAt, ModifiedAt time.Time
	Settings              AccessUserSettings
}

// AccessUserSettings is everything about a user of access keys that is only read
// with it. A policy is a document, or the ARN of one that is built in.
type AccessUserSettings struct {
	Policies []string          `json:",omitzero"`
	Boundary string            `json:",omitzero"` // empty: none
	Tags     map[string]string `json:",omitzero"`
	Bounds   []Bounds          `json:",omitzero"`
}

const accessUserColumns = `name, id, created_ms, modified_ms, doc`

const (
	insertAccessUser = `INSERT INTO access_users (` + accessUserColumns + `) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`
	selectAccessUser = `SELECT ` + accessUserColumns + ` FROM access_users WHERE lower(name) = lower($1)`
	listAccessUsers  = `SELECT ` + accessUserColumns + ` FROM access_users ORDER BY name`
	updateAccessUser = `UPDATE access_users SET modified_ms = $2, doc = $3 WHERE name = $1`
	deleteAccessUser = `DELETE FROM access_users WHERE name = $1`
)

func scanAccessUser(s scanner) (*AccessUser, error) {
	var u AccessUser
	var created, modified int64
	var doc string
	if err := s.Scan(&u.Name, &u.ID, &created, &modified, &doc); err != nil {
		return nil, err
	}
	u.CreatedAt, u.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &u.Settings); err != nil {
		return nil, fmt.Errorf("read user %s of access keys: %w", u.Name, err)
	}
	return &u, nil
}

// InsertAccessUser adds a user of access keys; false means that the name is taken,
// in whatever case.
func (tx *Tx) InsertAccessUser(ctx context.Context, u *AccessUser) (bool, error) {
	doc, err := json.Marshal(u.Settings)
	if err != nil {
		return false, fmt.Errorf("write user %s of access keys: %w", u.Name, err)
	}
	n, err := tx.change(ctx, insertAccessUser, u.Name, u.ID, toMS(u.CreatedAt), toMS(u.ModifiedAt), string(doc))
	if err != nil {
		return false, fmt.Errorf("insert user %s of access keys: %w", u.Name, err)
	}
	return n == 1, nil
}

// AccessUser finds a user of access keys by name, in whatever case; false means
// that there is none.
func (tx *Tx) AccessUser(ctx context.Context, name string) (*AccessUser, bool, error) {
	u, found, err := one(ctx, tx, scanAccessUser, selectAccessUser, name)
	if err != nil {
		return nil, false, fmt.Errorf("load user %s of access keys: %w", name, err)
	}
	return u, found, nil
}

// AccessUsers lists the users of access keys by name.
func (tx *Tx) AccessUsers(ctx context.Context) ([]*AccessUser, error) {
	list, err := many(ctx, tx, scanAccessUser, listAccessUsers)
	if err != nil {
		return nil, fmt.Errorf("list users of access keys: %w", err)
	}
	return list, nil
}

// SaveAccessUser writes the settings of a user of access keys; false means that it
// is gone.
func (tx *Tx) SaveAccessUser(ctx context.Context, u *AccessUser) (bool, error) {
	doc, err := json.Marshal(u.Settings)
	if err != nil {
		return false, fmt.Errorf("write user %s of access keys: %w", u.Name, err)
	}
	n, err := tx.change(ctx, updateAccessUser, u.Name, toMS(u.ModifiedAt), string(doc))
	if err != nil {
		return false, fmt.Errorf("save user %s of access keys: %w", u.Name, err)
	}
	return n == 1, nil
}

// DeleteAccessUser removes a user with its access keys.
func (tx *Tx) DeleteAccessUser(ctx context.Context, name string) error {
	if _, err := tx.change(ctx, deleteAccessUser, name); err != nil {
		return fmt.Errorf("delete user %s of access keys: %w", name, err)
	}
	return nil
}
