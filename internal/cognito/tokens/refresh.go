package tokens

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// reuseRevokes is how long after its rotation a refresh token may turn up again
// and still pass for a retry or a second tab. Later, its family ends (S010).
const reuseRevokes = time.Minute

// Refreshed is what a refresh token stands for. Grant is complete but for the
// time of issue.
type Refreshed struct {
	Grant
	// RefreshToken is the successor, empty when the client does not rotate.
	RefreshToken string
}

// Scopes are those that the sign-in was granted; a refresh never widens them
// (S008).
func (r *Refreshed) Scopes() []string { return r.doc.scopes() }

func errInvalidRefresh() error { return api.NotAuthorizedException("Invalid Refresh Token.") }

// Find looks up a refresh token of a client and checks that it may be used,
// from the device that it is bound to, without using it up. Rotated tokens answer RefreshTokenReuseException, see
// Rotate; other errors are the NotAuthorizedExceptions of tokens.md §10.
func (t *Tokens) Find(ctx context.Context, c *directory.Client, refreshToken, deviceKey string) (*Refreshed, error) {
	digest, err := t.digestOf(refreshToken)
	if err != nil {
		return nil, err
	}
	var reused bool
	found, err := store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (*Refreshed, error) {
		session, err := t.session(ctx, tx, c, digest, deviceKey)
		if err != nil {
			return nil, err
		}
		if reused = !session.Token.UsedAt.IsZero(); reused {
			return nil, nil
		}
		return t.grant(ctx, tx, c, session)
	})
	if err != nil || !reused {
		return found, err
	}
	// The client rotated once and does not any more.
	return t.rotate(ctx, c, digest, deviceKey, 0)
}

// Peek is Find for tokens that Rotate is going to exchange: it does not mind
// those that were rotated.
func (t *Tokens) Peek(ctx context.Context, c *directory.Client, refreshToken, deviceKey string) (*Refreshed, error) {
	digest, err := t.digestOf(refreshToken)
	if err != nil {
		return nil, err
	}
	return store.Read(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (*Refreshed, error) {
		session, err := t.session(ctx, tx, c, digest, deviceKey)
		if err != nil {
			return nil, err
		}
		return t.grant(ctx, tx, c, session)
	})
}

// Rotate exchanges a refresh token of a rotating client for its successor, which
// ends when the first token of the family would have (newest-features.md §16).
// Within the grace period the old one gives further successors. After it, the
// answer is RefreshTokenReuseException; if that happens more than a minute after
// the rotation, or the successor has been used, the family is revoked.
func (t *Tokens) Rotate(ctx context.Context, c *directory.Client, refreshToken, deviceKey string) (*Refreshed, error) {
	digest, err := t.digestOf(refreshToken)
	if err != nil {
		return nil, err
	}
	_, grace := c.Rotation()
	return t.rotate(ctx, c, digest, deviceKey, grace)
}

func (t *Tokens) digestOf(refreshToken string) ([]byte, error) {
	if !looksLikeRefreshToken(refreshToken) {
		return nil, errInvalidRefresh()
	}
	return Digest(refreshToken), nil
}

func (t *Tokens) rotate(ctx context.Context, c *directory.Client, digest []byte, deviceKey string, grace time.Duration) (*Refreshed, error) {
	next := newRefreshToken()
	return store.Write(ctx, t.DB, func(ctx context.Context, tx *store.Tx) (*Refreshed, error) {
		session, err := t.session(ctx, tx, c, digest, deviceKey)
		if err != nil {
			return nil, err
		}
		now := t.Now()
		if used := session.Token.UsedAt; !used.IsZero() && (grace <= 0 || now.Sub(used) >= grace) {
			return nil, t.reuse(ctx, tx, session)
		}
		if session.doc.AdminPassword {
			return nil, errInvalidRefresh()
		}
		rotated, err := tx.RotateRefreshToken(ctx, store.Rotation{
			PoolID: c.PoolID, Old: digest, New: Digest(next), Grace: grace, ExpiresAt: session.Token.ExpiresAt,
			// Later than the token it replaces, whatever the clock says:
			// tx.SuccessorUsed tells generations apart by that.
			At: latest(now, session.Token.CreatedAt.Add(time.Millisecond)),
		})
		if err != nil {
			return nil, err
		}
		if !rotated { // somebody else did between the two statements
			session, err := t.session(ctx, tx, c, digest, deviceKey)
			if err != nil {
				return nil, err
			}
			return nil, t.reuse(ctx, tx, session)
		}
		found, err := t.grant(ctx, tx, c, session)
		if err != nil {
			return nil, err
		}
		found.RefreshToken = next
		return found, nil
	})
}

// session loads a token and checks everything but whether it was rotated away.
func (t *Tokens) session(ctx context.Context, tx *store.Tx, c *directory.Client, digest []byte, deviceKey string) (*session, error) {
	found, ok, err := tx.RefreshToken(ctx, c.PoolID, digest)
	switch {
	case err != nil:
		return nil, err
	case !ok || found.Family.ClientID != c.ID || !bound(c, found.Family, deviceKey):
		return nil, errInvalidRefresh()
	case !found.Family.RevokedAt.IsZero():
		return nil, api.NotAuthorizedException("Refresh Token has been revoked")
	case !t.Now().Before(found.Token.ExpiresAt):
		return nil, api.NotAuthorizedException("Refresh Token has expired")
	case !found.User.Enabled:
		return nil, api.NotAuthorizedException("User is disabled.")
	}
	doc, err := readDoc(found.Family)
	return &session{found, doc}, err
}

// bound reports whether a family may be used from a device: while the pool
// tracks devices, a token that was issued with a device key goes with that key
// (auth-flows.md §12).
func bound(c *directory.Client, f *store.Family, deviceKey string) bool {
	return !c.Pool.TracksDevices() || f.DeviceKey == "" || f.DeviceKey == deviceKey
}

// session is a refresh session with its description read.
type session struct {
	*store.RefreshSession
	doc familyDoc
}

func (t *Tokens) grant(ctx context.Context, tx *store.Tx, c *directory.Client, s *session) (*Refreshed, error) {
	groups, err := tx.AllGroupsOfUser(ctx, c.PoolID, s.User.Sub)
	if err != nil {
		return nil, err
	}
	return &Refreshed{Grant: Grant{Client: c, User: s.User, Groups: groups, Family: s.Family, At: t.Now(), doc: s.doc}}, nil
}

// reuse decides what becomes of a family whose rotated token turned up again.
func (t *Tokens) reuse(ctx context.Context, tx *store.Tx, s *session) error {
	refused := api.RefreshTokenReuseException("Refresh Token has been reused")
	now := t.Now()
	stolen := now.Sub(s.Token.UsedAt) > reuseRevokes
	if !stolen {
		var err error
		if stolen, err = tx.SuccessorUsed(ctx, s.Token); err != nil {
			return err
		}
	}
	if !stolen {
		return refused
	}
	if _, err := tx.RevokeFamily(ctx, s.Family.PoolID, s.Family.ID, now); err != nil {
		return err
	}
	return store.CommitWith(refused)
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
