package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/api"
)

// IdentityProvider is an external provider of a pool's users.
type IdentityProvider struct {
	PoolID, Name          string
	Type                  api.IdentityProviderTypeType
	CreatedAt, ModifiedAt time.Time
	// Version grows with every change; SaveIdentityProvider keeps it.
	Version  int64
	Settings ProviderSettings
}

// ProviderSettings is everything about a provider that is only read with it. The
// database holds it sealed: it has the provider's secrets.
type ProviderSettings struct {
	Details          map[string]string `json:",omitzero"`
	AttributeMapping map[string]string `json:",omitzero"`
	AcrMapping       map[string]string `json:",omitzero"`
	Identifiers      []string          `json:",omitzero"`
	// EncryptionKey and EncryptionCertificate are those of a SAML provider:
	// PKCS #8 and DER. Assertions to this pool are encrypted for them.
	EncryptionKey         []byte `json:",omitzero"`
	EncryptionCertificate []byte `json:",omitzero"`
}

const providerColumns = `pool_id, name, type, created_ms, modified_ms, version, doc`

const (
	insertProvider = `INSERT INTO identity_providers (` + providerColumns + `) VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT DO NOTHING`
	selectProvider = `SELECT ` + providerColumns + ` FROM identity_providers WHERE pool_id = $1 AND name = $2`
	listProviders  = `SELECT ` + providerColumns + ` FROM identity_providers WHERE pool_id = $1 ORDER BY name`
	updateProvider = `UPDATE identity_providers SET modified_ms = $3, doc = $4, version = version + 1 WHERE pool_id = $1 AND name = $2 AND version = $5`
	deleteProvider = `DELETE FROM identity_providers WHERE pool_id = $1 AND name = $2`
	addIdentifier  = `INSERT INTO provider_identifiers (pool_id, identifier, name) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	dropIdentifier = `DELETE FROM provider_identifiers WHERE pool_id = $1 AND name = $2`
)

// rowOf binds the sealed settings to their row.
func (p *IdentityProvider) rowOf() string { return rowID(p.PoolID, p.Name) }

func (tx *Tx) scanProvider(s scanner) (*IdentityProvider, error) {
	var p IdentityProvider
	var created, modified int64
	var sealed []byte
	if err := s.Scan(&p.PoolID, &p.Name, &p.Type, &created, &modified, &p.Version, &sealed); err != nil {
		return nil, err
	}
	p.CreatedAt, p.ModifiedAt = fromMS(created), fromMS(modified)
	doc, err := tx.db.Unseal("identity_providers", "doc", p.rowOf(), sealed)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(doc, &p.Settings); err != nil {
		return nil, fmt.Errorf("read settings of identity provider %s: %w", p.Name, err)
	}
	return &p, nil
}

func (tx *Tx) providerDoc(p *IdentityProvider) ([]byte, error) {
	doc, err := json.Marshal(p.Settings)
	if err != nil {
		return nil, fmt.Errorf("write settings of identity provider %s: %w", p.Name, err)
	}
	return tx.db.Seal("identity_providers", "doc", p.rowOf(), doc), nil
}

// InsertIdentityProvider adds a provider with its identifiers. It answers
// DuplicateProviderException when the name or an identifier is taken.
func (tx *Tx) InsertIdentityProvider(ctx context.Context, p *IdentityProvider) error {
	doc, err := tx.providerDoc(p)
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, insertProvider, p.PoolID, p.Name, string(p.Type), toMS(p.CreatedAt), toMS(p.ModifiedAt), doc)
	if err != nil {
		return fmt.Errorf("insert identity provider %s: %w", p.Name, err)
	}
	if n == 0 {
		return api.DuplicateProviderException("%s already exists in user pool %s", p.Name, p.PoolID)
	}
	return tx.addIdentifiers(ctx, p)
}

func (tx *Tx) addIdentifiers(ctx context.Context, p *IdentityProvider) error {
	for _, identifier := range p.Settings.Identifiers {
		n, err := tx.change(ctx, addIdentifier, p.PoolID, identifier, p.Name)
		if err != nil {
			return fmt.Errorf("add identifier of identity provider %s: %w", p.Name, err)
		}
		if n == 0 {
			return api.DuplicateProviderException("A provider with the identifier %s already exists in the user pool.", identifier)
		}
	}
	return nil
}

// IdentityProvider finds a provider of a pool; false means that there is none.
func (tx *Tx) IdentityProvider(ctx context.Context, poolID, name string) (*IdentityProvider, bool, error) {
	if !storable(name) {
		return nil, false, nil
	}
	p, found, err := one(ctx, tx, tx.scanProvider, selectProvider, poolID, name)
	if err != nil {
		return nil, false, fmt.Errorf("load identity provider %s: %w", name, err)
	}
	return p, found, nil
}

// IdentityProviders lists the providers of a pool by name.
func (tx *Tx) IdentityProviders(ctx context.Context, poolID string) ([]*IdentityProvider, error) {
	list, err := many(ctx, tx, tx.scanProvider, listProviders, poolID)
	if err != nil {
		return nil, fmt.Errorf("list identity providers of pool %s: %w", poolID, err)
	}
	return list, nil
}

// SaveIdentityProvider writes the settings of a provider as it was loaded, and its
// identifiers; ConcurrentModificationException when it has changed since.
func (tx *Tx) SaveIdentityProvider(ctx context.Context, p *IdentityProvider) error {
	doc, err := tx.providerDoc(p)
	if err != nil {
		return err
	}
	n, err := tx.change(ctx, updateProvider, p.PoolID, p.Name, toMS(p.ModifiedAt), doc, p.Version)
	if err != nil {
		return fmt.Errorf("update identity provider %s: %w", p.Name, err)
	}
	if n == 0 {
		return api.ConcurrentModificationException("The identity provider was changed at the same time.")
	}
	if _, err := tx.change(ctx, dropIdentifier, p.PoolID, p.Name); err != nil {
		return fmt.Errorf("replace identifiers of identity provider %s: %w", p.Name, err)
	}
	return tx.addIdentifiers(ctx, p)
}

// DeleteIdentityProvider removes a provider; false means that there is none. The
// profiles of its users stay.
func (tx *Tx) DeleteIdentityProvider(ctx context.Context, poolID, name string) (bool, error) {
	n, err := tx.change(ctx, deleteProvider, poolID, name)
	if err != nil {
		return false, fmt.Errorf("delete identity provider %s: %w", name, err)
	}
	return n > 0, nil
}

// ProviderMetadata is the last good copy of a SAML provider's metadata.
type ProviderMetadata struct {
	PoolID, Name string
	Document     string // XML, as it was fetched
	FetchedAt    time.Time
	NextAt       time.Time // when to fetch it again; zero: never, it was given as a text
	Until        time.Time // until when it may be used; zero: for good
}

const (
	putMetadata = `INSERT INTO provider_metadata (pool_id, name, document, fetched_ms, next_ms, until_ms) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (pool_id, name) DO UPDATE SET document = excluded.document, fetched_ms = excluded.fetched_ms,
		next_ms = excluded.next_ms, until_ms = excluded.until_ms`
	claimMetadata = `UPDATE provider_metadata SET next_ms = $2 WHERE next_ms <= $1 AND (pool_id, name) IN
		(SELECT pool_id, name FROM provider_metadata WHERE next_ms > 0 AND next_ms <= $1 ORDER BY next_ms LIMIT CAST($3 AS BIGINT))
		RETURNING pool_id, name, document, fetched_ms, next_ms, until_ms`
	selectMetadata = `SELECT pool_id, name, document, fetched_ms, next_ms, until_ms FROM provider_metadata WHERE pool_id = $1 AND name = $2`
)

// PutProviderMetadata keeps the metadata of a provider in the place of older.
func (tx *Tx) PutProviderMetadata(ctx context.Context, m *ProviderMetadata) error {
	_, err := tx.change(ctx, putMetadata, m.PoolID, m.Name, m.Document, toMS(m.FetchedAt), toMS(m.NextAt), toMS(m.Until))
	if err != nil {
		return fmt.Errorf("keep metadata of identity provider %s: %w", m.Name, err)
	}
	return nil
}

// ProviderMetadata reads the metadata of a provider; false means that there is
// none.
func (tx *Tx) ProviderMetadata(ctx context.Context, poolID, name string) (*ProviderMetadata, bool, error) {
	m, found, err := one(ctx, tx, scanMetadata, selectMetadata, poolID, name)
	if err != nil {
		return nil, false, fmt.Errorf("load metadata of identity provider %s: %w", name, err)
	}
	return m, found, nil
}

// ClaimProviderMetadata takes up to limit copies that are due to be fetched again,
// and makes them due at next for everybody else: that is when a fetch that fails is
// tried again.
func (tx *Tx) ClaimProviderMetadata(ctx context.Context, now, next time.Time, limit int) ([]*ProviderMetadata, error) {
	if !tx.writable {
		return nil, errReadOnly
	}
	due, err := many(ctx, tx, scanMetadata, claimMetadata, toMS(now), toMS(next), limit)
	if err != nil {
		return nil, fmt.Errorf("claim metadata of identity providers: %w", err)
	}
	return due, nil
}

func scanMetadata(s scanner) (*ProviderMetadata, error) {
	var m ProviderMetadata
	var fetched, next, until int64
	err := s.Scan(&m.PoolID, &m.Name, &m.Document, &fetched, &next, &until)
	m.FetchedAt, m.NextAt, m.Until = fromMS(fetched), fromMS(next), fromMS(until)
	return &m, err
}
