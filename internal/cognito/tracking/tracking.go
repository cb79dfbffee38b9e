package tracking

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Tracker keeps the records of sessions. It is safe for concurrent use; DB and
// Now are set before the first use.
type Tracker struct {
	DB  *store.DB
	Now func() time.Time

	mu      sync.Mutex
	pending map[family]*store.UserSession // uses that are not written yet
}

type family struct{ poolID, id string }

const (
	tokenPrefix = "tkn" // of the ids of token sessions
	idLength    = 25    // behind the prefix
)

// Begin records the session of a family that the transaction has just added,
// and ends the least recently used sessions beyond the pool's number. The caller
// has the user locked, so that sign-ins at one time do not count past one
// another. In pools that track no sessions it does nothing.
func (t *Tracker) Begin(ctx context.Context, tx *store.Tx, pool *directory.Pool, f *store.Family) error {
	if !pool.TracksSessions() {
		return nil
	}
	sessions, err := t.List(ctx, tx, pool, f.Sub)
	if err != nil {
		return err
	}
	for keep := pool.MaxSessions() - 1; keep < len(sessions); keep++ {
		if err := tx.EndUserSession(ctx, sessions[keep], f.CreatedAt); err != nil {
			return err
		}
	}
	if f.SSOID != "" {
		if err := tx.NoteSSOSession(ctx, f.PoolID, f.SSOID, f.CreatedAt); err != nil {
			return err
		}
	}
	session := t.use(ctx, f, f.CreatedAt)
	session.ID = tokenPrefix + strings.ToLower(rand.Text())[:idLength]
	return tx.InsertUserSession(ctx, session)
}

// List gives the sessions of a user that are in force, the most recently used
// first.
func (t *Tracker) List(ctx context.Context, tx *store.Tx, pool *directory.Pool, sub string) ([]*store.UserSession, error) {
	if !pool.TracksSessions() {
		return nil, nil
	}
	sessions, err := tx.UserSessions(ctx, pool.ID, sub, t.Now())
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	for _, s := range sessions {
		if p, ok := t.pending[family{s.PoolID, s.FamilyID}]; ok && !p.ActiveAt.Before(s.ActiveAt) {
			s.ActiveAt, s.LastIP, s.Device = p.ActiveAt, p.LastIP, p.Device
		}
	}
	t.mu.Unlock()
	slices.SortStableFunc(sessions, func(a, b *store.UserSession) int { return b.ActiveAt.Compare(a.ActiveAt) })
	return sessions, nil
}

// Browsers gives the sessions of a user in browsers that are in force, the most
// recently used first: a refresh of tokens that came from one is activity too.
func (t *Tracker) Browsers(ctx context.Context, tx *store.Tx, pool *directory.Pool, sub string) ([]*store.SSOSession, error) {
	if !pool.TracksSessions() {
		return nil, nil
	}
	sessions, err := tx.SSOSessions(ctx, pool.ID, sub, t.Now())
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	for _, p := range t.pending {
		for _, s := range sessions {
			if p.SSOID == s.ID && p.PoolID == s.PoolID && p.ActiveAt.After(s.ActiveAt) {
				s.ActiveAt = p.ActiveAt
			}
		}
	}
	t.mu.Unlock()
	slices.SortStableFunc(sessions, func(a, b *store.SSOSession) int { return b.ActiveAt.Compare(a.ActiveAt) })
	return sessions, nil
}

// Used notes that tokens of a family were refreshed just now by the request in
// ctx. It does not wait for the database.
func (t *Tracker) Used(ctx context.Context, pool *directory.Pool, f *store.Family) {
	if !pool.TracksSessions() {
		return
	}
	use := t.use(ctx, f, t.Now().UTC().Truncate(time.Millisecond))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(use)
}

func (t *Tracker) note(use *store.UserSession) {
	key := family{use.PoolID, use.FamilyID}
	if t.pending == nil {
		t.pending = make(map[family]*store.UserSession)
	}
	if p, ok := t.pending[key]; !ok || !use.ActiveAt.Before(p.ActiveAt) {
		t.pending[key] = use
	}
}

// use describes a request that uses a family.
func (t *Tracker) use(ctx context.Context, f *store.Family, at time.Time) *store.UserSession {
	from := api.RequestFrom(ctx)
	return &store.UserSession{
		PoolID: f.PoolID, FamilyID: f.ID, Sub: f.Sub, SSOID: f.SSOID, ActiveAt: at,
		LastIP: from.SourceIP, Device: Describe(from.UserAgent),
	}
}
