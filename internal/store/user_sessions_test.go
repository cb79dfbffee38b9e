package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/store"
)

func addUserSession(t testing.TB, db *testDB, family, id string, active time.Time) *store.UserSession {
	t.Helper()
	f := &store.Family{
		PoolID: poolID, ID: family, Sub: "s1", ClientID: "c1", EventID: "e-" + family,
		CreatedAt: start, AuthAt: start, ExpiresAt: start.Add(time.Hour),
	}
	s := &store.UserSession{
		PoolID: poolID, ID: id, FamilyID: family, Sub: "s1", ActiveAt: active, LastIP: "192.0.2.1", Device: "Firefox",
		ClientID: "c1", CreatedAt: start, ExpiresAt: start.Add(time.Hour),
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertFamily(ctx, f, nil); err != nil {
			return err
		}
		return tx.InsertUserSession(ctx, s)
	})
	return s
}

func userSessions(t testing.TB, db *testDB, now time.Time) []*store.UserSession {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.UserSession, error) {
		return tx.UserSessions(ctx, poolID, "s1", now)
	})
}

func TestUserSessionsInForceAreListed(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		one := addUserSession(t, db, "f1", "tkn1", start)
		two := addUserSession(t, db, "f2", "tkn2", start.Add(time.Minute))
		wantEqual(t, userSessions(t, db, start), []*store.UserSession{two, one})
		if list := userSessions(t, db, start.Add(time.Hour)); list != nil {
			t.Errorf("expired ones are listed: %+v", list)
		}

		// Activity moves a session to the front, late news changes nothing.
		later := start.Add(2 * time.Minute)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			moved := *one
			moved.ActiveAt, moved.LastIP, moved.Device = later, "192.0.2.9", "Chrome"
			if err := tx.TouchUserSession(ctx, &moved); err != nil {
				return err
			}
			old := *one
			old.ActiveAt, old.LastIP = start.Add(time.Second), "192.0.2.8"
			return tx.TouchUserSession(ctx, &old)
		})
		one.ActiveAt, one.LastIP, one.Device = later, "192.0.2.9", "Chrome"
		wantEqual(t, userSessions(t, db, start), []*store.UserSession{one, two})

		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.EndUserSession(ctx, one, later) })
		wantEqual(t, userSessions(t, db, start), []*store.UserSession{two})
		family, _, _, err := sessionUser(t, db, "f1")
		if err != nil || !family.RevokedAt.Equal(later) {
			t.Errorf("the family of an ended session: %+v, %v", family, err)
		}

		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.RevokeFamily(ctx, poolID, "f2", later)
			return err
		})
		if list := userSessions(t, db, start); list != nil {
			t.Errorf("revoked ones are listed: %+v", list)
		}
	})
}

func TestDroppedSessionsLeaveTheTokens(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		addUserSession(t, db, "f1", "tkn1", start)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DropUserSessions(ctx, poolID) })
		if list := userSessions(t, db, start); list != nil {
			t.Errorf("still there: %+v", list)
		}
		family, _, found, err := sessionUser(t, db, "f1")
		if err != nil || !found || !family.RevokedAt.IsZero() {
			t.Errorf("family: %+v, %v, %v", family, found, err)
		}
	})
}
