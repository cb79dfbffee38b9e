package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func tableRows(t testing.TB, db *testDB) map[string]int64 {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) (map[string]int64, error) { return tx.RowCounts(ctx) })
}

func TestUserIsReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		user := newUser("s1", "Ana")
		user.Attributes = store.Attributes{{Name: "email", Value: "ana@example.com"}, {Name: "custom:note", Value: "a\x00b"}, {Name: "name", Value: ""}}
		user.Pending = map[string]string{"email": "new@example.com"}
		user.Password = &store.Password{Salt: []byte{0, 1, 2}, Verifier: randomBytes(384)}
		user.TemporaryPasswordExpiresAt = start.Add(7 * 24 * time.Hour)
		user.MFA = store.UserMFA{EnabledFactors: []string{"SMS_MFA"}, Preferred: "SMS_MFA"}
		insertUser(t, db, user, store.Name{Name: "ana", Kind: store.NameUsername}, store.Name{Name: "ana@example.com", Kind: store.NameEmail})

		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserBySub(ctx, poolID, "s1") }), user)
		for _, name := range []string{"ana", "ana@example.com"} {
			wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserByName(ctx, poolID, name) }), user)
		}
	})
}

func TestMissingUser(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		for _, name := range []string{"Ana", "", "a\x00b", "a\xffb", strings.Repeat("x", 5000)} {
			_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserByName(ctx, poolID, name) })
			wantCode(t, err, "UserNotFoundException", "User does not exist.")
		}
		err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { _, err := tx.LockUser(ctx, poolID, "none"); return err })
		wantCode(t, err, "UserNotFoundException", "User does not exist.")
		err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, poolID, "none") })
		wantCode(t, err, "UserNotFoundException", "User does not exist.")
	})
}

func TestUserChanges(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"), store.Name{Name: "ana", Kind: store.NameUsername})
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.LockUser(ctx, poolID, "s1")
			if err != nil {
				return err
			}
			u.Status, u.Enabled, u.ModifiedAt = api.UserStatusTypeResetRequired, false, start.Add(time.Minute)
			u.Attributes.Set("email", "ana@example.com")
			u.Password = &store.Password{Salt: []byte("s"), Verifier: []byte("v")}
			if err := tx.SaveUser(ctx, u); err != nil {
				return err
			}
			u.Attributes.Set("name", "Ana")
			return tx.SaveUser(ctx, u) // twice in one transaction is fine
		})
		got := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserBySub(ctx, poolID, "s1") })
		want := newUser("s1", "ana")
		want.Status, want.Enabled, want.ModifiedAt = api.UserStatusTypeResetRequired, false, start.Add(time.Minute)
		want.Attributes = store.Attributes{{Name: "email", Value: "ana@example.com"}, {Name: "name", Value: "Ana"}}
		want.Password = &store.Password{Salt: []byte("s"), Verifier: []byte("v")}
		want.Version = got.Version
		wantEqual(t, got, want)
	})
}

func TestDeletedUserLeavesOnlyCounters(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"), store.Name{Name: "ana", Kind: store.NameUsername})
		insertUser(t, db, newUser("s2", "bob"), store.Name{Name: "bob", Kind: store.NameUsername})
		attempts := store.AttemptsKey{PoolID: poolID, Subject: "digest", Kind: "password"}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertFamily(ctx, &store.Family{PoolID: poolID, ID: "f", Sub: "s1"}, []byte("d")); err != nil {
				return err
			}
			if err := tx.AddPasswordHistory(ctx, poolID, "s1", store.Password{}, start, 3); err != nil {
				return err
			}
			if err := tx.PutTOTP(ctx, store.TOTP{PoolID: poolID, Sub: "s1", Secret: []byte("s")}); err != nil {
				return err
			}
			if _, err := tx.IncrementAttempts(ctx, attempts, start); err != nil {
				return err
			}
			return tx.DeleteUser(ctx, poolID, "s1")
		})
		got := tableRows(t, db)
		delete(got, "pool_users_count")
		wantEqual(t, got, map[string]int64{"pools": 1, "users": 1, "user_names": 1, "attempts": 1})
		if n := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountUsers(ctx, poolID) }); n != 1 {
			t.Errorf("%d users counted, want 1", n)
		}
		if _, _, found, err := sessionUser(t, db, "f"); found || err != nil {
			t.Errorf("session of a deleted user: found %v, %v", found, err)
		}
	})
}

