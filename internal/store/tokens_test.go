package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func sessionUser(t testing.TB, db *testDB, familyID string) (*store.Family, *store.User, bool, error) {
	t.Helper()
	type session struct {
		family *store.Family
		user   *store.User
		found  bool
	}
	s, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (session, error) {
		f, u, found, err := tx.SessionUser(ctx, poolID, familyID)
		return session{f, u, found}, err
	})
	return s.family, s.user, s.found, err
}

func newFamily(t testing.TB, db *testDB) *store.Family {
	t.Helper()
	newPool(t, db)
	insertUser(t, db, newUser("s1", "ana"), store.Name{Name: "ana", Kind: store.NameUsername})
	f := &store.Family{
		PoolID: poolID, ID: "f1", Sub: "s1", ClientID: "c1", EventID: "e1",
		CreatedAt: start, AuthAt: start, ExpiresAt: start.Add(time.Hour), Doc: json.RawMessage(`{"a":1}`),
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertFamily(ctx, f, []byte("first")) })
	return f
}

func TestSessionIsReadWithItsUser(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		want := newFamily(t, db)
		family, user, found, err := sessionUser(t, db, "f1")
		if err != nil || !found || user.Sub != "s1" || user.Username != "ana" {
			t.Fatalf("session: %+v, %+v, %v, %v", family, user, found, err)
		}
		wantEqual(t, family, want)
		for _, id := range []string{"other", "", "a\x00"} {
			if _, _, found, err := sessionUser(t, db, id); found || err != nil {
				t.Errorf("session %q: found %v, %v", id, found, err)
			}
		}
	})
}

func TestRevocationStays(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newFamily(t, db)
		for i, want := range []bool{true, false} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				revoked, err := tx.RevokeFamily(ctx, poolID, "f1", start.Add(time.Duration(i+1)*time.Minute))
				if revoked != want {
					t.Errorf("revocation %d: %v", i, revoked)
				}
				return err
			})
		}
		family, _, _, err := sessionUser(t, db, "f1")
		if err != nil || !family.RevokedAt.Equal(start.Add(time.Minute)) {
			t.Errorf("revoked at %v, %v", family.RevokedAt, err)
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertFamily(ctx, &store.Family{PoolID: poolID, ID: "f2", Sub: "s1"}, nil); err != nil {
				return err
			}
			n, err := tx.RevokeUserFamilies(ctx, poolID, "s1", start)
			if n != 1 {
				t.Errorf("%d families revoked, want the one in force", n)
			}
			return err
		})
	})
}

func refreshToken(t testing.TB, db *testDB, digest string) *store.RefreshSession {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) (*store.RefreshSession, error) {
		s, found, err := tx.RefreshToken(ctx, poolID, []byte(digest))
		if found != (s != nil) {
			t.Errorf("token %s: found %v, session %v", digest, found, s)
		}
		return s, err
	})
}

func TestRefreshTokenRotatesOnceAndWithinGrace(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newFamily(t, db)
		rotate := func(old, next string, at time.Time, grace time.Duration) (rotated bool) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				rotated, err = tx.RotateRefreshToken(ctx, store.Rotation{
					PoolID: poolID, Old: []byte(old), New: []byte(next), At: at, ExpiresAt: start.Add(time.Hour), Grace: grace,
				})
				return err
			})
			return rotated
		}
		used := start.Add(time.Minute)
		steps := []struct {
			name, old, next string
			at              time.Time
			grace           time.Duration
			want            bool
		}{
			{"first use", "first", "n1", used, 0, true},
			{"second use", "first", "n2", used, 0, false},
			{"within grace", "first", "n3", used.Add(9 * time.Second), 10 * time.Second, true},
			{"grace counts from the first use", "first", "n4", used.Add(11 * time.Second), 10 * time.Second, false},
			{"the successor", "n1", "n5", used, 0, true},
			{"expired", "n5", "n6", start.Add(time.Hour), 0, false},
			{"unknown", "none", "n7", used, 0, false},
		}
		for _, s := range steps {
			if got := rotate(s.old, s.next, s.at, s.grace); got != s.want {
				t.Errorf("%s: rotated %v, want %v", s.name, got, s.want)
			}
			if exists := refreshToken(t, db, s.next) != nil; exists != s.want {
				t.Errorf("%s: successor exists %v", s.name, exists)
			}
		}
		first := refreshToken(t, db, "first")
		if !first.Token.UsedAt.Equal(used) || first.Family.ID != "f1" || first.User.Sub != "s1" || !first.Token.ExpiresAt.Equal(start.Add(time.Hour)) {
			t.Errorf("first token is %+v", first.Token)
		}
	})
}

