package signingkeys

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

// Source hands out fresh RSA-2048 keys, each of them once. Making one takes a
// while, so a source keeps some in stock.
type Source interface {
	Next(ctx context.Context) (*rsa.PrivateKey, error)
}

const (
	// Notice is how long new keys are published before the first token is signed
	// with them: well longer than the Cache-Control of key sets lets them be kept.
	Notice = time.Hour
	// longestToken is how long after it was signed a token can be good, and a
	// margin for nodes that have not heard of the change yet.
	longestToken = 24*time.Hour + 5*time.Minute
)

// Make makes the two keys of a pool: one signs ID tokens, the other access tokens
// (spec/tokens.md §2). Public is the PKIX form.
func Make(ctx context.Context, source Source, now time.Time) ([]store.SigningKey, error) {
	var keys []store.SigningKey
	for _, use := range []string{store.KeyUseID, store.KeyUseAccess} {
		key, err := source.Next(ctx)
		if err != nil {
			return nil, fmt.Errorf("make signing key: %w", err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, fmt.Errorf("write signing key: %w", err)
		}
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			return nil, fmt.Errorf("write public signing key: %w", err)
		}
		keys = append(keys, store.SigningKey{ID: jwt.NewKeyID(), Use: use, Private: private, Public: public, CreatedAt: now})
	}
	return keys, nil
}

// Rotation replaces the signing keys of pools. All fields are set.
type Rotation struct {
	DB        *store.DB
	Directory *directory.Directory
	Source    Source
	Now       func() time.Time
}

// Rotate gives a pool new keys. They are published at once and sign after Notice;
// the old ones stay for as long as a token that they signed can be good. With
// compromised the new keys sign at once and the old ones are forgotten with
// everything they signed. It answers ResourceNotFoundException for unknown
// pools, and otherwise the keys that the pool has.
func (r *Rotation) Rotate(ctx context.Context, poolID string, compromised bool) ([]store.SigningKey, error) {
	now := r.Now().UTC().Truncate(time.Millisecond)
	made, err := Make(ctx, r.Source, now)
	if err != nil {
		return nil, err
	}
	signs, until := now.Add(Notice), now.Add(Notice+longestToken)
	if compromised {
		signs, until = now, now
	}
	keys, err := store.Write(ctx, r.DB, func(ctx context.Context, tx *store.Tx) ([]store.SigningKey, error) {
		pool, err := tx.LockPool(ctx, poolID)
		if err != nil {
			return nil, err
		}
		if err := tx.RetireSigningKeys(ctx, poolID, until); err != nil {
			return nil, err
		}
		for _, k := range made {
			k.SignsAt = signs
			if err := tx.InsertSigningKey(ctx, poolID, k); err != nil {
				return nil, err
			}
		}
		pool.Settings.KeyGeneration++
		if err := tx.SavePool(ctx, pool); err != nil {
			return nil, err
		}
		return tx.SigningKeys(ctx, poolID, now)
	})
	if err != nil {
		return nil, err
	}
	r.Directory.Forget(poolID)
	return keys, nil
}

// List gives the keys that a pool has, in the order in which they sign.
func (r *Rotation) List(ctx context.Context, poolID string) ([]store.SigningKey, error) {
	return store.Read(ctx, r.DB, func(ctx context.Context, tx *store.Tx) ([]store.SigningKey, error) {
		if _, err := tx.PoolByID(ctx, poolID); err != nil {
			return nil, err
		}
		return tx.SigningKeys(ctx, poolID, r.Now())
	})
}