func TestSetNamesMakesExactlyTheWantedSet(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		long := strings.Repeat("é", 2000) + "@example.com"
		insertUser(t, db, newUser("s1", "ana"), store.Name{Name: "ana", Kind: store.NameUsername}, store.Name{Name: "+351", Kind: store.NamePhoneNumber})
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			taken, _, err := tx.SetNames(ctx, poolID, "s1", []store.Name{
				{Name: "ana", Kind: store.NamePreferredUsername}, {Name: long, Kind: store.NameEmail}, {Name: long, Kind: store.NameEmail},
			})
			if taken != nil {
				t.Errorf("%v is taken", taken)
			}
			return err
		})
		owners := map[string]string{}
		for _, name := range []string{"ana", "+351", long} {
			owners[name[:3]] = read(t, db, func(ctx context.Context, tx *store.Tx) (string, error) { return tx.NameOwner(ctx, poolID, name) })
		}
		wantEqual(t, owners, map[string]string{"ana": "s1", "+35": "", long[:3]: "s1"})
		if got := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) { return tx.UserByName(ctx, poolID, long) }); got.Sub != "s1" {
			t.Errorf("long name belongs to %s", got.Sub)
		}
	})
}

func TestTakenNameIsReportedAndCanBeReleased(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		shared := store.Name{Name: "ana@example.com", Kind: store.NameEmail}
		insertUser(t, db, newUser("s1", "ana"), shared)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertUser(ctx, newUser("s2", "bob")); err != nil {
				return err
			}
			want := []store.Name{{Name: "bob", Kind: store.NameUsername}, shared}
			taken, owner, err := tx.SetNames(ctx, poolID, "s2", want)
			if err != nil {
				return err
			}
			if taken == nil || *taken != shared || owner != "s1" {
				t.Errorf("taken is %v of %q", taken, owner)
			}
			// The transaction still works: the name moves.
			if owner, err := tx.ReleaseName(ctx, poolID, shared.Name); err != nil || owner != "s1" {
				t.Errorf("released from %q, %v", owner, err)
			}
			taken, _, err = tx.SetNames(ctx, poolID, "s2", want)
			if taken != nil {
				t.Errorf("%v is still taken", taken)
			}
			return err
		})
		if got := read(t, db, func(ctx context.Context, tx *store.Tx) (string, error) { return tx.NameOwner(ctx, poolID, shared.Name) }); got != "s2" {
			t.Errorf("name belongs to %q", got)
		}
	})
}

func TestPasswordHistoryKeepsTheNewest(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		for i := range 5 {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.AddPasswordHistory(ctx, poolID, "s1", store.Password{Salt: []byte{byte(i)}, Verifier: []byte("v")}, start.Add(time.Duration(i)*time.Second), 3)
			})
		}
		history := read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.Password, error) {
			return tx.PasswordHistory(ctx, poolID, "s1", 10)
		})
		var got []byte
		for _, p := range history {
			got = append(got, p.Salt...)
		}
		wantEqual(t, got, []byte{4, 3, 2})
	})
}

// listAll pages through a query and answers the subs.
func listAll(t *testing.T, db *testDB, q store.UserQuery) []string {
	t.Helper()
	var subs []string
	for pages := 0; ; pages++ {
		if pages > 100 {
			t.Fatal("the pages do not end")
		}
		type page struct {
			users []*store.User
			next  *store.UserCursor
		}
		p := read(t, db, func(ctx context.Context, tx *store.Tx) (page, error) {
			users, next, err := tx.ListUsers(ctx, q)
			return page{users, next}, err
		})
		if len(p.users) > q.Limit || (p.next != nil && len(p.users) != q.Limit) {
			t.Fatalf("page of %d users, limit %d, more %v", len(p.users), q.Limit, p.next != nil)
		}
		for _, u := range p.users {
			subs = append(subs, u.Sub)
		}
		if p.next == nil {
			return subs
		}
		q.After = p.next
	}
}

