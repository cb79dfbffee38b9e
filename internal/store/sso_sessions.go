package store

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// SSOSession is what stands behind the cookie of a browser that signed in on the
// pages of a pool's domain. It goes with the user.
type SSOSession struct {
	PoolID, ID string
	Digest     []byte // of the cookie's value
	Sub        string
	ClientID   string   // of the sign-in that made the session
	Provider   string   // of the users that signed in, as SupportedIdentityProviders names it
	Factors    []string // completed, in the vocabulary of the amr claim
	EventID    string   // of the sign-in, where it is watched, or empty
	Level      int64    // that an external provider vouches for; 0: that of the factors
	Upstream   string   // the session at an external provider, as the caller likes; or empty

	AuthAt    time.Time // the last sign-in that asked the user for something
	CreatedAt time.Time
	ActiveAt  time.Time // the sign-in, or the last tokens that came from it
	ExpiresAt time.Time
	LastIP    string // of that moment; empty when unknown
	Device    string
}

const ssoColumns = `s.pool_id, s.id, s.digest, s.sub, s.client_id, s.provider, s.factors, s.event_id, s.upstream, s.level,
	s.auth_ms, s.created_ms, s.active_ms, s.expires_ms, s.last_ip, s.device`

const (
	insertSSO = `INSERT INTO sso_sessions (pool_id, id, digest, sub, client_id, provider, factors, event_id, upstream, level,
		auth_ms, created_ms, active_ms, expires_ms, last_ip, device) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`
	selectSSO = `SELECT ` + ssoColumns + `, ` + joinedUserColumns + ` FROM sso_sessions s
		JOIN users u ON u.pool_id = s.pool_id AND u.sub = s.sub WHERE s.pool_id = $1 AND s.digest = $2 AND s.expires_ms > $3`
	hasSSO  = `SELECT COUNT(*) FROM sso_sessions WHERE pool_id = $1 AND id = $2`
	listSSO = `SELECT ` + ssoColumns + ` FROM sso_sessions s
		WHERE s.pool_id = $1 AND s.sub = $2 AND s.expires_ms > $3 ORDER BY s.active_ms DESC, s.id DESC`
	touchSSO     = `UPDATE sso_sessions SET active_ms = $3, last_ip = $4, device = $5 WHERE pool_id = $1 AND id = $2 AND active_ms <= $3`
	noteSSO      = `UPDATE sso_sessions SET active_ms = $3 WHERE pool_id = $1 AND id = $2 AND active_ms < $3`
	deleteSSO    = `DELETE FROM sso_sessions WHERE pool_id = $1 AND id = $2`
	deleteSSOsOf = `DELETE FROM sso_sessions WHERE pool_id = $1 AND sub = $2`
	deleteAllSSO = `DELETE FROM sso_sessions WHERE pool_id = $1`
	revokeLinked = `UPDATE families SET revoked_ms = $1 WHERE pool_id = $2 AND sub = $3 AND sso_id = $4 AND id <> $5 AND revoked_ms = 0`
)

// InsertSSOSession adds the session of a browser.
func (tx *Tx) InsertSSOSession(ctx context.Context, s *SSOSession) error {
	_, err := tx.change(ctx, insertSSO, s.PoolID, s.ID, s.Digest, s.Sub, s.ClientID, s.Provider, strings.Join(s.Factors, " "), s.EventID, s.Upstream, s.Level,
		toMS(s.AuthAt), toMS(s.CreatedAt), toMS(s.ActiveAt), toMS(s.ExpiresAt), s.LastIP, s.Device)
	if err != nil {
		return fmt.Errorf("insert browser session %s: %w", s.ID, err)
	}
	return nil
}

// ssoRow is a row of ssoColumns on its way to a SSOSession.
type ssoRow struct {
	s                              SSOSession
	factors                        string
	auth, created, active, expires int64
}

func (r *ssoRow) dest() []any {
	s := &r.s
	return []any{
		&s.PoolID, &s.ID, &s.Digest, &s.Sub, &s.ClientID, &s.Provider, &r.factors, &s.EventID, &s.Upstream, &s.Level,
		&r.auth, &r.created, &r.active, &r.expires, &s.LastIP, &s.Device,
	}
}

func (r *ssoRow) session() *SSOSession {
	s := &r.s
	s.Factors = strings.Fields(r.factors)
	s.AuthAt, s.CreatedAt, s.ActiveAt, s.ExpiresAt = fromMS(r.auth), fromMS(r.created), fromMS(r.active), fromMS(r.expires)
	return s
}

