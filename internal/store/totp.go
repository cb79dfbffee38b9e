package store

import (
	"context"
	"fmt"
	"time"
)

// TOTP is the authenticator app that a user has registered and proved.
type TOTP struct {
	PoolID, Sub string
	Secret      []byte // sealed in the database
	Name        string // the user's name for the device, or empty
	// LastStep is the newest time step whose code was used.
	LastStep  int64
	CreatedAt time.Time
}

const (
	putTOTP = `INSERT INTO totp (pool_id, sub, secret, name, last_step, created_ms) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (pool_id, sub) DO UPDATE SET secret = excluded.secret, name = excluded.name, last_step = excluded.last_step,
		created_ms = excluded.created_ms`
	selectTOTP = `SELECT secret, name, last_step, created_ms FROM totp WHERE pool_id = $1 AND sub = $2`
	useTOTP    = `UPDATE totp SET last_step = $3 WHERE pool_id = $1 AND sub = $2 AND last_step < $3`
	deleteTOTP = `DELETE FROM totp WHERE pool_id = $1 AND sub = $2`
)

// PutTOTP registers an app, in the place of the one before. The caller has the
// user locked and keeps UserMFA.SoftwareToken in step.
func (tx *Tx) PutTOTP(ctx context.Context, t TOTP) error {
	sealed := tx.db.Seal("totp", "secret", rowID(t.PoolID, t.Sub), t.Secret)
	if _, err := tx.change(ctx, putTOTP, t.PoolID, t.Sub, sealed, t.Name, t.LastStep, toMS(t.CreatedAt)); err != nil {
		return fmt.Errorf("register an authenticator of user %s: %w", t.Sub, err)
	}
	return nil
}

// TOTP reads the app of a user; false means that there is none.
func (tx *Tx) TOTP(ctx context.Context, poolID, sub string) (TOTP, bool, error) {
	t, found, err := one(ctx, tx, func(s scanner) (TOTP, error) {
		t := TOTP{PoolID: poolID, Sub: sub}
		var sealed []byte
		var created int64
		err := s.Scan(&sealed, &t.Name, &t.LastStep, &created)
		if err != nil {
			return t, err
		}
		t.CreatedAt = fromMS(created)
		t.Secret, err = tx.db.Unseal("totp", "secret", rowID(poolID, sub), sealed)
		return t, err
	}, selectTOTP, poolID, sub)
	if err != nil {
		return t, false, fmt.Errorf("load the authenticator of user %s: %w", sub, err)
	}
	return t, found, nil
}

// UseTOTP uses up a time step and all before it. False means that the step was
// used before: of many callers one gets true.
func (tx *Tx) UseTOTP(ctx context.Context, poolID, sub string, step int64) (bool, error) {
	n, err := tx.change(ctx, useTOTP, poolID, sub, step)
	if err != nil {
		return false, fmt.Errorf("use a code of user %s: %w", sub, err)
	}
	return n == 1, nil
}

// DeleteTOTP removes the app of a user and reports whether there was one.
func (tx *Tx) DeleteTOTP(ctx context.Context, poolID, sub string) (bool, error) {
	n, err := tx.change(ctx, deleteTOTP, poolID, sub)
	if err != nil {
		return false, fmt.Errorf("remove the authenticator of user %s: %w", sub, err)
	}
	return n == 1, nil
}