func TestListUsers(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertPool(t, db, "us-east-1_Other")
		long := strings.Repeat("ü", 800)
		names := []string{"ana", "Ana", "anb", "an\U0010ffff", "an\U0010ffffx", "an\ud7ff", "an\ue000", "ao", long + "a", long + "b", "100%", "100_", ""}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for i, name := range names {
				u := newUser(fmt.Sprintf("s%02d", i), fmt.Sprintf("user%02d", i%7))
				u.CreatedAt = start.Add(time.Duration(i/2) * time.Second) // pairs share a moment
				u.Enabled = i%3 != 0
				u.Status = []api.UserStatusType{api.UserStatusTypeConfirmed, api.UserStatusTypeUnconfirmed}[i%2]
				if name != "" {
					u.Attributes.Set("given_name", name)
				}
				if err := tx.InsertUser(ctx, u); err != nil {
					return err
				}
			}
			other := newUser("other", "user00")
			other.PoolID = "us-east-1_Other"
			return tx.InsertUser(ctx, other)
		})
		tests := []struct {
			name   string
			column store.UserColumn
			op     store.UserOp
			value  string
			want   string // numbers of users, in order
		}{
			{"all, newest first", store.ColumnNone, store.OpEqual, "", "12 11 10 09 08 07 06 05 04 03 02 01 00"},
			{"disabled", store.ColumnEnabled, store.OpEqual, "false", "12 09 06 03 00"},
			{"enabled", store.ColumnEnabled, store.OpEqual, "true", "11 10 08 07 05 04 02 01"},
			{"status", store.ColumnStatus, store.OpEqual, "UNCONFIRMED", "11 09 07 05 03 01"},
			{"status prefix", store.ColumnStatus, store.OpPrefix, "CON", "12 10 08 06 04 02 00"},
			{"equal is exact", store.ColumnGivenName, store.OpEqual, "ana", "00"},
			{"equal with the sign of LIKE", store.ColumnGivenName, store.OpEqual, "100%", "10"},
			{"prefix with the sign of LIKE", store.ColumnGivenName, store.OpPrefix, "100_", "11"},
			{"prefix in byte order", store.ColumnGivenName, store.OpPrefix, "an", "00 02 05 06 03 04"},
			{"prefix ending in the last character", store.ColumnGivenName, store.OpPrefix, "an\U0010ffff", "03 04"},
			{"prefix before the surrogates", store.ColumnGivenName, store.OpPrefix, "an\ud7ff", "05"},
			{"empty prefix finds all who have it", store.ColumnGivenName, store.OpPrefix, "", "10 11 01 00 02 05 06 03 04 07 08 09"},
			{"long values", store.ColumnGivenName, store.OpEqual, long + "b", "09"},
			{"long prefix", store.ColumnGivenName, store.OpPrefix, long, "08 09"},
			{"user name", store.ColumnUsername, store.OpEqual, "user00", "00 07"},
			{"user name prefix", store.ColumnUsername, store.OpPrefix, "user0", "00 07 01 08 02 09 03 10 04 11 05 12 06"},
			{"sub", store.ColumnSub, store.OpEqual, "s05", "05"},
			{"sub prefix", store.ColumnSub, store.OpPrefix, "s1", "10 11 12"},
			{"nothing", store.ColumnEmail, store.OpEqual, "ana", ""},
			{"characters no text has", store.ColumnEmail, store.OpEqual, "a\x00", ""},
		}
		for _, test := range tests {
			for _, limit := range []int{1, 2, 3, 60} {
				got := listAll(t, db, store.UserQuery{PoolID: poolID, Column: test.column, Op: test.op, Value: test.value, Limit: limit})
				for i := range got {
					got[i] = got[i][1:]
				}
				if strings.Join(got, " ") != test.want {
					t.Errorf("%s, pages of %d: %v, want %s", test.name, limit, got, test.want)
				}
			}
		}
	})
}

func TestPrefixEndIsTheFirstStringAfter(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"a", "a\U0010ffff", "\ud7ff", "é", "a\U0010ffff\U0010ffff", "\x7f", "\u07ff", "\uffff"} {
		end, bounded := store.PrefixEnd(prefix)
		if !bounded || end <= prefix || strings.HasPrefix(end, prefix) {
			t.Fatalf("end of %+q is %+q, %v", prefix, end, bounded)
		}
		for _, more := range []string{"", "\x00", "z", "\U0010ffff\U0010ffff"} {
			if prefix+more >= end {
				t.Errorf("%+q is not before %+q", prefix+more, end)
			}
		}
	}
	if end, bounded := store.PrefixEnd("\U0010ffff"); bounded {
		t.Errorf("after the last character comes %+q", end)
	}
}

func TestAttributesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	var a store.Attributes
	a.Set("b", "1")
	a.Set("a", "2")
	a.Set("b", "3")
	wantEqual(t, a, store.Attributes{{Name: "b", Value: "3"}, {Name: "a", Value: "2"}})
	if !a.Delete("b") || a.Delete("b") || a.Has("b") || !a.Has("a") || a.Get("a") != "2" || a.Get("b") != "" {
		t.Errorf("after the deletion: %v", a)
	}
}

func TestBulkLoadedUsersAreLikeOthers(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		const n = 12_345
		loaded, err := db.BulkLoadUsers(t.Context(), poolID, func(yield func(*store.User, []store.Name) bool) {
			for i := range n {
				u := newUser(fmt.Sprintf("s%06d", i), fmt.Sprintf("u%06d", i))
				u.Attributes = store.Attributes{{Name: "email", Value: u.Username + "@example.com"}}
				u.Password = &store.Password{Salt: []byte("salt"), Verifier: []byte(u.Sub)}
				if !yield(u, []store.Name{{Name: u.Username, Kind: store.NameUsername}}) {
					return
				}
			}
		})
		if err != nil || loaded != n {
			t.Fatalf("%d users loaded, %v", loaded, err)
		}
		u := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
			return tx.UserByName(ctx, poolID, "u012344")
		})
		if u.Attributes.Get("email") != "u012344@example.com" || string(u.Password.Verifier) != u.Sub {
			t.Errorf("loaded user is %+v", u)
		}
		if c := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountUsers(ctx, poolID) }); c != n {
			t.Errorf("%d users counted, want %d", c, n)
		}
		got := listAll(t, db, store.UserQuery{PoolID: poolID, Column: store.ColumnEmail, Op: store.OpPrefix, Value: "u0000", Limit: 60})
		if len(got) != 100 || !slices.IsSorted(got) {
			t.Errorf("%d users found, want 100", len(got))
		}
	})
}
