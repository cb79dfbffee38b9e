package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/store"
)

func newSSOSession(id string, active time.Time) *store.SSOSession {
	return &store.SSOSession{
		PoolID: poolID, ID: id, Digest: []byte("digest of " + id), Sub: "s1", ClientID: "c1", Provider: "COGNITO",
		Factors: []string{"pwd", "otp"}, EventID: "e1", Upstream: "index", Level: 3, AuthAt: start, CreatedAt: start, ActiveAt: active,
		ExpiresAt: start.Add(time.Hour), LastIP: "192.0.2.1", Device: "Firefox",
	}
}

func insertSSOSession(t testing.TB, db *testDB, s *store.SSOSession) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertSSOSession(ctx, s) })
}

// found is the id of the session that a cookie's digest stands for at a time.
func ssoSession(t testing.TB, db *testDB, digest string, now time.Time) string {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) (string, error) {
		s, user, found, err := tx.SSOSession(ctx, poolID, []byte(digest), now)
		if err != nil || !found {
			return "", err
		}
		if user.Sub != s.Sub {
			t.Errorf("session of %s came with user %s", s.Sub, user.Sub)
		}
		return s.ID, nil
	})
}

func TestBrowserSessionsAreFoundByTheirCookie(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		one, two := newSSOSession("sso1", start), newSSOSession("sso2", start.Add(time.Minute))
		insertSSOSession(t, db, one)
		insertSSOSession(t, db, two)

		wantEqual(t, ssoSession(t, db, "digest of sso1", start), "sso1")
		wantEqual(t, ssoSession(t, db, "digest of sso3", start), "")
		wantEqual(t, ssoSession(t, db, "digest of sso1", start.Add(time.Hour)), "")

		list := func(now time.Time) []*store.SSOSession {
			return read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.SSOSession, error) {
				return tx.SSOSessions(ctx, poolID, "s1", now)
			})
		}
		wantEqual(t, list(start), []*store.SSOSession{two, one})
		if left := list(start.Add(time.Hour)); left != nil {
			t.Errorf("expired ones are listed: %+v", left)
		}

		later := start.Add(2 * time.Minute)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.TouchSSOSession(ctx, poolID, "sso1", later, "192.0.2.9", "Chrome"); err != nil {
				return err
			}
			return tx.TouchSSOSession(ctx, poolID, "sso1", start, "192.0.2.8", "Opera")
		})
		one.ActiveAt, one.LastIP, one.Device = later, "192.0.2.9", "Chrome"
		wantEqual(t, list(start), []*store.SSOSession{one, two})
		latest := later.Add(time.Minute)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.NoteSSOSession(ctx, poolID, "sso1", latest); err != nil {
				return err
			}
			return tx.NoteSSOSession(ctx, poolID, "sso1", later)
		})
		one.ActiveAt = latest
		wantEqual(t, list(start), []*store.SSOSession{one, two})

		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			ended, err := tx.EndSSOSession(ctx, poolID, "sso1")
			wantEqual(t, ended, true)
			return err
		})
		wantEqual(t, list(start), []*store.SSOSession{two})
		for id, want := range map[string]bool{"sso1": false, "sso2": true} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				there, err := tx.HasSSOSession(ctx, poolID, id)
				wantEqual(t, there, want)
				return err
			})
		}
	})
}

func TestTokensOfABrowserSessionAreRevokedTogether(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		for id, sso := range map[string]string{"f1": "sso1", "f2": "sso1", "f3": "sso2", "f4": "", "f5": "sso1"} {
			f := &store.Family{
				PoolID: poolID, ID: id, Sub: "s1", ClientID: "c1", EventID: "e-" + id, SSOID: sso,
				CreatedAt: start, AuthAt: start, ExpiresAt: start.Add(time.Hour),
			}
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertFamily(ctx, f, nil) })
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.RevokeFamiliesOfSSO(ctx, poolID, "s1", "sso1", "f5", start)
		})
		for id, sso := range map[string]string{"f1": "sso1", "f2": "sso1", "f3": "sso2", "f4": "", "f5": "sso1"} {
			family, _, _, err := sessionUser(t, db, id)
			if err != nil || family.SSOID != sso || !family.RevokedAt.IsZero() != (sso == "sso1" && id != "f5") {
				t.Errorf("family %s of %q: %+v, %v", id, sso, family, err)
			}
		}
	})
}

func TestExpiredBrowserSessionsArePurged(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		insertSSOSession(t, db, newSSOSession("sso1", start))
		if _, err := db.Purge(t.Context(), start.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, ssoSession(t, db, "digest of sso1", start), "")
	})
}
