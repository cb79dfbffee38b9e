package sso

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/tracking"
	"cognate/internal/store"
)

// LocalProvider names a pool's own users among the identity providers of a
// client.
const LocalProvider = "COGNITO"

// DefaultMinutes is how long a client may take a session over where it was never
// told, and any client of a pool that tracks no sessions.
const DefaultMinutes = 60

const (
	idPrefix     = "sso" // of the ids of sessions
	idLength     = 25    // behind the prefix
	maxPerUser   = 25    // so that with 100 token sessions one page lists all (newest-features.md §4.4)
	handleLength = 32    // bytes of a cookie's value, before encoding
)

// Session is a session in force, with its user as of now.
type Session struct {
	*store.SSOSession
	User *store.User
}

// Level is the authentication level of the session: the one that the user's
// provider vouches for, or that the factors reach.
func (s *Session) Level() tokens.Level {
	if s.SSOSession.Level > 0 {
		return tokens.Level(s.SSOSession.Level)
	}
	return tokens.LevelOf(s.Factors)
}

// Age is how long ago the user was asked for anything.
func (s *Session) Age(now time.Time) time.Duration { return now.Sub(s.AuthAt) }

// Sessions finds and ends sessions. It is safe for concurrent use.
type Sessions struct {
	DB  *store.DB
	Now func() time.Time
}

// Find gives the session that a cookie stands for: nil where there is none, where
// it has ended or grown too old for every client, and where its user is disabled
// or gone.
func (s *Sessions) Find(ctx context.Context, pool *directory.Pool, cookie string) (*Session, error) {
	if !wellFormed(cookie) {
		return nil, nil
	}
	return store.Read(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (*Session, error) {
		found, user, ok, err := tx.SSOSession(ctx, pool.ID, Digest(cookie), s.Now())
		if err != nil || !ok || !user.Enabled {
			return nil, err
		}
		return &Session{found, user}, nil
	})
}

// Reusable reports whether a client may take a session over as far as its age is
// concerned: for an hour, or for the client's own time where sessions are
// tracked, counted from the last sign-in that asked the user for something.
func (s *Sessions) Reusable(session *Session, client *directory.Client) bool {
	return session.Age(s.Now()) < reuse(client)
}

func reuse(client *directory.Client) time.Duration {
	if client.Pool.TracksSessions() && client.SSOMinutes != nil {
		return time.Duration(*client.SSOMinutes) * time.Minute
	}
	return DefaultMinutes * time.Minute
}

// Life is how long a new session of a pool is kept: for as long as any client
// may take it over.
func Life(pool *directory.Pool) time.Duration {
	minutes := int32(DefaultMinutes)
	if pool.TracksSessions() {
		minutes = max(minutes, pool.Settings.Sessions.LongestSSOMinutes)
	}
	return time.Duration(minutes) * time.Minute
}

// New makes a session of a user who has just proved some factors by the request
// in ctx, and the value of its cookie. The caller stores it.
func (s *Sessions) New(ctx context.Context, client *directory.Client, sub, provider string, factors []string) (*store.SSOSession, string) {
	secret := make([]byte, handleLength)
	rand.Read(secret)
	handle := base64.RawURLEncoding.EncodeToString(secret)
	now, from := s.Now().UTC().Truncate(time.Millisecond), api.RequestFrom(ctx)
	return &store.SSOSession{
		PoolID: client.PoolID, ID: idPrefix + strings.ToLower(rand.Text())[:idLength], Digest: Digest(handle),
		Sub: sub, ClientID: client.ID, Provider: provider, Factors: factors,
		AuthAt: now, CreatedAt: now, ActiveAt: now, ExpiresAt: now.Add(Life(client.Pool)),
		LastIP: from.SourceIP, Device: tracking.Describe(from.UserAgent),
	}, handle
}

// Begin stores a session, and ends the least recently used ones of the user beyond
// the largest number.
func (s *Sessions) Begin(ctx context.Context, tx *store.Tx, session *store.SSOSession) error {
	list, err := tx.SSOSessions(ctx, session.PoolID, session.Sub, s.Now())
	if err != nil {
		return err
	}
	for keep := maxPerUser - 1; keep < len(list); keep++ {
		if _, err := tx.EndSSOSession(ctx, session.PoolID, list[keep].ID); err != nil {
			return err
		}
	}
	return tx.InsertSSOSession(ctx, session)
}

// Used notes within a transaction that the request in ctx takes a session over.
func (s *Sessions) Used(ctx context.Context, tx *store.Tx, session *store.SSOSession) error {
	from := api.RequestFrom(ctx)
	return tx.TouchSSOSession(ctx, session.PoolID, session.ID, s.Now(), from.SourceIP, tracking.Describe(from.UserAgent))
}

// End ends the session that a cookie stands for, if there is one; tokens that
// came from it stay. It gives the session that was ended, or nil.
func (s *Sessions) End(ctx context.Context, pool *directory.Pool, cookie string) (*store.SSOSession, error) {
	if !wellFormed(cookie) {
		return nil, nil
	}
	return store.Write(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (*store.SSOSession, error) {
		found, _, ok, err := tx.SSOSession(ctx, pool.ID, Digest(cookie), s.Now())
		if err != nil || !ok {
			return nil, err
		}
		_, err = tx.EndSSOSession(ctx, found.PoolID, found.ID)
		return found, err
	})
}

// EndUpstream ends the sessions of the user whom a provider knows by a subject: those
// that came from this provider and whose Upstream fits. Tokens that came from them
// stay.
func (s *Sessions) EndUpstream(ctx context.Context, poolID, provider, subject string, fits func(upstream string) bool) error {
	_, err := store.Write(ctx, s.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		identity, found, err := tx.UserIdentity(ctx, poolID, provider, store.SubjectAttribute, subject)
		if err != nil || !found {
			return struct{}{}, err
		}
		list, err := tx.SSOSessions(ctx, poolID, identity.Sub, s.Now())
		if err != nil {
			return struct{}{}, err
		}
		for _, session := range list {
			if session.Provider != provider || !fits(session.Upstream) {
				continue
			}
			if _, err := tx.EndSSOSession(ctx, poolID, session.ID); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

// Digest is what the database holds of a cookie's value.
func Digest(handle string) []byte {
	sum := sha256.Sum256([]byte(handle))
	return sum[:]
}

// wellFormed reports whether a cookie has the exact length and alphabet of a
// handle (S006).
func wellFormed(handle string) bool {
	if len(handle) != base64.RawURLEncoding.EncodedLen(handleLength) {
		return false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(handle)
	return err == nil && len(b) == handleLength
}
