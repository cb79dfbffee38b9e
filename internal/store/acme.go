package store

import (
	"context"
	"fmt"
	"time"
)

const (
	selectACMEEntry = `SELECT data FROM acme_entries WHERE name = $1`
	upsertACMEEntry = `INSERT INTO acme_entries (name, data, modified_ms) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET data = excluded.data, modified_ms = excluded.modified_ms`
	deleteACMEEntry = `DELETE FROM acme_entries WHERE name = $1`
)

// ACMEEntry gives what was saved under a name for the certificates that
// authorities give this installation: accounts, certificates with their keys,
// answers to challenges. Every node finds what another has saved.
func (tx *Tx) ACMEEntry(ctx context.Context, name string) (data []byte, found bool, err error) {
	scan := func(s scanner) ([]byte, error) {
		var sealed []byte
		if err := s.Scan(&sealed); err != nil {
			return nil, err
		}
		return tx.db.Unseal("acme_entries", "data", name, sealed)
	}
	data, found, err = one(ctx, tx, scan, selectACMEEntry, name)
	if err != nil {
		return nil, false, fmt.Errorf("read ACME entry %s: %w", name, err)
	}
	return data, found, nil
}

// SaveACMEEntry saves data under a name, sealed.
func (tx *Tx) SaveACMEEntry(ctx context.Context, name string, data []byte, at time.Time) error {
	sealed := tx.db.Seal("acme_entries", "data", name, data)
	if _, err := tx.change(ctx, upsertACMEEntry, name, sealed, toMS(at)); err != nil {
		return fmt.Errorf("save ACME entry %s: %w", name, err)
	}
	return nil
}

// DeleteACMEEntry removes what was saved under a name, if there is something.
func (tx *Tx) DeleteACMEEntry(ctx context.Context, name string) error {
	if _, err := tx.change(ctx, deleteACMEEntry, name); err != nil {
		return fmt.Errorf("delete ACME entry %s: %w", name, err)
	}
	return nil
}
