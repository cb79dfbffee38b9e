package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"cognate/internal/store"
)

const (
	// secretOverlap is how long calls are signed with the secret before the
	// current one too, so that receivers have time to change.
	secretOverlap = 24 * time.Hour
	// secretsKept is how long a node goes on with the secrets it knows.
	secretsKept = 10 * time.Second
)

// FunctionSecret is a secret that calls of functions are signed with.
type FunctionSecret struct {
	Secret string    `json:"secret"`
	Until  time.Time `json:"until,omitzero"` // zero: it is the current one
}

// functionSecrets gives the secrets to sign with. They are made at the first use.
type functionSecrets struct {
	db  *store.DB
	now func() time.Time

	mu    sync.Mutex
	known []FunctionSecret
	read  time.Time
}

// keys gives the secrets in force as bytes, the current one first.
func (f *functionSecrets) keys(ctx context.Context) ([][]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); len(f.known) == 0 || now.Sub(f.read) > secretsKept {
		known, err := f.show(ctx)
		if err != nil {
			return nil, err
		}
		f.known, f.read = known, now
	}
	keys := make([][]byte, len(f.known))
	for i, s := range f.known {
		keys[i] = []byte(s.Secret)
	}
	return keys, nil
}

// show gives the secrets in force, and makes the first.
func (f *functionSecrets) show(ctx context.Context) ([]FunctionSecret, error) {
	found, err := store.Read(ctx, f.db, func(ctx context.Context, tx *store.Tx) ([]store.FunctionSecret, error) {
		return tx.FunctionSecrets(ctx, f.now())
	})
	if err != nil || len(found) > 0 {
		return shown(found), err
	}
	return f.change(ctx, func(existing int) bool { return existing == 0 })
}

// rotate makes a new secret the current one.
func (f *functionSecrets) rotate(ctx context.Context) ([]FunctionSecret, error) {
	return f.change(ctx, func(int) bool { return true })
}

// shownTo is show, or rotate, for the control API.
func (f *functionSecrets) shownTo(ctx context.Context, rotate bool) (any, error) {
	if !rotate {
		return f.show(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.known = nil // this node signs with the new one at once
	return f.rotate(ctx)
}

// change makes a new secret if that is wanted in view of the number of existing
// ones. Of nodes that start together one makes the first.
func (f *functionSecrets) change(ctx context.Context, wanted func(existing int) bool) ([]FunctionSecret, error) {
	var fresh [32]byte
	_, _ = rand.Read(fresh[:]) // never fails
	found, err := store.Write(ctx, f.db, func(ctx context.Context, tx *store.Tx) ([]store.FunctionSecret, error) {
		now := f.now()
		found, err := tx.FunctionSecrets(ctx, now)
		if err != nil || !wanted(len(found)) {
			return found, err
		}
		made := store.FunctionSecret{ID: uuid.NewString(), Secret: hex.EncodeToString(fresh[:]), CreatedAt: now}
		if err := tx.RotateFunctionSecret(ctx, made, now.Add(secretOverlap)); err != nil {
			return nil, err
		}
		return tx.FunctionSecrets(ctx, now)
	})
	return shown(found), err
}

func shown(rows []store.FunctionSecret) []FunctionSecret {
	list := make([]FunctionSecret, len(rows))
	for i, row := range rows {
		list[i] = FunctionSecret{row.Secret, row.Until}
	}
	return list
}

// FunctionSecrets opens the database of the settings and gives the secrets that
// calls of functions are signed with, after making a new one if rotate says so.
func FunctionSecrets(ctx context.Context, cfg Config, rotate bool) (secrets []FunctionSecret, err error) {
	if cfg, err = cfg.complete(); err != nil {
		return nil, err
	}
	db, err := openStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	f := &functionSecrets{db: db, now: cfg.Now}
	if rotate {
		return f.rotate(ctx)
	}
	return f.show(ctx)
}
