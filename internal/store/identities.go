package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cognate/internal/api/identity"
)

// IdentityState is what can be done with an identity.
type IdentityState string

const (
	// IdentityGuest never had a login.
	IdentityGuest IdentityState = "guest"
	// IdentityLinked has logins.
	IdentityLinked IdentityState = "linked"
	// IdentityDisabled lost its last login, or gave all of them to another
	// identity. It stays so.
	IdentityDisabled IdentityState = "disabled"
)

// Identity is somebody in an identity pool.
type Identity struct {
	ID, PoolID            string
	State                 IdentityState
	CreatedAt, ModifiedAt time.Time
	Logins                []IdentityLogin // the oldest first
}

// IdentityLogin is who an identity is at a provider. In a pool it belongs to one
// identity.
type IdentityLogin struct {
	Provider, Subject string
	// Developer logins are of the pool's developer provider, of which an identity
	// may have several. It has one of every other provider.
	Developer bool
	CreatedAt time.Time
}

// Login finds a login of the identity; nil when it has no such login.
func (i *Identity) Login(provider, subject string) *IdentityLogin {
	n := slices.IndexFunc(i.Logins, func(l IdentityLogin) bool { return l.Provider == provider && l.Subject == subject })
	if n < 0 {
		return nil
	}
	return &i.Logins[n]
}

const (
	identityColumnsOf = `i.id, i.pool_id, i.state, i.created_ms, i.modified_ms, l.provider, l.subject, l.developer, l.created_ms`
	oldestLoginFirst  = ` ORDER BY i.id, l.created_ms, l.provider, l.subject_key`
)

