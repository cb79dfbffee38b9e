package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	// dataKeyName is the row of meta that says which data key is in force.
	dataKeyName = "data_key"

	selectMeta     = `SELECT value FROM meta WHERE name = $1`
	insertMeta     = `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	insertDataKey  = `INSERT INTO data_keys (id, wrapper_id, wrapped, created_ms) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	selectWrapped  = `SELECT wrapped FROM data_keys WHERE id = $1 AND wrapper_id = $2`
	selectWrappers = `SELECT wrapper_id FROM data_keys WHERE id = $1 ORDER BY created_ms, wrapper_id`
	deleteWrapped  = `DELETE FROM data_keys WHERE wrapper_id <> $1`
)

// ErrWrongMasterKey is the answer of Open to a master key that is not the
// one the database was sealed with.
var ErrWrongMasterKey = errors.New("wrong master key")

// openKeyring unwraps the data key. A database that has none, because it is
// new, gets one; a database that has one never gets another.
func openKeyring(ctx context.Context, db *DB, w KeyWrapper) (*keyring, error) {
	id, found, err := readMeta(ctx, db, dataKeyName)
	if err != nil {
		return nil, err
	}
	if !found {
		if id, err = createDataKey(ctx, db, w); err != nil {
			return nil, fmt.Errorf("make data key: %w", err)
		}
	}
	wrapped, err := Read(ctx, db, func(ctx context.Context, tx *Tx) ([]byte, error) {
		wrapped, found, err := one(ctx, tx, scanBytes, selectWrapped, id, w.ID())
		if err != nil || found {
			return wrapped, err
		}
		others, err := many(ctx, tx, scanString, selectWrappers, id)
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("%w: the database is sealed with master key %s and the one given is %s; give the right one or restore it from its backup",
			ErrWrongMasterKey, strings.Join(others, " or "), w.ID())
	})
	if err != nil {
		return nil, fmt.Errorf("open data key: %w", err)
	}
	root, err := w.Unwrap(ctx, wrapped)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWrongMasterKey, err)
	}
	return newKeyring(id, root, w)
}

// createDataKey makes the data key of a new database. Of several nodes that
// start at once, the row in meta lets one do it; it answers the id in force.
func createDataKey(ctx context.Context, db *DB, w KeyWrapper) (string, error) {
	root := newKey()
	wrapped, err := w.Wrap(ctx, root)
	if err != nil {
		return "", err
	}
	id := hex.EncodeToString(newKey()[:4])
	return Write(ctx, db, func(ctx context.Context, tx *Tx) (string, error) {
		added, err := tx.change(ctx, insertMeta, dataKeyName, id)
		if err != nil {
			return "", err
		}
		if added == 0 {
			theirs, _, err := one(ctx, tx, scanString, selectMeta, dataKeyName)
			return theirs, err
		}
		_, err = tx.change(ctx, insertDataKey, id, w.ID(), wrapped, toMS(db.now()))
		return id, err
	})
}

func readMeta(ctx context.Context, db *DB, name string) (string, bool, error) {
	type answer struct {
		value string
		found bool
	}
	a, err := Read(ctx, db, func(ctx context.Context, tx *Tx) (answer, error) {
		value, found, err := one(ctx, tx, scanString, selectMeta, name)
		return answer{value, found}, err
	})
	if err != nil {
		return "", false, fmt.Errorf("read %s from meta: %w", name, err)
	}
	return a.value, a.found, nil
}

// RotateMasterKey replaces the master key, while the database is in use:
//
//  1. the data key is wrapped with the new master key as well,
//  2. persist stores the new master key where the next start looks for it,
//  3. what the old master keys wrapped is removed.
//
// An interruption leaves a database that opens with the master key then
// stored; running it again finishes the work.
func (db *DB) RotateMasterKey(ctx context.Context, newKey []byte, persist func() error) error {
	w, err := NewLocalWrapper(newKey)
	if err != nil {
		return fmt.Errorf("rotate master key: %w", err)
	}
	return db.Rewrap(ctx, w, persist)
}

// Rewrap is RotateMasterKey for any KeyWrapper.
func (db *DB) Rewrap(ctx context.Context, w KeyWrapper, persist func() error) error {
	wrapped, err := w.Wrap(ctx, db.root)
	if err != nil {
		return fmt.Errorf("rotate master key: %w", err)
	}
	err = db.do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.change(ctx, insertDataKey, db.id, w.ID(), wrapped, toMS(db.now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("rotate master key: wrap data key: %w", err)
	}
	if err := persist(); err != nil {
		return fmt.Errorf("rotate master key: store the new one: %w", err)
	}
	err = db.do(ctx, func(ctx context.Context, tx *Tx) error {
		_, err := tx.change(ctx, deleteWrapped, w.ID())
		return err
	})
	if err != nil {
		return fmt.Errorf("rotate master key: remove the old one: %w", err)
	}
	return nil
}

// do is Write for a body without a result.
func (db *DB) do(ctx context.Context, body func(ctx context.Context, tx *Tx) error) error {
	_, err := Write(ctx, db, func(ctx context.Context, tx *Tx) (struct{}, error) { return struct{}{}, body(ctx, tx) })
	return err
}

func scanBytes(s scanner) (v []byte, err error) {
	err = s.Scan(&v)
	return v, err
}
