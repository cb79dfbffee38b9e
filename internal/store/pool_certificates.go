package store

import (
	"context"
	"fmt"
	"time"
)

// PoolCertificate is a key pair of a pool with a certificate that the pool has
// signed itself.
type PoolCertificate struct {
	PoolID, Purpose string
	Private         []byte // PKCS #8, sealed in the database
	Certificate     []byte // DER
	CreatedAt       time.Time
}

// SAMLSigning is the Purpose of the key that signs SAML requests.
const SAMLSigning = "saml-signing"

const (
	putCertificate = `INSERT INTO pool_certificates (pool_id, purpose, private, certificate, created_ms) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`
	renewCertificate  = `UPDATE pool_certificates SET certificate = $3, created_ms = $4 WHERE pool_id = $1 AND purpose = $2`
	selectCertificate = `SELECT pool_id, purpose, private, certificate, created_ms FROM pool_certificates WHERE pool_id = $1 AND purpose = $2`
)

// AddPoolCertificate adds a key with its certificate and answers the one that the
// pool has then: of several callers one adds its own.
func (tx *Tx) AddPoolCertificate(ctx context.Context, c *PoolCertificate) (*PoolCertificate, error) {
	sealed := tx.db.Seal("pool_certificates", "private", rowID(c.PoolID, c.Purpose), c.Private)
	if _, err := tx.change(ctx, putCertificate, c.PoolID, c.Purpose, sealed, c.Certificate, toMS(c.CreatedAt)); err != nil {
		return nil, fmt.Errorf("add certificate of pool %s: %w", c.PoolID, err)
	}
	found, _, err := tx.PoolCertificate(ctx, c.PoolID, c.Purpose)
	return found, err
}

// RenewPoolCertificate replaces the certificate of a key.
func (tx *Tx) RenewPoolCertificate(ctx context.Context, c *PoolCertificate) error {
	if _, err := tx.change(ctx, renewCertificate, c.PoolID, c.Purpose, c.Certificate, toMS(c.CreatedAt)); err != nil {
		return fmt.Errorf("renew certificate of pool %s: %w", c.PoolID, err)
	}
	return nil
}

// PoolCertificate finds a key of a pool with its certificate; false means that
// there is none.
func (tx *Tx) PoolCertificate(ctx context.Context, poolID, purpose string) (*PoolCertificate, bool, error) {
	c, found, err := one(ctx, tx, func(s scanner) (*PoolCertificate, error) {
		var c PoolCertificate
		var sealed []byte
		var created int64
		err := s.Scan(&c.PoolID, &c.Purpose, &sealed, &c.Certificate, &created)
		if err != nil {
			return nil, err
		}
		c.CreatedAt = fromMS(created)
		c.Private, err = tx.db.Unseal("pool_certificates", "private", rowID(c.PoolID, c.Purpose), sealed)
		return &c, err
	}, selectCertificate, poolID, purpose)
	if err != nil {
		return nil, false, fmt.Errorf("load certificate of pool %s: %w", poolID, err)
	}
	return c, found, nil
}
