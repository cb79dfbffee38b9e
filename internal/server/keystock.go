package server

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// keyBits is the size of the signing keys of a pool (spec/tokens.md §1).
const keyBits = 2048

// patience bounds how long Patient waits.
const patience = 300 * time.Millisecond

// keyStock makes RSA keys before they are asked for: making one costs as much
// as 65 signatures, and CreateUserPool needs two. The stock is in memory
// only; a pool's keys are stored with the pool in one transaction, so a pool
// that was answered has them after a crash.
type keyStock struct {
	ready   chan *rsa.PrivateKey
	stopped <-chan struct{}
	full    chan struct{} // closed when the stock is full for the first time
	once    sync.Once
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// newKeyStock starts to fill a stock of size keys on all cores.
func newKeyStock(size int) *keyStock {
	ctx, cancel := context.WithCancel(context.Background())
	s := &keyStock{ready: make(chan *rsa.PrivateKey, size), stopped: ctx.Done(), full: make(chan struct{}), cancel: cancel}
	for range min(size, runtime.GOMAXPROCS(0)) {
		s.done.Go(func() { s.fill(ctx) })
	}
	return s
}

func (s *keyStock) fill(ctx context.Context) {
	for ctx.Err() == nil {
		key, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return // Next makes its own then, and reports what is wrong
		}
		select {
		case s.ready <- key:
		case <-ctx.Done():
		}
		if len(s.ready) == cap(s.ready) {
			s.once.Do(func() { close(s.full) })
		}
	}
}

// Patient waits until the stock has been full once, so that whoever can wait
// takes no key from those who are in a hurry at the start; but not for long.
func (s *keyStock) Patient(ctx context.Context) {
	enough := time.NewTimer(patience)
	defer enough.Stop()
	select {
	case <-s.full:
	case <-enough.C:
	case <-ctx.Done():
	}
}

// Next gives a key that was never given before. It waits for the stock, which
// is being filled; with a stopped stock it makes one itself.
func (s *keyStock) Next(ctx context.Context) (*rsa.PrivateKey, error) {
	select {
	case key := <-s.ready:
		return key, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a signing key: %w", ctx.Err())
	case <-s.stopped:
	}
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, fmt.Errorf("make a signing key: %w", err)
	}
	return key, nil
}

// Close stops making keys.
func (s *keyStock) Close() {
	s.cancel()
	s.done.Wait()
}