func TestTickets(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		put := func(doc string, life time.Duration) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.PutTicket(ctx, store.Ticket{PoolID: poolID, Kind: "code", ID: "ana", Doc: []byte(doc), ExpiresAt: db.now().Add(life)})
			})
		}
		take := func() (doc string, found bool) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				var ticket store.Ticket
				ticket, found, err = tx.TakeTicket(ctx, poolID, "code", "ana")
				doc = string(ticket.Doc)
				return err
			})
			return doc, found
		}
		put("123", time.Minute)
		put("456", time.Minute) // replaces
		got := read(t, db, func(ctx context.Context, tx *store.Tx) (store.Ticket, error) {
			ticket, _, err := tx.Ticket(ctx, poolID, "code", "ana")
			return ticket, err
		})
		wantEqual(t, got, store.Ticket{PoolID: poolID, Kind: "code", ID: "ana", Doc: []byte("456"), ExpiresAt: start.Add(time.Minute)})
		if doc, found := take(); doc != "456" || !found {
			t.Errorf("took %q, %v", doc, found)
		}
		if _, found := take(); found {
			t.Error("a ticket was taken twice")
		}
		put("789", time.Minute)
		db.advance(time.Minute)
		if _, found := take(); found {
			t.Error("an expired ticket was taken")
		}
	})
}

func TestAttemptsCountAndReset(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		k := store.AttemptsKey{PoolID: poolID, Subject: "digest", Kind: "password"}
		current := func() store.Attempts {
			return read(t, db, func(ctx context.Context, tx *store.Tx) (store.Attempts, error) { return tx.Attempts(ctx, k) })
		}
		wantEqual(t, current(), store.Attempts{})
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			a, err := tx.LockAttempts(ctx, k)
			wantEqual(t, a, store.Attempts{})
			return err
		})
		for i := range 3 {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				a, err := tx.IncrementAttempts(ctx, k, start.Add(time.Duration(i)*time.Second))
				if a.Count != i+1 {
					t.Errorf("count is %d, want %d", a.Count, i+1)
				}
				return err
			})
		}
		wantEqual(t, current(), store.Attempts{Count: 3, FirstAt: start, LastAt: start.Add(2 * time.Second)})
		want := store.Attempts{Count: 7, FirstAt: start, LastAt: start.Add(time.Hour)}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SaveAttempts(ctx, k, want) })
		wantEqual(t, current(), want)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.ResetAttempts(ctx, k) })
		wantEqual(t, current(), store.Attempts{})
	})
}

func TestAttemptsOfASubjectAddUp(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		for i, kind := range []string{"a", "b", "c"} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				for range i + 1 {
					if _, err := tx.IncrementAttempts(ctx, store.AttemptsKey{PoolID: poolID, Subject: "digest", Kind: kind}, start); err != nil {
						return err
					}
				}
				_, err := tx.IncrementAttempts(ctx, store.AttemptsKey{PoolID: poolID, Subject: "other", Kind: kind}, start)
				return err
			})
		}
		for subject, want := range map[string]int{"digest": 6, "other": 3, "none": 0} {
			got := read(t, db, func(ctx context.Context, tx *store.Tx) (int, error) { return tx.SumAttempts(ctx, poolID, subject) })
			if got != want {
				t.Errorf("%s: %d, want %d", subject, got, want)
			}
		}
	})
}

