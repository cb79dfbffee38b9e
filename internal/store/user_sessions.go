package store

import (
	"context"
	"fmt"
	"time"
)

// UserSession is the record of a family while sessions are tracked. It goes
// with the family.
type UserSession struct {
	PoolID, ID, FamilyID, Sub string
	ActiveAt                  time.Time // the sign-in or the last refresh
	LastIP, Device            string    // of that moment; empty when unknown

	// From the family.
	ClientID             string
	SSOID                string // the session of a browser that it came from, or empty
	CreatedAt, ExpiresAt time.Time
}

const userSessionColumns = `s.pool_id, s.id, s.family_id, s.sub, s.active_ms, s.last_ip, s.device, f.client_id, f.sso_id, f.created_ms, f.expires_ms`

const (
	insertUserSession = `INSERT INTO user_sessions (pool_id, id, family_id, sub, active_ms, last_ip, device) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	// Only those in force; the latest first.
	listUserSessions = `SELECT ` + userSessionColumns + ` FROM user_sessions s JOIN families f ON f.pool_id = s.pool_id AND f.id = s.family_id
		WHERE s.pool_id = $1 AND s.sub = $2 AND f.revoked_ms = 0 AND f.expires_ms > $3 ORDER BY s.active_ms DESC, s.id DESC`
	touchUserSession = `UPDATE user_sessions SET active_ms = $3, last_ip = $4, device = $5
		WHERE pool_id = $1 AND family_id = $2 AND active_ms <= $3`
	deleteUserSession = `DELETE FROM user_sessions WHERE pool_id = $1 AND id = $2`
	dropUserSessions  = `DELETE FROM user_sessions WHERE pool_id = $1`
)

// InsertUserSession adds the record of a family that is there already.
func (tx *Tx) InsertUserSession(ctx context.Context, s *UserSession) error {
	_, err := tx.change(ctx, insertUserSession, s.PoolID, s.ID, s.FamilyID, s.Sub, toMS(s.ActiveAt), s.LastIP, s.Device)
	if err != nil {
		return fmt.Errorf("insert session of family %s: %w", s.FamilyID, err)
	}
	return nil
}

// UserSessions lists the sessions of a user that are in force at now, the most
// recently active first.
func (tx *Tx) UserSessions(ctx context.Context, poolID, sub string, now time.Time) ([]*UserSession, error) {
	list, err := many(ctx, tx, func(s scanner) (*UserSession, error) {
		var u UserSession
		var active, created, expires int64
		err := s.Scan(&u.PoolID, &u.ID, &u.FamilyID, &u.Sub, &active, &u.LastIP, &u.Device, &u.ClientID, &u.SSOID, &created, &expires)
		u.ActiveAt, u.CreatedAt, u.ExpiresAt = fromMS(active), fromMS(created), fromMS(expires)
		return &u, err
	}, listUserSessions, poolID, sub, toMS(now))
	if err != nil {
		return nil, fmt.Errorf("list sessions of user %s: %w", sub, err)
	}
	return list, nil
}

// TouchUserSession notes the latest use of a family. An older one than that on
// record changes nothing, nor does a family without a record.
func (tx *Tx) TouchUserSession(ctx context.Context, s *UserSession) error {
	if _, err := tx.change(ctx, touchUserSession, s.PoolID, s.FamilyID, toMS(s.ActiveAt), s.LastIP, s.Device); err != nil {
		return fmt.Errorf("note use of family %s: %w", s.FamilyID, err)
	}
	return nil
}

// EndUserSession revokes a session's family and removes the record.
func (tx *Tx) EndUserSession(ctx context.Context, s *UserSession, at time.Time) error {
	if _, err := tx.change(ctx, deleteUserSession, s.PoolID, s.ID); err != nil {
		return fmt.Errorf("remove session %s: %w", s.ID, err)
	}
	_, err := tx.RevokeFamily(ctx, s.PoolID, s.FamilyID, at)
	return err
}

// DropUserSessions removes the records of a pool; the tokens stay as they are.
func (tx *Tx) DropUserSessions(ctx context.Context, poolID string) error {
	if _, err := tx.change(ctx, dropUserSessions, poolID); err != nil {
		return fmt.Errorf("drop sessions of pool %s: %w", poolID, err)
	}
	return nil
}
