package oidc

import (
	"context"
	"sync"
	"time"
)

// flights lets calls for the same address share one answer that are made at the
// same moment, or within a second of a good one (security.md S118).
type flights struct {
	mu      sync.Mutex
	pending map[string]*flight
	now     func() time.Time
}

type flight struct {
	landed chan struct{}
	done   bool
	at     time.Time // when it was done
	got    *answer
	err    error
}

// fresh is how long a good answer is shared.
const fresh = time.Second

// share makes the call unless the same one is under way or fresh. A caller who
// gives up leaves it to the others.
func (f *flights) share(ctx context.Context, address string, call func(context.Context) (*answer, error)) (*answer, error) {
	f.mu.Lock()
	one, ok := f.pending[address]
	if !ok || one.done && (one.err != nil || f.now().Sub(one.at) >= fresh) {
		if f.pending == nil {
			f.pending = make(map[string]*flight)
		}
		one = &flight{landed: make(chan struct{})}
		f.pending[address] = one
		go func() {
			got, err := call(context.WithoutCancel(ctx))
			f.mu.Lock()
			one.got, one.err, one.done, one.at = got, err, true, f.now()
			f.sweep()
			f.mu.Unlock()
			close(one.landed)
		}()
	}
	f.mu.Unlock()
	select {
	case <-one.landed:
		return one.got, one.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// crowded is how many answers are kept before those past their time are dropped.
const crowded = 256

func (f *flights) sweep() {
	if len(f.pending) < crowded {
		return
	}
	for address, one := range f.pending {
		if one.done && f.now().Sub(one.at) >= fresh {
			delete(f.pending, address)
		}
	}
}