// SSOSession finds the session in force at now of a browser by the digest of its
// cookie, with the user; false means that there is none.
func (tx *Tx) SSOSession(ctx context.Context, poolID string, digest []byte, now time.Time) (*SSOSession, *User, bool, error) {
	var user *User
	session, found, err := one(ctx, tx, func(s scanner) (*SSOSession, error) {
		var r ssoRow
		var u userRow
		if err := s.Scan(append(r.dest(), u.dest()...)...); err != nil {
			return nil, err
		}
		var err error
		user, err = u.user(tx.db)
		return r.session(), err
	}, selectSSO, poolID, digest, toMS(now))
	if err != nil {
		return nil, nil, false, fmt.Errorf("load browser session: %w", err)
	}
	return session, user, found, nil
}

// HasSSOSession reports whether a session of a browser has not been ended. One whose
// time is over may be there still, or not.
func (tx *Tx) HasSSOSession(ctx context.Context, poolID, id string) (bool, error) {
	n, _, err := one(ctx, tx, scanInt, hasSSO, poolID, id)
	if err != nil {
		return false, fmt.Errorf("look for browser session %s: %w", id, err)
	}
	return n > 0, nil
}

// SSOSessions lists the sessions of a user in browsers that are in force at now,
// the most recently active first.
func (tx *Tx) SSOSessions(ctx context.Context, poolID, sub string, now time.Time) ([]*SSOSession, error) {
	list, err := many(ctx, tx, func(s scanner) (*SSOSession, error) {
		var r ssoRow
		err := s.Scan(r.dest()...)
		return r.session(), err
	}, listSSO, poolID, sub, toMS(now))
	if err != nil {
		return nil, fmt.Errorf("list browser sessions of user %s: %w", sub, err)
	}
	return list, nil
}

// TouchSSOSession notes the latest use of a session, with address and device. An
// older one than that on record changes nothing.
func (tx *Tx) TouchSSOSession(ctx context.Context, poolID, id string, at time.Time, ip, device string) error {
	if _, err := tx.change(ctx, touchSSO, poolID, id, toMS(at), ip, device); err != nil {
		return fmt.Errorf("note use of browser session %s: %w", id, err)
	}
	return nil
}

// NoteSSOSession notes that tokens of a session were used: activity, but not of the
// browser, whose address and device stay.
func (tx *Tx) NoteSSOSession(ctx context.Context, poolID, id string, at time.Time) error {
	if _, err := tx.change(ctx, noteSSO, poolID, id, toMS(at)); err != nil {
		return fmt.Errorf("note activity of browser session %s: %w", id, err)
	}
	return nil
}

// EndSSOSession ends the session of a browser; false means that there is none.
// The tokens that came from it stay, see RevokeFamiliesOfSSO.
func (tx *Tx) EndSSOSession(ctx context.Context, poolID, id string) (bool, error) {
	n, err := tx.change(ctx, deleteSSO, poolID, id)
	if err != nil {
		return false, fmt.Errorf("end browser session %s: %w", id, err)
	}
	return n > 0, nil
}

// EndSSOSessionsOfUser ends all sessions of a user in browsers.
func (tx *Tx) EndSSOSessionsOfUser(ctx context.Context, poolID, sub string) error {
	if _, err := tx.change(ctx, deleteSSOsOf, poolID, sub); err != nil {
		return fmt.Errorf("end browser sessions of user %s: %w", sub, err)
	}
	return nil
}

// EndSSOSessionsOfPool ends all sessions in browsers of a pool's users.
func (tx *Tx) EndSSOSessionsOfPool(ctx context.Context, poolID string) error {
	if _, err := tx.change(ctx, deleteAllSSO, poolID); err != nil {
		return fmt.Errorf("end browser sessions of pool %s: %w", poolID, err)
	}
	return nil
}

// RevokeFamiliesOfSSO ends the tokens of a user that came from one session of a
// browser, but for those of the family kept, if that is not empty.
func (tx *Tx) RevokeFamiliesOfSSO(ctx context.Context, poolID, sub, ssoID, kept string, at time.Time) error {
	if _, err := tx.change(ctx, revokeLinked, toMS(at), poolID, sub, ssoID, kept); err != nil {
		return fmt.Errorf("revoke tokens of browser session %s: %w", ssoID, err)
	}
	return nil
}