const (
	insertPoolIdentity = `INSERT INTO identities (id, pool_id, state, created_ms, modified_ms)
		SELECT CAST($1 AS TEXT), p.id, CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM identity_pools p WHERE p.id = $2 AND p.deleted_ms = 0`
	selectPoolIdentity = `SELECT ` + identityColumnsOf + ` FROM identities i JOIN identity_pools p ON p.id = i.pool_id AND p.deleted_ms = 0
		LEFT JOIN identity_logins l ON l.identity_id = i.id WHERE i.id = $1` + oldestLoginFirst
	selectByLogin = `SELECT ` + identityColumnsOf + ` FROM identity_logins k JOIN identities i ON i.id = k.identity_id
		LEFT JOIN identity_logins l ON l.identity_id = i.id
		WHERE k.pool_id = $1 AND k.provider = $2 AND k.subject_key = $3` + oldestLoginFirst
	listPoolIdentities = `SELECT ` + identityColumnsOf + ` FROM (SELECT * FROM identities
			WHERE pool_id = $1 AND id > $2 AND (state <> '` + string(IdentityDisabled) + `' OR NOT CAST($3 AS BOOLEAN)) ORDER BY id LIMIT CAST($4 AS BIGINT)) i
		LEFT JOIN identity_logins l ON l.identity_id = i.id` + oldestLoginFirst
	lockPoolIdentity   = `UPDATE identities SET state = state WHERE id = $1`
	updatePoolIdentity = `UPDATE identities SET state = $2, modified_ms = $3 WHERE id = $1`
	deletePoolIdentity = `DELETE FROM identities WHERE id = $1`

	insertIdentityLogin = `INSERT INTO identity_logins (pool_id, provider, subject_key, identity_id, subject, developer, created_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	moveIdentityLogins  = `UPDATE identity_logins SET identity_id = $2 WHERE identity_id = $1`
	deleteIdentityLogin = `DELETE FROM identity_logins WHERE pool_id = $1 AND provider = $2 AND subject_key = $3 AND identity_id = $4`
)

// identityRow is an identity with one of its logins, or with none.
type identityRow struct {
	Identity

	provider, subject *string
	developer         *bool
	linked            *int64
}

func scanIdentityRow(s scanner) (identityRow, error) {
	var r identityRow
	var created, modified int64
	err := s.Scan(&r.ID, &r.PoolID, &r.State, &created, &modified, &r.provider, &r.subject, &r.developer, &r.linked)
	r.CreatedAt, r.ModifiedAt = fromMS(created), fromMS(modified)
	return r, err
}

// gather makes identities of rows in which those of one identity are together.
func gather(rows []identityRow) []*Identity {
	var list []*Identity
	for _, r := range rows {
		if len(list) == 0 || list[len(list)-1].ID != r.ID {
			list = append(list, &r.Identity)
		}
		if r.provider != nil {
			i := list[len(list)-1]
			i.Logins = append(i.Logins, IdentityLogin{*r.provider, *r.subject, *r.developer, fromMS(*r.linked)})
		}
	}
	return list
}

// NoIdentity is the answer where there is no such identity.
func NoIdentity(id string) error {
	return identity.ResourceNotFoundException("Identity '%s' not found.", id)
}

// InsertIdentity adds an identity without logins; ResourceNotFoundException when its
// pool is gone.
func (tx *Tx) InsertIdentity(ctx context.Context, i *Identity) error {
	n, err := tx.change(ctx, insertPoolIdentity, i.ID, i.PoolID, string(i.State), toMS(i.CreatedAt), toMS(i.ModifiedAt))
	if err != nil {
		return fmt.Errorf("insert identity %s: %w", i.ID, err)
	}
	if n == 0 {
		return NoIdentityPool(i.PoolID)
	}
	return nil
}

// Identity answers ResourceNotFoundException when there is no such identity, or its
// pool is being deleted.
func (tx *Tx) Identity(ctx context.Context, id string) (*Identity, error) {
	rows, err := many(ctx, tx, scanIdentityRow, selectPoolIdentity, id)
	switch {
	case err != nil:
		return nil, fmt.Errorf("load identity %s: %w", id, err)
	case len(rows) == 0:
		return nil, NoIdentity(id)
	}
	return gather(rows)[0], nil
}

// IdentityByLogin finds the identity that a login belongs to; nil when it belongs
// to none.
func (tx *Tx) IdentityByLogin(ctx context.Context, poolID, provider, subject string) (*Identity, error) {
	if !storable(subject) || !storable(provider) {
		return nil, nil //nolint:nilnil // nobody has it
	}
	rows, err := many(ctx, tx, scanIdentityRow, selectByLogin, poolID, provider, nameKey(subject))
	if err != nil {
		return nil, fmt.Errorf("load identity by its login at %s: %w", provider, err)
	}
	if len(rows) == 0 {
		return nil, nil //nolint:nilnil // nobody has it
	}
	return gather(rows)[0], nil
}

// LockIdentities keeps others from changing identities or their logins until the
// transaction ends. Unknown ones are passed over.
func (tx *Tx) LockIdentities(ctx context.Context, ids ...string) error {
	for _, id := range slices.Sorted(slices.Values(ids)) { // one order for everybody
		if _, err := tx.change(ctx, lockPoolIdentity, id); err != nil {
			return fmt.Errorf("lock identity %s: %w", id, err)
		}
	}
	return nil
}

// ListIdentities lists the identities of a pool by id, beginning after the id
// given.
func (tx *Tx) ListIdentities(ctx context.Context, poolID, after string, hideDisabled bool, limit int) ([]*Identity, error) {
	rows, err := many(ctx, tx, scanIdentityRow, listPoolIdentities, poolID, after, hideDisabled, limit)
	if err != nil {
		return nil, fmt.Errorf("list identities of pool %s: %w", poolID, err)
	}
	return gather(rows), nil
}

// SaveIdentity writes the state of an identity; ResourceNotFoundException when
// it is gone.
func (tx *Tx) SaveIdentity(ctx context.Context, i *Identity) error {
	n, err := tx.change(ctx, updatePoolIdentity, i.ID, string(i.State), toMS(i.ModifiedAt))
	if err != nil {
		return fmt.Errorf("save identity %s: %w", i.ID, err)
	}
	if n == 0 {
		return NoIdentity(i.ID)
	}
	return nil
}

// DeleteIdentity removes an identity with its logins, if it is there.
func (tx *Tx) DeleteIdentity(ctx context.Context, id string) error {
	if _, err := tx.change(ctx, deletePoolIdentity, id); err != nil {
		return fmt.Errorf("delete identity %s: %w", id, err)
	}
	return nil
}

// InsertIdentityLogin gives an identity a login; false means that the login belongs to
// somebody, or that the identity has another one of that provider.
func (tx *Tx) InsertIdentityLogin(ctx context.Context, i *Identity, l IdentityLogin) (bool, error) {
	n, err := tx.change(ctx, insertIdentityLogin, i.PoolID, l.Provider, nameKey(l.Subject), i.ID, l.Subject, l.Developer, toMS(l.CreatedAt))
	if err != nil {
		return false, fmt.Errorf("link a login at %s to identity %s: %w", l.Provider, i.ID, err)
	}
	if n > 0 {
		i.Logins = append(i.Logins, l)
	}
	return n > 0, nil
}

// MoveIdentityLogins gives all logins of one identity to another of its pool. Both are
// locked, and have no provider in common but that of developers.
func (tx *Tx) MoveIdentityLogins(ctx context.Context, from, to *Identity) error {
	if from.PoolID != to.PoolID {
		return fmt.Errorf("move logins of identity %s: identity %s is of another pool", from.ID, to.ID)
	}
	if _, err := tx.change(ctx, moveIdentityLogins, from.ID, to.ID); err != nil {
		return fmt.Errorf("move logins of identity %s to %s: %w", from.ID, to.ID, err)
	}
	to.Logins = append(to.Logins, from.Logins...)
	from.Logins = nil
	return nil
}

// DeleteIdentityLogin takes a login from an identity; false means that it does not have it.
func (tx *Tx) DeleteIdentityLogin(ctx context.Context, i *Identity, provider, subject string) (bool, error) {
	if !storable(subject) {
		return false, nil
	}
	n, err := tx.change(ctx, deleteIdentityLogin, i.PoolID, provider, nameKey(subject), i.ID)
	if err != nil {
		return false, fmt.Errorf("unlink a login at %s from identity %s: %w", provider, i.ID, err)
	}
	i.Logins = slices.DeleteFunc(i.Logins, func(l IdentityLogin) bool { return l.Provider == provider && l.Subject == subject })
	return n > 0, nil
}
