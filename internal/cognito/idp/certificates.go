package idp

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"cognate/internal/protocol/saml"
	"cognate/internal/store"
)

// renewal is how often a key gets a new certificate (federation.md §3.1).
const renewal = 365 * 24 * time.Hour

// SigningKey is the key that a pool signs its SAML requests with.
func (s *SAML) SigningKey(ctx context.Context, poolID string) (*rsa.PrivateKey, error) {
	c, err := s.signing(ctx, poolID)
	if err != nil {
		return nil, err
	}
	return readKey(c.Private)
}

// SigningCertificate is the certificate (DER) of the key that a pool signs its SAML
// requests with.
func (s *SAML) SigningCertificate(ctx context.Context, poolID string) ([]byte, error) {
	c, err := s.signing(ctx, poolID)
	if err != nil {
		return nil, err
	}
	return c.Certificate, nil
}

// signing finds the signing key of a pool, which exists. The key is made when it is
// asked for first, and its certificate renewed when it has its age.
func (s *SAML) signing(ctx context.Context, poolID string) (*store.PoolCertificate, error) {
	kept, err := store.Read(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (*store.PoolCertificate, error) {
		c, _, err := tx.PoolCertificate(ctx, poolID, store.SAMLSigning)
		return c, err
	})
	if err != nil {
		return nil, err
	}
	now := s.Now().UTC().Truncate(time.Millisecond)
	if kept == nil {
		made := &store.PoolCertificate{PoolID: poolID, Purpose: store.SAMLSigning, CreatedAt: now}
		if made.Private, made.Certificate, err = s.newPair(ctx, poolID); err != nil {
			return nil, err
		}
		return store.Write(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (*store.PoolCertificate, error) {
			return tx.AddPoolCertificate(ctx, made)
		})
	}
	if now.Sub(kept.CreatedAt) < renewal {
		return kept, nil
	}
	if kept.Certificate, err = s.certify(poolID, kept.Private); err != nil {
		return nil, err
	}
	kept.CreatedAt = now
	return store.Write(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (*store.PoolCertificate, error) {
		return kept, tx.RenewPoolCertificate(ctx, kept)
	})
}

// Equip gives a SAML provider the key that assertions to the pool are encrypted
// for, or renews its certificate; false means that nothing was to do.
func (s *SAML) Equip(ctx context.Context, p *store.IdentityProvider) (changed bool, err error) {
	settings := &p.Settings
	if len(settings.EncryptionKey) == 0 {
		settings.EncryptionKey, settings.EncryptionCertificate, err = s.newPair(ctx, p.PoolID)
		return true, err
	}
	c, err := x509.ParseCertificate(settings.EncryptionCertificate)
	if err != nil {
		return false, fmt.Errorf("read the certificate of identity provider %s: %w", p.Name, err)
	}
	if s.Now().Sub(c.NotBefore) < renewal {
		return false, nil
	}
	settings.EncryptionCertificate, err = s.certify(p.PoolID, settings.EncryptionKey)
	return true, err
}

// newPair makes a key (PKCS #8) with its certificate (DER).
func (s *SAML) newPair(ctx context.Context, poolID string) (private, certificate []byte, err error) {
	key, err := s.Keys.Next(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("make a key for SAML: %w", err)
	}
	if private, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		return nil, nil, fmt.Errorf("write a key for SAML: %w", err)
	}
	certificate, err = saml.NewCertificate(key, poolID, s.Now())
	return private, certificate, err
}

func (s *SAML) certify(poolID string, private []byte) ([]byte, error) {
	key, err := readKey(private)
	if err != nil {
		return nil, err
	}
	return saml.NewCertificate(key, poolID, s.Now())
}

func readKey(private []byte) (*rsa.PrivateKey, error) {
	key, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		return nil, fmt.Errorf("read a key for SAML: %w", err)
	}
	pair, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read a key for SAML: it is a %T", key)
	}
	return pair, nil
}
