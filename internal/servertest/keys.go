package servertest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
)

// keyRing hands out signing keys. Making one costs as much as 65 signatures,
// so after the first few it starts again: pools made close together never
// share a key, pools made long after one another may.
type keyRing struct {
	mu   sync.Mutex
	keys []*rsa.PrivateKey
	next int
}

const ringSize = 16

func (r *keyRing) Next(context.Context) (*rsa.PrivateKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.next++
	if len(r.keys) == ringSize {
		return r.keys[r.next%ringSize], nil
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	r.keys = append(r.keys, key)
	return key, nil
}
