package identitytokens

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

// freshness is how long keys are used without looking at the database again: a
// key that another node has put out of use counts no longer than that.
const freshness = time.Second

// Notice is how long new keys are published before the first token is signed with
// them: longer than the Cache-Control of the key set, 30 days, lets it be kept.
const Notice = 31 * 24 * time.Hour

// margin is how long after the last token of a key has ended the key is forgotten.
const margin = 5 * time.Minute

// keys are those of the installation at one time, ready for use. They are not
// changed once they are made.
type keys struct {
	kid     string
	private *rsa.PrivateKey            // signs
	known   map[string]*rsa.PrivateKey // by kid
	set     []byte                     // the JSON Web Key Set
	loaded  time.Time
}

// KeySet gives the JSON Web Key Set of the issuer. The result must not be changed.
func (t *Tokens) KeySet(ctx context.Context) ([]byte, error) {
	current, err := t.current(ctx)
	if err != nil {
		return nil, err
	}
	return current.set, nil
}

// current gives the keys as of now, and makes the first one when there is none.
func (t *Tokens) current(ctx context.Context) (*keys, error) {
	now := t.Now()
	t.mu.Lock()
	before := t.keys
	t.mu.Unlock()
	if before != nil && !now.Before(before.loaded) && now.Before(before.loaded.Add(freshness)) {
		return before, nil
	}
	rows, err := t.rows(ctx, now)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		if rows, err = t.first(ctx, now); err != nil {
			return nil, err
		}
	}
	current, err := before.next(rows, now)
	if err != nil {
		return nil, fmt.Errorf("prepare identity keys: %w", err)
	}
	t.mu.Lock()
	t.keys = current
	t.mu.Unlock()
	return current, nil
}

func (t *Tokens) rows(ctx context.Context, now time.Time) ([]store.IdentityKey, error) {
	return store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) ([]store.IdentityKey, error) {
		return tx.IdentityKeys(ctx, now)
	})
}

// first makes the first key of the installation, unless another node is quicker.
func (t *Tokens) first(ctx context.Context, now time.Time) ([]store.IdentityKey, error) {
	key, err := t.make(ctx, now)
	if err != nil {
		return nil, err
	}
	key.Generation, key.SignsAt = 1, key.CreatedAt
	return store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) ([]store.IdentityKey, error) {
		if _, err := tx.InsertIdentityKey(ctx, key); err != nil {
			return nil, err
		}
		return tx.IdentityKeys(ctx, now)
	})
}

func (t *Tokens) make(ctx context.Context, now time.Time) (store.IdentityKey, error) {
	private, err := t.Source.Next(ctx)
	if err != nil {
		return store.IdentityKey{}, fmt.Errorf("make identity key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return store.IdentityKey{}, fmt.Errorf("write identity key: %w", err)
	}
	return store.IdentityKey{ID: jwt.NewKeyID(), Private: der, CreatedAt: now.UTC().Truncate(time.Millisecond)}, nil
}

// next makes rows ready for use. Keys that k has are not parsed again, which would
// cost more than a signature; k may be nil.
func (k *keys) next(rows []store.IdentityKey, now time.Time) (*keys, error) {
	current := &keys{known: make(map[string]*rsa.PrivateKey, len(rows)), loaded: now}
	set := struct {
		Keys []jwt.JWK `json:"keys"`
	}{make([]jwt.JWK, 0, len(rows))}
	for _, row := range rows {
		private, err := k.parsed(row)
		if err != nil {
			return nil, err
		}
		current.known[row.ID] = private
		set.Keys = append(set.Keys, jwt.RS512.JWK(row.ID, &private.PublicKey))
		if current.private == nil || !row.SignsAt.After(now) { // the latest whose time has come
			current.kid, current.private = row.ID, private
		}
	}
	if current.private == nil {
		return nil, fmt.Errorf("there is none")
	}
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(set); err != nil {
		return nil, fmt.Errorf("write key set: %w", err)
	}
	current.set = bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	return current, nil
}

func (k *keys) parsed(row store.IdentityKey) (*rsa.PrivateKey, error) {
	if k != nil {
		if private, ok := k.known[row.ID]; ok {
			return private, nil
		}
	}
	parsed, err := x509.ParsePKCS8PrivateKey(row.Private)
	if err != nil {
		return nil, fmt.Errorf("parse key %s: %w", row.ID, err)
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("key %s is a %T, not an RSA key", row.ID, parsed)
	}
	private.Precompute()
	return private, nil
}

// Rotate makes a new key (security.md S035). It is published at once and signs after
// Notice; those before stay for as long as a token that they signed can
// be good. With compromised the new key signs at once and the others are forgotten
// with everything they signed.
func (t *Tokens) Rotate(ctx context.Context, compromised bool) ([]store.IdentityKey, error) {
	now := t.Now().UTC().Truncate(time.Millisecond)
	key, err := t.make(ctx, now)
	if err != nil {
		return nil, err
	}
	key.SignsAt = now.Add(Notice)
	until := key.SignsAt.Add(MaxLifetime + margin)
	if compromised {
		key.SignsAt, until = now, now
	}
	rows, err := store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) ([]store.IdentityKey, error) {
		before, err := tx.IdentityKeys(ctx, now)
		if err != nil {
			return nil, err
		}
		if len(before) == 0 { // nobody else could sign until then
			key.SignsAt = now
		}
		if err := tx.ReplaceIdentityKeys(ctx, key, until); err != nil {
			return nil, err
		}
		return tx.IdentityKeys(ctx, now)
	})
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	t.keys = nil
	t.mu.Unlock()
	return rows, nil
}

// Keys lists the keys of the installation, in the order in which they sign.
func (t *Tokens) Keys(ctx context.Context) ([]store.IdentityKey, error) { return t.rows(ctx, t.Now()) }
