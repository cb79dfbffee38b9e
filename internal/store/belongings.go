package store

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Belongings is what a user has beside the row of users: what moves with the user
// to another database. Tokens, codes and events do not.
type Belongings struct {
	Groups     []string // by name
	TOTP       *TOTP
	Passkeys   []*Passkey
	Devices    []*Device
	Identities []*UserIdentity
	History    []OldPassword // oldest first
}

// OldPassword is a password that its user may not choose again.
type OldPassword struct {
	Password

	CreatedAt time.Time
}

const (
	groupsBetween     = `SELECT sub, group_name FROM memberships WHERE pool_id = $1 AND sub >= $2 AND sub <= $3 ORDER BY sub, group_name`
	totpBetween       = `SELECT sub, secret, name, last_step, created_ms FROM totp WHERE pool_id = $1 AND sub >= $2 AND sub <= $3`
	passkeysBetween   = `SELECT ` + passkeyColumns + ` FROM passkeys WHERE pool_id = $1 AND sub >= $2 AND sub <= $3 ORDER BY sub, created_ms, id`
	devicesBetween    = `SELECT ` + deviceColumns + ` FROM devices WHERE pool_id = $1 AND sub >= $2 AND sub <= $3 ORDER BY sub, id`
	identitiesBetween = `SELECT ` + identityColumns + ` FROM user_identities WHERE pool_id = $1 AND sub >= $2 AND sub <= $3
		ORDER BY sub, own DESC, created_ms, provider, value`
	historyBetween = `SELECT sub, id, password, created_ms FROM password_history WHERE pool_id = $1 AND sub >= $2 AND sub <= $3
		ORDER BY sub, created_ms, id`
)

// Belongings reads what the users of a pool from one sub to another have, both
// included. Users without any are not in the map.
func (tx *Tx) Belongings(ctx context.Context, poolID, first, last string) (map[string]*Belongings, error) {
	c := collector{tx: tx, poolID: poolID, of: make(map[string]*Belongings)}
	for _, part := range []struct {
		what, query string
		scan        func(scanner) (struct{}, error)
	}{
		{"groups", groupsBetween, c.group},
		{"authenticators", totpBetween, c.totp},
		{"passkeys", passkeysBetween, c.passkey},
		{"devices", devicesBetween, c.device},
		{"identities", identitiesBetween, c.identity},
		{"old passwords", historyBetween, c.oldPassword},
	} {
		if _, err := many(ctx, tx, part.scan, part.query, poolID, first, last); err != nil {
			return nil, fmt.Errorf("load %s of users of pool %s: %w", part.what, poolID, err)
		}
	}
	return c.of, nil
}

// collector sorts rows of several tables by user.
type collector struct {
	tx     *Tx
	poolID string
	of     map[string]*Belongings
}

func (c *collector) user(sub string) *Belongings {
	b := c.of[sub]
	if b == nil {
		b = &Belongings{}
		c.of[sub] = b
	}
	return b
}

func (c *collector) group(s scanner) (struct{}, error) {
	var sub, name string
	if err := s.Scan(&sub, &name); err != nil {
		return struct{}{}, err
	}
	b := c.user(sub)
	b.Groups = append(b.Groups, name)
	return struct{}{}, nil
}

func (c *collector) totp(s scanner) (struct{}, error) {
	t := &TOTP{PoolID: c.poolID}
	var sealed []byte
	var created int64
	if err := s.Scan(&t.Sub, &sealed, &t.Name, &t.LastStep, &created); err != nil {
		return struct{}{}, err
	}
	t.CreatedAt = fromMS(created)
	var err error
	t.Secret, err = c.tx.db.Unseal("totp", "secret", rowID(c.poolID, t.Sub), sealed)
	c.user(t.Sub).TOTP = t
	return struct{}{}, err
}

func (c *collector) passkey(s scanner) (struct{}, error) {
	p, err := scanPasskey(s)
	if err != nil {
		return struct{}{}, err
	}
	b := c.user(p.Sub)
	b.Passkeys = append(b.Passkeys, p)
	return struct{}{}, nil
}

func (c *collector) device(s scanner) (struct{}, error) {
	d, err := c.tx.scanDevice(s)
	if err != nil {
		return struct{}{}, err
	}
	b := c.user(d.Sub)
	b.Devices = append(b.Devices, d)
	return struct{}{}, nil
}

func (c *collector) identity(s scanner) (struct{}, error) {
	i, err := scanIdentity(s)
	if err != nil {
		return struct{}{}, err
	}
	b := c.user(i.Sub)
	b.Identities = append(b.Identities, i)
	return struct{}{}, nil
}

func (c *collector) oldPassword(s scanner) (struct{}, error) {
	var sub, id string
	var sealed []byte
	var created int64
	if err := s.Scan(&sub, &id, &sealed, &created); err != nil {
		return struct{}{}, err
	}
	plain, err := c.tx.db.Unseal("password_history", "password", rowID(c.poolID, sub, id), sealed)
	if err != nil {
		return struct{}{}, err
	}
	p, err := parsePassword(plain)
	if err != nil {
		return struct{}{}, err
	}
	b := c.user(sub)
	b.History = append(b.History, OldPassword{Password: *p, CreatedAt: fromMS(created)})
	return struct{}{}, nil
}

// subsAtOnce is how many subs one statement looks up.
const subsAtOnce = 64

var findSubs = `SELECT sub FROM users WHERE pool_id = $1 AND sub IN (` + places(2, subsAtOnce) + `)`

// SubsThere tells which of the subs users of a pool have.
func (tx *Tx) SubsThere(ctx context.Context, poolID string, subs []string) (map[string]bool, error) {
	there := make(map[string]bool)
	for chunk := range slices.Chunk(subs, subsAtOnce) {
		args := []any{poolID}
		for i := range subsAtOnce { // one text for all: the last sub again
			args = append(args, chunk[min(i, len(chunk)-1)])
		}
		found, err := many(ctx, tx, scanString, findSubs, args...)
		if err != nil {
			return nil, fmt.Errorf("look up users of pool %s: %w", poolID, err)
		}
		for _, sub := range found {
			there[sub] = true
		}
	}
	return there, nil
}