func TestGroupsAndMembers(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		for _, sub := range []string{"s1", "s2", "s3"} {
			insertUser(t, db, newUser(sub, sub))
		}
		precedence := map[string]*int32{"admins": new(int32(5)), "Staff": nil, "zoo": new(int32(1)), "a": new(int32(5))}
		for name, p := range precedence {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				g := &store.Group{PoolID: poolID, Name: name, CreatedAt: start, ModifiedAt: start, Settings: api.GroupType{GroupName: name, Precedence: p}}
				if added, err := tx.InsertGroup(ctx, g); err != nil || !added {
					t.Errorf("group %s: %v, %v", name, added, err)
				}
				if added, err := tx.InsertGroup(ctx, g); err != nil || added {
					t.Errorf("group %s again: %v, %v", name, added, err)
				}
				for _, want := range []bool{true, false} {
					if added, err := tx.AddMember(ctx, poolID, name, "s1", start); err != nil || added != want {
						t.Errorf("member: %v, %v, want %v", added, err, want)
					}
				}
				return nil
			})
		}
		names := func(list []*store.Group) (names []string) {
			for _, g := range list {
				names = append(names, g.Name)
			}
			return names
		}
		groups := func(body func(ctx context.Context, tx *store.Tx) ([]*store.Group, error)) []string {
			return names(read(t, db, body))
		}
		wantEqual(t, groups(func(ctx context.Context, tx *store.Tx) ([]*store.Group, error) {
			return tx.AllGroupsOfUser(ctx, poolID, "s1")
		}),
			[]string{"zoo", "a", "admins", "Staff"})
		wantEqual(t, groups(func(ctx context.Context, tx *store.Tx) ([]*store.Group, error) {
			return tx.GroupsOfUser(ctx, poolID, "s1", "Staff", 2)
		}),
			[]string{"a", "admins"})
		wantEqual(t, groups(func(ctx context.Context, tx *store.Tx) ([]*store.Group, error) {
			return tx.ListGroups(ctx, poolID, "", 3)
		}),
			[]string{"Staff", "a", "admins"})

		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.AddMember(ctx, poolID, "a", "s3", start); err != nil {
				return err
			}
			g, err := tx.LockGroup(ctx, poolID, "a")
			if err != nil {
				return err
			}
			g.Settings.Precedence, g.ModifiedAt = nil, start.Add(time.Hour)
			return tx.SaveGroup(ctx, g)
		})
		members := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.User, error) {
			return tx.UsersInGroup(ctx, poolID, "a", "s1", 10)
		})
		if len(members) != 1 || members[0].Sub != "s3" {
			t.Errorf("members after s1: %v", members)
		}
		g := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Group, error) { return tx.Group(ctx, poolID, "a") })
		if g.Settings.Precedence != nil || !g.ModifiedAt.Equal(start.Add(time.Hour)) {
			t.Errorf("group is %+v", g)
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for _, want := range []bool{true, false} {
				if gone, err := tx.RemoveMember(ctx, poolID, "a", "s3"); err != nil || gone != want {
					t.Errorf("removed: %v, %v, want %v", gone, err, want)
				}
			}
			return tx.DeleteGroup(ctx, poolID, "zoo")
		})
		counts := read(t, db, func(ctx context.Context, tx *store.Tx) ([2]int64, error) {
			groups, err := tx.CountGroups(ctx, poolID)
			if err != nil {
				return [2]int64{}, err
			}
			members, err := tx.CountMembers(ctx, poolID, "a")
			return [2]int64{groups, members}, err
		})
		wantEqual(t, counts, [2]int64{3, 1})

		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.Group, error) { return tx.Group(ctx, poolID, "zoo") })
		wantCode(t, err, "ResourceNotFoundException", "Group not found.")
	})
}

