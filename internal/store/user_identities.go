package store

import (
	"context"
	"fmt"
	"time"
)

// SubjectAttribute is the Attribute of identities that are known by the subject
// that the provider gives, as the API spells it.
const SubjectAttribute = "Cognito_Subject"

// UserIdentity says that whoever a provider vouches for by a value is a user of
// the pool. Of each value there is one.
type UserIdentity struct {
	PoolID, Provider string
	Attribute        string // SubjectAttribute, or a mapped attribute of a link that was never used
	Value            string
	Sub              string // of the user
	Own              bool   // the user exists because of it; else it is a link
	CreatedAt        time.Time
}

const identityColumns = `pool_id, provider, attribute, value, sub, own, created_ms`

const (
	insertIdentity   = `INSERT INTO user_identities (` + identityColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
	selectIdentity   = `SELECT ` + identityColumns + ` FROM user_identities WHERE pool_id = $1 AND provider = $2 AND attribute = $3 AND value = $4`
	identitiesOfUser = `SELECT ` + identityColumns + ` FROM user_identities WHERE pool_id = $1 AND sub = $2 ORDER BY own DESC, created_ms, provider, value`
	linkAttributes   = `SELECT DISTINCT attribute FROM user_identities WHERE pool_id = $1 AND provider = $2 AND attribute <> '` + SubjectAttribute + `'`
	deleteIdentity   = `DELETE FROM user_identities WHERE pool_id = $1 AND provider = $2 AND attribute = $3 AND value = $4`
)

func scanIdentity(s scanner) (*UserIdentity, error) {
	var i UserIdentity
	var created int64
	err := s.Scan(&i.PoolID, &i.Provider, &i.Attribute, &i.Value, &i.Sub, &i.Own, &created)
	i.CreatedAt = fromMS(created)
	return &i, err
}

// InsertUserIdentity adds an identity; false means that somebody has it.
func (tx *Tx) InsertUserIdentity(ctx context.Context, i *UserIdentity) (bool, error) {
	n, err := tx.change(ctx, insertIdentity, i.PoolID, i.Provider, i.Attribute, i.Value, i.Sub, i.Own, toMS(i.CreatedAt))
	if err != nil {
		return false, fmt.Errorf("insert identity at %s: %w", i.Provider, err)
	}
	return n > 0, nil
}

// UserIdentity finds an identity by what the provider says; false means that there
// is none.
func (tx *Tx) UserIdentity(ctx context.Context, poolID, provider, attribute, value string) (*UserIdentity, bool, error) {
	if !storable(value) {
		return nil, false, nil
	}
	i, found, err := one(ctx, tx, scanIdentity, selectIdentity, poolID, provider, attribute, value)
	if err != nil {
		return nil, false, fmt.Errorf("load identity at %s: %w", provider, err)
	}
	return i, found, nil
}

// UserIdentities lists the identities of a user, the own one first.
func (tx *Tx) UserIdentities(ctx context.Context, poolID, sub string) ([]*UserIdentity, error) {
	list, err := many(ctx, tx, scanIdentity, identitiesOfUser, poolID, sub)
	if err != nil {
		return nil, fmt.Errorf("list identities of user %s: %w", sub, err)
	}
	return list, nil
}

// LinkAttributes lists the attributes, other than the subject, by which users of a
// pool are linked to a provider.
func (tx *Tx) LinkAttributes(ctx context.Context, poolID, provider string) ([]string, error) {
	list, err := many(ctx, tx, scanString, linkAttributes, poolID, provider)
	if err != nil {
		return nil, fmt.Errorf("list linked attributes of %s: %w", provider, err)
	}
	return list, nil
}

// DeleteUserIdentity removes an identity; false means that there is none.
func (tx *Tx) DeleteUserIdentity(ctx context.Context, i *UserIdentity) (bool, error) {
	n, err := tx.change(ctx, deleteIdentity, i.PoolID, i.Provider, i.Attribute, i.Value)
	if err != nil {
		return false, fmt.Errorf("delete identity at %s: %w", i.Provider, err)
	}
	return n > 0, nil
}
