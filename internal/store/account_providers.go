package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// AccountProvider is an identity provider of the installation, which roles and
// identity pools trust by its ARN.
type AccountProvider struct {
	ARN                   string
	CreatedAt, ModifiedAt time.Time
	Settings              AccountProviderSettings
}

// AccountProviderSettings is everything about a provider of the installation that
// is only read with it: URL and ClientIDs of an OpenID provider, or the Metadata
// of a SAML provider.
type AccountProviderSettings struct {
	URL       string   `json:",omitzero"`
	ClientIDs []string `json:",omitzero"`
	Metadata  string   `json:",omitzero"`
	Bounds    []Bounds `json:",omitzero"`
}

const accountProviderColumns = `arn, created_ms, modified_ms, doc`

const (
	putAccountProvider = `INSERT INTO account_providers (` + accountProviderColumns + `) VALUES ($1, $2, $3, $4)
		ON CONFLICT (arn) DO UPDATE SET modified_ms = excluded.modified_ms, doc = excluded.doc`
	selectAccountProvider = `SELECT ` + accountProviderColumns + ` FROM account_providers WHERE arn = $1`
	listAccountProviders  = `SELECT ` + accountProviderColumns + ` FROM account_providers ORDER BY arn`
	deleteAccountProvider = `DELETE FROM account_providers WHERE arn = $1`
)

func scanAccountProvider(s scanner) (*AccountProvider, error) {
	var p AccountProvider
	var created, modified int64
	var doc string
	if err := s.Scan(&p.ARN, &created, &modified, &doc); err != nil {
		return nil, err
	}
	p.CreatedAt, p.ModifiedAt = fromMS(created), fromMS(modified)
	if err := json.Unmarshal([]byte(doc), &p.Settings); err != nil {
		return nil, fmt.Errorf("read provider %s: %w", p.ARN, err)
	}
	return &p, nil
}

// PutAccountProvider adds a provider of the installation, or replaces the settings
// of the one that has the ARN.
func (tx *Tx) PutAccountProvider(ctx context.Context, p *AccountProvider) error {
	doc, err := json.Marshal(p.Settings)
	if err != nil {
		return fmt.Errorf("write provider %s: %w", p.ARN, err)
	}
	if _, err := tx.change(ctx, putAccountProvider, p.ARN, toMS(p.CreatedAt), toMS(p.ModifiedAt), string(doc)); err != nil {
		return fmt.Errorf("save provider %s: %w", p.ARN, err)
	}
	return nil
}

// AccountProvider finds a provider of the installation; false means that there is
// none.
func (tx *Tx) AccountProvider(ctx context.Context, arn string) (*AccountProvider, bool, error) {
	if !storable(arn) {
		return nil, false, nil
	}
	p, found, err := one(ctx, tx, scanAccountProvider, selectAccountProvider, arn)
	if err != nil {
		return nil, false, fmt.Errorf("load provider %s: %w", arn, err)
	}
	return p, found, nil
}

// AccountProviders lists the providers of the installation by ARN.
func (tx *Tx) AccountProviders(ctx context.Context) ([]*AccountProvider, error) {
	list, err := many(ctx, tx, scanAccountProvider, listAccountProviders)
	if err != nil {
		return nil, fmt.Errorf("list providers of the installation: %w", err)
	}
	return list, nil
}

// DeleteAccountProvider removes a provider of the installation; false means that
// there is none.
func (tx *Tx) DeleteAccountProvider(ctx context.Context, arn string) (bool, error) {
	n, err := tx.change(ctx, deleteAccountProvider, arn)
	if err != nil {
		return false, fmt.Errorf("delete provider %s: %w", arn, err)
	}
	return n == 1, nil
}
