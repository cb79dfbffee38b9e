package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Family is all tokens that came from one sign-in (origin_jti).
type Family struct {
	PoolID, ID, Sub, ClientID, EventID string
	CreatedAt, AuthAt, ExpiresAt       time.Time
	RevokedAt                          time.Time       // zero: in force
	DeviceKey                          string          // the device that the tokens are bound to, or empty
	SSOID                              string          // the session of a browser that they came from, or empty
	Doc                                json.RawMessage // as the caller likes; not sealed
}

// RefreshToken is one refresh token of a family. The database holds only a
// digest of it.
type RefreshToken struct {
	PoolID, FamilyID     string
	Digest               []byte
	CreatedAt, ExpiresAt time.Time
	UsedAt               time.Time // zero: not rotated away
}

// RefreshSession is a refresh token with its family and user.
type RefreshSession struct {
	Token  RefreshToken
	Family *Family
	User   *User
}

const familyColumns = `f.pool_id, f.id, f.sub, f.client_id, f.event_id, f.created_ms, f.auth_ms, f.expires_ms, f.revoked_ms, f.device_key, f.sso_id, f.doc`

const (
	insertFamily = `INSERT INTO families (pool_id, id, sub, client_id, event_id, created_ms, auth_ms, expires_ms, revoked_ms, device_key, sso_id, doc)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11)`
	selectFamily  = `SELECT ` + familyColumns + ` FROM families f WHERE f.pool_id = $1 AND f.id = $2`
	selectSession = `SELECT ` + familyColumns + `, ` + joinedUserColumns + ` FROM families f
		JOIN users u ON u.pool_id = f.pool_id AND u.sub = f.sub WHERE f.pool_id = $1 AND f.id = $2`
	selectRefresh = `SELECT t.created_ms, t.used_ms, t.expires_ms, ` + familyColumns + `, ` + joinedUserColumns + ` FROM refresh_tokens t
		JOIN families f ON f.pool_id = t.pool_id AND f.id = t.family_id
		JOIN users u ON u.pool_id = f.pool_id AND u.sub = f.sub WHERE t.pool_id = $1 AND t.digest = $2`
	insertRefresh = `INSERT INTO refresh_tokens (pool_id, digest, family_id, created_ms, used_ms, expires_ms) VALUES ($1, $2, $3, $4, 0, $5)`
	useRefresh    = `UPDATE refresh_tokens SET used_ms = CASE WHEN used_ms = 0 THEN $1 ELSE used_ms END
		WHERE pool_id = $2 AND digest = $3 AND expires_ms > $1 AND (used_ms = 0 OR used_ms > $4) RETURNING family_id`
	descendantUsed = `SELECT COUNT(*) FROM refresh_tokens
		WHERE pool_id = $1 AND family_id = $2 AND created_ms >= $3 AND used_ms > 0 AND digest <> $4`
	revokeFamily       = `UPDATE families SET revoked_ms = $1 WHERE pool_id = $2 AND id = $3 AND revoked_ms = 0`
	revokeUserFamilies = `UPDATE families SET revoked_ms = $1 WHERE pool_id = $2 AND sub = $3 AND revoked_ms = 0`
)

// familyRow is a row of familyColumns on its way to a Family.
type familyRow struct {
	f                               Family
	created, auth, expires, revoked int64
	doc                             string
}

func (r *familyRow) dest() []any {
	return []any{
		&r.f.PoolID, &r.f.ID, &r.f.Sub, &r.f.ClientID, &r.f.EventID, &r.created, &r.auth, &r.expires, &r.revoked, &r.f.DeviceKey, &r.f.SSOID, &r.doc,
	}
}

func (r *familyRow) family() *Family {
	f := &r.f
	f.CreatedAt, f.AuthAt, f.ExpiresAt, f.RevokedAt = fromMS(r.created), fromMS(r.auth), fromMS(r.expires), fromMS(r.revoked)
	if r.doc != "" {
		f.Doc = json.RawMessage(r.doc)
	}
	return f
}

// InsertFamily adds a family with its first refresh token. Without a digest
// there is none.
func (tx *Tx) InsertFamily(ctx context.Context, f *Family, firstTokenDigest []byte) error {
	_, err := tx.change(ctx, insertFamily, f.PoolID, f.ID, f.Sub, f.ClientID, f.EventID,
		toMS(f.CreatedAt), toMS(f.AuthAt), toMS(f.ExpiresAt), f.DeviceKey, f.SSOID, string(f.Doc))
	if err != nil {
		return fmt.Errorf("insert token family %s: %w", f.ID, err)
	}
	if len(firstTokenDigest) == 0 {
		return nil
	}
	return tx.insertRefreshToken(ctx, RefreshToken{
		PoolID: f.PoolID, FamilyID: f.ID, Digest: firstTokenDigest, CreatedAt: f.CreatedAt, ExpiresAt: f.ExpiresAt,
	})
}

func (tx *Tx) insertRefreshToken(ctx context.Context, t RefreshToken) error {
	_, err := tx.change(ctx, insertRefresh, t.PoolID, t.Digest, t.FamilyID, toMS(t.CreatedAt), toMS(t.ExpiresAt))
	if err != nil {
		return fmt.Errorf("insert refresh token of family %s: %w", t.FamilyID, err)
	}
	return nil
}

