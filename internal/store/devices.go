package store

import (
	"context"
	"fmt"
	"time"
)

// Device is a device that a user has confirmed.
type Device struct {
	PoolID, Sub, ID string // ID is the device key
	Name            string // as the client calls it, or empty
	Remembered      bool
	// Secret is what proves the device: salt and verifier of its password.
	// The database holds it sealed.
	Secret Password
	LastIP string // of the last sign-in that proved the device

	CreatedAt, ModifiedAt, AuthenticatedAt time.Time
}

const deviceColumns = `pool_id, sub, id, name, remembered, verifier, last_ip, created_ms, modified_ms, authenticated_ms`

const (
	insertDevice = `INSERT INTO devices (` + deviceColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`
	selectDevice = `SELECT ` + deviceColumns + ` FROM devices WHERE pool_id = $1 AND sub = $2 AND id = $3`
	listDevices  = `SELECT ` + deviceColumns + ` FROM devices WHERE pool_id = $1 AND sub = $2 AND id > $3 ORDER BY id LIMIT CAST($4 AS BIGINT)`
	// The two lists differ in a condition that takes no argument.
	listRemembered = `SELECT ` + deviceColumns + ` FROM devices WHERE pool_id = $1 AND sub = $2 AND id > $3 AND remembered ORDER BY id LIMIT CAST($4 AS BIGINT)`
	rememberDevice = `UPDATE devices SET remembered = $4, modified_ms = $5 WHERE pool_id = $1 AND sub = $2 AND id = $3`
	useDevice      = `UPDATE devices SET last_ip = $4, authenticated_ms = $5 WHERE pool_id = $1 AND sub = $2 AND id = $3`
	deleteDevice   = `DELETE FROM devices WHERE pool_id = $1 AND sub = $2 AND id = $3`
	endDevice      = `DELETE FROM refresh_tokens WHERE pool_id = $1 AND family_id IN
		(SELECT id FROM families WHERE pool_id = $1 AND sub = $2 AND device_key = $3)`
	unbindDevice = `UPDATE families SET device_key = '' WHERE pool_id = $1 AND sub = $2 AND device_key = $3`
)

// InsertDevice adds a device; false means that the user has one with that id.
func (tx *Tx) InsertDevice(ctx context.Context, d *Device) (bool, error) {
	plain, err := d.Secret.bytes()
	if err != nil {
		return false, fmt.Errorf("device %s: %w", d.ID, err)
	}
	sealed := tx.db.Seal("devices", "verifier", rowID(d.PoolID, d.Sub, d.ID), plain)
	n, err := tx.change(ctx, insertDevice, d.PoolID, d.Sub, d.ID, d.Name, d.Remembered, sealed, d.LastIP,
		toMS(d.CreatedAt), toMS(d.ModifiedAt), toMS(d.AuthenticatedAt))
	if err != nil {
		return false, fmt.Errorf("insert device %s: %w", d.ID, err)
	}
	return n > 0, nil
}

func (tx *Tx) scanDevice(s scanner) (*Device, error) {
	var d Device
	var sealed []byte
	var created, modified, authenticated int64
	err := s.Scan(&d.PoolID, &d.Sub, &d.ID, &d.Name, &d.Remembered, &sealed, &d.LastIP, &created, &modified, &authenticated)
	if err != nil {
		return nil, err
	}
	d.CreatedAt, d.ModifiedAt, d.AuthenticatedAt = fromMS(created), fromMS(modified), fromMS(authenticated)
	plain, err := tx.db.Unseal("devices", "verifier", rowID(d.PoolID, d.Sub, d.ID), sealed)
	if err != nil {
		return nil, fmt.Errorf("device %s: %w", d.ID, err)
	}
	secret, err := parsePassword(plain)
	if err != nil {
		return nil, fmt.Errorf("device %s: %w", d.ID, err)
	}
	d.Secret = *secret
	return &d, nil
}

// Device reads a device of a user; false means that the user has none with
// that id.
func (tx *Tx) Device(ctx context.Context, poolID, sub, id string) (*Device, bool, error) {
	if !storable(id) {
		return nil, false, nil
	}
	d, found, err := one(ctx, tx, tx.scanDevice, selectDevice, poolID, sub, id)
	if err != nil {
		return nil, false, fmt.Errorf("load device of user %s: %w", sub, err)
	}
	return d, found, nil
}

// Devices lists devices of a user with ids above after, by id; rememberedOnly
// leaves the others out.
func (tx *Tx) Devices(ctx context.Context, poolID, sub string, rememberedOnly bool, after string, limit int) ([]*Device, error) {
	query := listDevices
	if rememberedOnly {
		query = listRemembered
	}
	list, err := many(ctx, tx, tx.scanDevice, query, poolID, sub, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list devices of user %s: %w", sub, err)
	}
	return list, nil
}

// RememberDevice changes whether a device is remembered; false means that
// there is no such device.
func (tx *Tx) RememberDevice(ctx context.Context, poolID, sub, id string, remembered bool, at time.Time) (bool, error) {
	return tx.changeDevice(ctx, "remember", rememberDevice, poolID, sub, id, remembered, toMS(at))
}

// UseDevice notes that a device was proved in a sign-in.
func (tx *Tx) UseDevice(ctx context.Context, poolID, sub, id, ip string, at time.Time) (bool, error) {
	return tx.changeDevice(ctx, "use", useDevice, poolID, sub, id, ip, toMS(at))
}

// DeleteDevice removes a device with the refresh tokens that are bound to it, and
// takes the key from the families that had it; false means that there is no such
// device.
func (tx *Tx) DeleteDevice(ctx context.Context, poolID, sub, id string) (bool, error) {
	found, err := tx.changeDevice(ctx, "delete", deleteDevice, poolID, sub, id)
	if err != nil || !found {
		return false, err
	}
	if _, err = tx.changeDevice(ctx, "end tokens of", endDevice, poolID, sub, id); err != nil {
		return false, err
	}
	_, err = tx.changeDevice(ctx, "unbind", unbindDevice, poolID, sub, id)
	return true, err
}

func (tx *Tx) changeDevice(ctx context.Context, what, query, poolID, sub, id string, args ...any) (bool, error) {
	if !storable(id) {
		return false, nil
	}
	n, err := tx.change(ctx, query, append([]any{poolID, sub, id}, args...)...)
	if err != nil {
		return false, fmt.Errorf("%s device of user %s: %w", what, sub, err)
	}
	return n > 0, nil
}
