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

	"cognate/internal/protocol/jwt"
	"cognate/internal/store"
)

// poolKeys are the signing keys of one pool, ready for use.
type poolKeys struct {
	id, access signer
	uses       map[string]publicKey // by kid
	set        []byte               // the JSON Web Key Set
}

type signer struct {
	kid string
	key *rsa.PrivateKey
}

type publicKey struct {
	key *rsa.PublicKey
	use string // store.KeyUseID or store.KeyUseAccess
}

// cachedPools bounds the keys held in memory, to about 10 MiB.
const cachedPools = 1024

// keyCache holds the keys of the pools used last. Keys are parsed once: doing so
// costs more than a signature. They may stay because a pool's keys never change.
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
	if _, ok := c.pools[poolID]; ok {
		return // somebody else was faster
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

// keysOf gives the keys of a pool.
func (t *Tokens) keysOf(ctx context.Context, poolID string) (*poolKeys, error) {
	if keys := t.keys.get(poolID); keys != nil {
		return keys, nil
	}
	rows, err := store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) ([]store.SigningKey, error) {
		return tx.SigningKeys(ctx, poolID)
	})
	if err != nil {
		return nil, err
	}
	keys, err := parseKeys(rows)
	if err != nil {
		return nil, fmt.Errorf("prepare signing keys of pool %s: %w", poolID, err)
	}
	t.keys.put(poolID, keys)
	return keys, nil
}

func parseKeys(rows []store.SigningKey) (*poolKeys, error) {
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
		switch row.Use { // the newest key of a use signs
		case store.KeyUseID:
			keys.id = signer{row.ID, key}
		case store.KeyUseAccess:
			keys.access = signer{row.ID, key}
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
	keys, err := t.keysOf(ctx, pool.ID)
	if err != nil {
		return nil, err
	}
	return keys.set, nil
}