// Family reads a family; false means that there is none.
func (tx *Tx) Family(ctx context.Context, poolID, id string) (*Family, bool, error) {
	f, found, err := one(ctx, tx, func(s scanner) (*Family, error) {
		var r familyRow
		err := s.Scan(r.dest()...)
		return r.family(), err
	}, selectFamily, poolID, id)
	if err != nil {
		return nil, false, fmt.Errorf("load token family %s: %w", id, err)
	}
	return f, found, nil
}

// SessionUser reads a family with its user in one indexed read; false means
// that there is no such family, which a deleted user has not either.
func (tx *Tx) SessionUser(ctx context.Context, poolID, familyID string) (*Family, *User, bool, error) {
	if !storable(familyID) {
		return nil, nil, false, nil
	}
	s, found, err := one(ctx, tx, func(s scanner) (RefreshSession, error) { return tx.scanSession(s) }, selectSession, poolID, familyID)
	if err != nil {
		return nil, nil, false, fmt.Errorf("load session %s: %w", familyID, err)
	}
	return s.Family, s.User, found, nil
}

// scanSession reads columns of a token, then a family, then its user.
func (tx *Tx) scanSession(s scanner, token ...any) (RefreshSession, error) {
	var f familyRow
	var u userRow
	if err := s.Scan(append(append(token, f.dest()...), u.dest()...)...); err != nil {
		return RefreshSession{}, err
	}
	user, err := u.user(tx.db)
	return RefreshSession{Family: f.family(), User: user}, err
}

// RefreshToken finds a refresh token by its digest, with family and user;
// false means that it is unknown. Whether it may still be used is the
// caller's question: see UsedAt, ExpiresAt and the family's RevokedAt.
func (tx *Tx) RefreshToken(ctx context.Context, poolID string, digest []byte) (*RefreshSession, bool, error) {
	session, found, err := one(ctx, tx, func(s scanner) (*RefreshSession, error) {
		var created, used, expires int64
		found, err := tx.scanSession(s, &created, &used, &expires)
		if err != nil {
			return nil, err
		}
		found.Token = RefreshToken{
			PoolID: poolID, FamilyID: found.Family.ID, Digest: digest,
			CreatedAt: fromMS(created), UsedAt: fromMS(used), ExpiresAt: fromMS(expires),
		}
		return &found, nil
	}, selectRefresh, poolID, digest)
	if err != nil {
		return nil, false, fmt.Errorf("load refresh token: %w", err)
	}
	return session, found, nil
}

// Rotation is the replacement of a refresh token by the next one.
type Rotation struct {
	PoolID    string
	Old, New  []byte // digests
	At        time.Time
	ExpiresAt time.Time     // of the new token
	Grace     time.Duration // how long after its first use the old token still rotates
}

// RotateRefreshToken marks the old token as used and adds its successor. It
// reports false, and does nothing, when the old one is unknown, expired, or
// was used longer than Grace ago: of many callers without grace one wins.
func (tx *Tx) RotateRefreshToken(ctx context.Context, r Rotation) (bool, error) {
	// A token used exactly Grace ago is too late; without grace, any use is.
	usableSince := toMS(r.At) - r.Grace.Milliseconds()
	if r.Grace <= 0 {
		usableSince = 1<<63 - 1
	}
	familyID, first, err := changeOne(ctx, tx, scanString, useRefresh, toMS(r.At), r.PoolID, r.Old, usableSince)
	if err != nil {
		return false, fmt.Errorf("use refresh token: %w", err)
	}
	if !first {
		return false, nil
	}
	return true, tx.insertRefreshToken(ctx, RefreshToken{
		PoolID: r.PoolID, FamilyID: familyID, Digest: r.New, CreatedAt: r.At, ExpiresAt: r.ExpiresAt,
	})
}

// SuccessorUsed reports whether a token that was rotated away has a successor
// which was rotated in its turn. It relies on successors being made no earlier
// than their predecessor was used, and later than the predecessor itself.
func (tx *Tx) SuccessorUsed(ctx context.Context, t RefreshToken) (bool, error) {
	n, _, err := one(ctx, tx, scanInt, descendantUsed, t.PoolID, t.FamilyID, toMS(t.UsedAt), t.Digest)
	if err != nil {
		return false, fmt.Errorf("look for successors of a refresh token of family %s: %w", t.FamilyID, err)
	}
	return n > 0, nil
}

// RevokeFamily ends a family; false means that it had ended or never was.
func (tx *Tx) RevokeFamily(ctx context.Context, poolID, id string, at time.Time) (bool, error) {
	n, err := tx.change(ctx, revokeFamily, toMS(at), poolID, id)
	if err != nil {
		return false, fmt.Errorf("revoke token family %s: %w", id, err)
	}
	return n > 0, nil
}

// RevokeUserFamilies ends all families of a user and tells how many.
func (tx *Tx) RevokeUserFamilies(ctx context.Context, poolID, sub string, at time.Time) (int64, error) {
	n, err := tx.change(ctx, revokeUserFamilies, toMS(at), poolID, sub)
	if err != nil {
		return 0, fmt.Errorf("revoke token families of user %s: %w", sub, err)
	}
	return n, nil
}