func TestOutboxLeasesRetriesAndForgets(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		for i := range 3 {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.Enqueue(ctx, &store.OutboxMessage{
					PoolID: poolID, Medium: "EMAIL", Destination: fmt.Sprintf("%d@example.com", i), Body: []byte("hello"), NextAt: start, CreatedAt: start,
				})
			})
		}
		lease := func(limit int) (due []store.OutboxMessage) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				due, err = tx.LeaseDue(ctx, "EMAIL", db.now(), limit, time.Minute)
				return err
			})
			return due
		}
		first := lease(2)
		if len(first) != 2 || first[0].Destination != "0@example.com" || string(first[0].Body) != "hello" || first[0].Attempts != 1 {
			t.Fatalf("leased %+v", first)
		}
		if rest := lease(10); len(rest) != 1 || rest[0].Destination != "2@example.com" {
			t.Fatalf("leased %+v while the others are out", rest)
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Done(ctx, poolID, first[0].ID); err != nil {
				return err
			}
			return tx.Retry(ctx, first[1], db.now().Add(10*time.Second))
		})
		if due := lease(10); len(due) != 0 {
			t.Fatalf("leased %+v too early", due)
		}
		db.advance(10 * time.Second)
		if due := lease(10); len(due) != 1 || due[0].ID != first[1].ID || due[0].Attempts != 2 {
			t.Fatalf("leased %+v for the second attempt", due)
		}
		db.advance(time.Minute)
		if due := lease(10); len(due) != 2 {
			t.Fatalf("%d messages after the leases ran out, want 2", len(due))
		}
		pending := func() int64 {
			return read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.PendingMessages(ctx) })
		}
		// The lease of the second attempt ran out and the message went to
		// somebody else: giving it back changes nothing.
		late := first[1]
		late.Attempts = 2
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.Retry(ctx, late, db.now()) })
		if due := lease(10); len(due) != 0 {
			t.Errorf("a message was taken from its worker: %+v", due)
		}
		if n := pending(); n != 2 {
			t.Errorf("%d messages wait, want 2", n)
		}
		if _, err := db.Purge(t.Context(), start.Add(48*time.Hour)); err != nil || pending() != 0 {
			t.Errorf("after two days: %d messages, %v", pending(), err)
		}
	})
}

func TestPurgeRemovesOnlyWhatExpired(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newFamily(t, db) // expires after an hour
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for i := range 1200 {
				if _, err := tx.SpendOnce(ctx, poolID, "spent", fmt.Sprint(i), start.Add(time.Minute)); err != nil {
					return err
				}
			}
			if _, err := tx.SpendOnce(ctx, poolID, "spent", "later", start.Add(time.Hour)); err != nil {
				return err
			}
			_, err := tx.IncrementAttempts(ctx, store.AttemptsKey{PoolID: poolID, Subject: "x", Kind: "y"}, start)
			return err
		})
		steps := []struct {
			at   time.Time
			gone int64
			want map[string]int64
		}{
			{start.Add(time.Minute), 1200, map[string]int64{"tickets": 1, "families": 1, "refresh_tokens": 1, "attempts": 1}},
			{start.Add(time.Hour), 2, map[string]int64{"families": 1, "attempts": 1}},
			{start.Add(25 * time.Hour), 1, map[string]int64{"attempts": 1}},
			{start.Add(48 * time.Hour), 1, map[string]int64{}},
		}
		for _, s := range steps {
			n, err := db.Purge(t.Context(), s.at)
			if err != nil || n != s.gone {
				t.Errorf("at %v: %d rows removed, %v, want %d", s.at, n, err, s.gone)
			}
			got := tableRows(t, db)
			for _, table := range []string{"pools", "users", "user_names", "pool_users_count"} {
				delete(got, table)
			}
			wantEqual(t, got, s.want)
		}
	})
}
