package tokens

import (
	"bytes"
	"container/list"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

// poolKeys are the signing keys of one pool, ready for use.
type poolKeys struct {
	id, access signer
	uses       map[string]publicKey // by kid
	set        []byte               // the JSON Web Key Set

	generation int64     // of the pool's keys
	until      time.Time // when another key signs, or one is forgotten; zero: never
}

type signer struct {
	kid string
	key *rsa.PrivateKey
}

// unless gives the key that follows, unless it is too early for that.
func (s signer) unless(early bool, next signer) signer {
	if early {
		return s
	}
	return next
}

type publicKey struct {
	key *rsa.PublicKey
	use string // store.KeyUseID or store.KeyUseAccess
}

// cachedPools bounds the keys held in memory, to about 10 MiB.
const cachedPools = 1024

// keyCache holds the keys of the pools used last. Keys are parsed once: doing so
// costs more than a signature. They stay until the pool has others.
type keyCache struct {
	mu    sync.Mutex
	pools map[string]*list.Element
	order list.List // of cachedKeys, the one used last in front
}

type cachedKeys struct {
	poolID string
	keys   *poolKeys
}

func (c *keyCache) get(poolID string) *poolKeys {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.pools[poolID]
	if !ok {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(cachedKeys).keys
}

func (c *keyCache) put(poolID string, keys *poolKeys) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.pools[poolID]; ok {
		e.Value = cachedKeys{poolID, keys}
		return
	}
	if c.pools == nil {
		c.pools = make(map[string]*list.Element)
	}
	c.pools[poolID] = c.order.PushFront(cachedKeys{poolID, keys})
	if c.order.Len() > cachedPools {
		last := c.order.Back()
		delete(c.pools, last.Value.(cachedKeys).poolID)
		c.order.Remove(last)
	}
}

// keysOf gives the keys of a pool as of now.
func (t *Tokens) keysOf(ctx context.Context, pool *directory.Pool) (*poolKeys, error) {
	now := t.Now()
	keys := t.keys.get(pool.ID)
	if keys != nil && keys.generation >= pool.Settings.KeyGeneration && (keys.until.IsZero() || now.Before(keys.until)) {
		return keys, nil
	}
	rows, err := store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) ([]store.SigningKey, error) {
		return tx.SigningKeys(ctx, pool.ID, now)
	})
	if err != nil {
		return nil, err
	}
	if keys, err = parseKeys(rows, now); err != nil {
		return nil, fmt.Errorf("prepare signing keys of pool %s: %w", pool.ID, err)
	}
	keys.generation = pool.Settings.KeyGeneration
	t.keys.put(pool.ID, keys)
	return keys, nil
}

// parseKeys makes ready the keys that a pool has at now, in the order in which they
// sign.
func parseKeys(rows []store.SigningKey, now time.Time) (*poolKeys, error) {
	keys := &poolKeys{uses: make(map[string]publicKey, len(rows))}
	set := make([]jwt.JWK, 0, len(rows))
	for _, row := range rows {
		parsed, err := x509.ParsePKCS8PrivateKey(row.Private)
		if err != nil {
			return nil, fmt.Errorf("parse key %s: %w", row.ID, err)
		}
		key, ok := parsed.(*rsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("key %s is a %T, not an RSA key", row.ID, parsed)
		}
		key.Precompute()
		for _, change := range []time.Time{row.SignsAt, row.Until} {
			if change.After(now) && (keys.until.IsZero() || change.Before(keys.until)) {
				keys.until = change
			}
		}
		switch row.Use { // the latest key of a use whose time has come signs
		case store.KeyUseID:
			keys.id = keys.id.unless(row.SignsAt.After(now), signer{row.ID, key})
		case store.KeyUseAccess:
			keys.access = keys.access.unless(row.SignsAt.After(now), signer{row.ID, key})
		default:
			return nil, fmt.Errorf("key %s has the unknown use %q", row.ID, row.Use)
		}
		keys.uses[row.ID] = publicKey{&key.PublicKey, row.Use}
		set = append(set, jwt.NewJWK(row.ID, &key.PublicKey))
	}
	if keys.id.key == nil || keys.access.key == nil {
		return nil, fmt.Errorf("%d keys, but not one for each kind of token", len(rows))
	}
	var err error
	keys.set, err = keySet(set)
	return keys, err
}

func keySet(set []jwt.JWK) ([]byte, error) {
	var b bytes.Buffer
	if err := json.NewEncoder(&b).Encode(struct {
		Keys []jwt.JWK `json:"keys"`
	}{set}); err != nil {
		return nil, fmt.Errorf("write key set: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// KeySet gives the JSON Web Key Set of a pool (tokens.md §2). It answers
// ResourceNotFoundException when there is no such pool. The result must not be
// changed.
func (t *Tokens) KeySet(ctx context.Context, poolID string) ([]byte, error) {
	pool, err := t.Directory.Pool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	keys, err := t.keysOf(ctx, pool)
	if err != nil {
		return nil, err
	}
	return keys.set, nil
}
