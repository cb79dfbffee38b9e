package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func addAuthEvent(t testing.TB, db *testDB, id string, at time.Time) *store.AuthEvent {
	t.Helper()
	e := &store.AuthEvent{PoolID: poolID, Sub: "s1", ID: id, CreatedAt: at, Doc: store.AuthEventDoc{
		Event:    api.AuthEventType{EventType: api.EventTypeSignIn, EventResponse: api.EventResponseTypePass},
		ClientID: "c1", Device: "d", Network: "192.0.2.0/24", Latitude: 52.5, Longitude: 13.4, Located: true,
		Score: 25, Reasons: []string{"new device +25"},
	}}
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertAuthEvent(ctx, e) })
	return e
}

func authEvents(t testing.TB, db *testDB, after *store.AuthEvent, limit int) []*store.AuthEvent {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.AuthEvent, error) {
		return tx.AuthEvents(ctx, poolID, "s1", after, limit)
	})
}

func TestAuthEventsAreListedNewestFirst(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		a, c, b := addAuthEvent(t, db, "a", start), addAuthEvent(t, db, "c", start.Add(time.Second)), addAuthEvent(t, db, "b", start.Add(time.Second))
		wantEqual(t, authEvents(t, db, nil, 9), []*store.AuthEvent{c, b, a})
		wantEqual(t, authEvents(t, db, nil, 2), []*store.AuthEvent{c, b})
		wantEqual(t, authEvents(t, db, c, 1), []*store.AuthEvent{b})
		wantEqual(t, authEvents(t, db, b, 9), []*store.AuthEvent{a})
		if rest := authEvents(t, db, a, 9); rest != nil {
			t.Errorf("after the oldest: %+v", rest)
		}
	})
}

func TestAuthEventsAreChangedInPlace(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		a := addAuthEvent(t, db, "a", start)
		a.Doc.Event.EventFeedback = &api.EventFeedbackType{FeedbackValue: api.FeedbackValueTypeInvalid, Provider: "Admin", FeedbackDate: api.TimeOf(start)}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			locked, found, err := tx.LockAuthEvent(ctx, poolID, "s1", "a")
			if err != nil || !found {
				t.Fatalf("lock: %v, %v", found, err)
			}
			locked.Doc.Event.EventFeedback = a.Doc.Event.EventFeedback
			if _, found, err := tx.LockAuthEvent(ctx, poolID, "s2", "a"); found || err != nil {
				t.Errorf("somebody else's event: %v, %v", found, err)
			}
			return tx.SaveAuthEvent(ctx, locked)
		})
		got := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.AuthEvent, error) {
			e, _, err := tx.AuthEvent(ctx, poolID, "s1", "a")
			return e, err
		})
		wantEqual(t, got, a)
	})
}

func TestAuthEventsGoAfterTwoYearsAndWithTheUser(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		addAuthEvent(t, db, "a", start)
		b := addAuthEvent(t, db, "b", start.Add(time.Hour))
		const twoYears = 730 * 24 * time.Hour
		if n, err := db.Purge(t.Context(), start.Add(twoYears-time.Second)); err != nil || n != 0 {
			t.Errorf("purged %d early, %v", n, err)
		}
		if n, err := db.Purge(t.Context(), start.Add(twoYears)); err != nil || n != 1 {
			t.Errorf("purged %d, want 1, %v", n, err)
		}
		wantEqual(t, authEvents(t, db, nil, 9), []*store.AuthEvent{b})
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, poolID, "s1") })
		if n := tableRows(t, db)["auth_events"]; n != 0 {
			t.Errorf("%d events of nobody", n)
		}
	})
}
