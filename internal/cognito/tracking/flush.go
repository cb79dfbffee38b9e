package tracking

import (
	"context"
	"fmt"
	"time"

	"cognate/internal/store"
)

const (
	// flushEvery is how long a use may wait to be written.
	flushEvery = 500 * time.Millisecond
	// flushRows bounds one transaction.
	flushRows = 500
	// lastFlush bounds the writing of what is left at the end.
	lastFlush = 5 * time.Second
)

// Run writes what has been noted, until ctx ends, and then what is left.
func (t *Tracker) Run(ctx context.Context) error {
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastFlush)
			defer cancel()
			return t.Flush(rest)
		case <-ticker.C:
		}
		if err := t.Flush(ctx); err != nil {
			return err
		}
	}
}

// Flush writes what has been noted. What cannot be written is kept for the next
// time.
func (t *Tracker) Flush(ctx context.Context) error {
	t.mu.Lock()
	uses := make([]*store.UserSession, 0, len(t.pending))
	for _, use := range t.pending {
		uses = append(uses, use)
	}
	t.mu.Unlock()
	for len(uses) > 0 {
		batch := uses[:min(len(uses), flushRows)]
		uses = uses[len(batch):]
		_, err := store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			for _, use := range batch {
				if err := tx.TouchUserSession(ctx, use); err != nil {
					return struct{}{}, err
				}
				if use.SSOID == "" {
					continue
				}
				if err := tx.NoteSSOSession(ctx, use.PoolID, use.SSOID, use.ActiveAt); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		})
		if err != nil {
			return fmt.Errorf("write the last uses of sessions: %w", err)
		}
		t.written(batch)
	}
	return nil
}

// written forgets uses, unless a later one of the same family has come.
func (t *Tracker) written(batch []*store.UserSession) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, use := range batch {
		if key := (family{use.PoolID, use.FamilyID}); t.pending[key] == use {
			delete(t.pending, key)
		}
	}
}
