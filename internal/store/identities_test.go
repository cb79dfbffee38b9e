package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cognate/internal/api/identity"
	"cognate/internal/store"
)

// identityPoolID is the pool that newIdentityPool makes.
const identityPoolID = "us-east-1:11111111-0000-4000-8000-000000000000"

func newIdentityPool(t testing.TB, db *testDB, id string) *store.IdentityPool {
	t.Helper()
	p := &store.IdentityPool{ID: id, Region: "us-east-1", Name: "shop", CreatedAt: start, ModifiedAt: start}
	p.Settings.Pool = identity.IdentityPool{IdentityPoolId: id, IdentityPoolName: "shop", SupportedLoginProviders: map[string]string{"api.twitter.com": "key;secret"}}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		made, err := tx.InsertIdentityPool(ctx, p)
		if err == nil && !made {
			err = errors.New("there is one already")
		}
		return err
	})
	return p
}

func identityPool(t testing.TB, db *testDB, id string) (*store.IdentityPool, error) {
	t.Helper()
	return store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.IdentityPool, error) { return tx.IdentityPool(ctx, id) })
}

func TestIdentityPoolIsReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		p := newIdentityPool(t, db, identityPoolID)
		p.Name, p.ModifiedAt = "shop two", start.Add(time.Minute)
		p.Settings.Roles = map[string]string{"authenticated": "arn:aws:iam::000000000000:role/user"}
		p.Settings.RoleMappings = map[string]identity.RoleMapping{"accounts.google.com": {Type: identity.RoleMappingTypeRules}}
		p.Settings.TagMaps = map[string]store.TagMap{"accounts.google.com": {Claims: map[string]string{"tenant": "hd"}}}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateIdentityPool(ctx, p) })
		got, err := identityPool(t, db, identityPoolID)
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, got, p)
		wantEqual(t, got.Version, 2)
		other := newIdentityPool(t, db, "us-east-1:22222222-0000-4000-8000-000000000000")
		list := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.IdentityPool, error) {
			return tx.ListIdentityPools(ctx, "us-east-1", identityPoolID, 10)
		})
		wantEqual(t, list, []*store.IdentityPool{other})
		n := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountIdentityPools(ctx, "us-east-1") })
		wantEqual(t, n, 2)
	})
}

func TestAStaleIdentityPoolIsNotWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		p := newIdentityPool(t, db, identityPoolID)
		stale := *p
		save := func(p *store.IdentityPool) error {
			return tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateIdentityPool(ctx, p) })
		}
		if err := save(p); err != nil {
			t.Fatal(err)
		}
		wantCode(t, save(&stale), "ConcurrentModificationException", "IdentityPool '"+identityPoolID+"' was changed by another request.")
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteIdentityPool(ctx, identityPoolID, start)
		})
		gone := "IdentityPool '" + identityPoolID + "' not found."
		wantCode(t, save(p), "ResourceNotFoundException", gone)
		_, err := identityPool(t, db, identityPoolID)
		wantCode(t, err, "ResourceNotFoundException", gone)
		err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteIdentityPool(ctx, identityPoolID, start)
		})
		wantCode(t, err, "ResourceNotFoundException", gone)
	})
}

// A large pool is gone at once, and its rows go in small transactions.
func TestLargeIdentityPoolsAreDeletedByAndBy(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		p := newIdentityPool(t, db, identityPoolID)
		kept := newIdentityPool(t, db, "us-east-1:22222222-0000-4000-8000-000000000000")
		const many = 1200
		id := func(n int) string { return fmt.Sprintf("us-east-1:%04d", n) }
		left := func(of *store.IdentityPool) int {
			return len(read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Identity, error) {
				return tx.ListIdentities(ctx, of.ID, "", false, many)
			}))
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			for n := range many {
				who := &store.Identity{ID: id(n), PoolID: p.ID, State: store.IdentityLinked, CreatedAt: start, ModifiedAt: start}
				if n == 0 {
					who.PoolID = kept.ID
				}
				if err := tx.InsertIdentity(ctx, who); err != nil {
					return err
				}
				if _, err := tx.InsertIdentityLogin(ctx, who, loginAt("login.example", id(n))); err != nil {
					return err
				}
			}
			return nil
		})
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteIdentityPool(ctx, p.ID, start) })
		wantEqual(t, left(p), many-1-500)

		gone := "IdentityPool '" + p.ID + "' not found."
		_, err := identityPool(t, db, p.ID)
		wantCode(t, err, "ResourceNotFoundException", gone)
		err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateIdentityPool(ctx, p) })
		wantCode(t, err, "ResourceNotFoundException", gone)
		err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteIdentityPool(ctx, p.ID, start) })
		wantCode(t, err, "ResourceNotFoundException", gone)
		err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertIdentity(ctx, &store.Identity{ID: "us-east-1:late", PoolID: p.ID, State: store.IdentityGuest, CreatedAt: start, ModifiedAt: start})
		})
		wantCode(t, err, "ResourceNotFoundException", gone)
		for n := 1; n < many; n++ {
			_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) { return tx.Identity(ctx, id(n)) })
			wantCode(t, err, "ResourceNotFoundException", "Identity '"+id(n)+"' not found.")
		}
		list := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.IdentityPool, error) {
			return tx.ListIdentityPools(ctx, "us-east-1", "", 10)
		})
		wantEqual(t, list, []*store.IdentityPool{kept})
		n := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountIdentityPools(ctx, "us-east-1") })
		wantEqual(t, n, 1)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { // its id is taken until the last row is gone
			if made, err := tx.InsertIdentityPool(ctx, &store.IdentityPool{ID: p.ID, Region: "us-east-1"}); err != nil || made {
				return fmt.Errorf("made %v: %w", made, err)
			}
			return nil
		})

		if _, err := db.Purge(t.Context(), start); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, left(p), 0)
		wantEqual(t, left(kept), 1)
		if who := byLogin(t, db, loginAt("login.example", id(1))); who != nil {
			t.Errorf("a login of %s is left", who.ID)
		}
		newIdentityPool(t, db, p.ID)
	})
}

func newIdentity(t testing.TB, db *testDB, id string, logins ...store.IdentityLogin) *store.Identity {
	t.Helper()
	i := &store.Identity{ID: id, PoolID: identityPoolID, State: store.IdentityGuest, CreatedAt: start, ModifiedAt: start}
	if len(logins) > 0 {
		i.State = store.IdentityLinked
	}
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertIdentity(ctx, i); err != nil {
			return err
		}
		for _, l := range logins {
			if linked, err := tx.InsertIdentityLogin(ctx, i, l); err != nil || !linked {
				return fmt.Errorf("link %s: %v, %w", l.Subject, linked, err)
			}
		}
		return nil
	})
	return i
}

func loginAt(provider, subject string) store.IdentityLogin {
	return store.IdentityLogin{Provider: provider, Subject: subject, CreatedAt: start, Developer: provider == "login.example"}
}

func byLogin(t testing.TB, db *testDB, l store.IdentityLogin) *store.Identity {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return tx.IdentityByLogin(ctx, identityPoolID, l.Provider, l.Subject)
	})
}

func TestIdentityIsFoundByIDAndByEachLogin(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newIdentityPool(t, db, identityPoolID)
		long := strings.Repeat("é", 1024)
		google, one, two := loginAt("accounts.google.com", "g"), loginAt("login.example", "ana"), loginAt("login.example", long)
		ana := newIdentity(t, db, "us-east-1:a", google, one, two)
		guest := newIdentity(t, db, "us-east-1:b")
		for _, l := range []store.IdentityLogin{google, one, two} {
			wantEqual(t, byLogin(t, db, l).ID, ana.ID)
		}
		found := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) { return tx.Identity(ctx, ana.ID) })
		wantEqual(t, len(found.Logins), 3)
		wantEqual(t, found.Login("login.example", long), &two)
		for _, subject := range []string{"bob", "a\x00", "\xff"} {
			if i := byLogin(t, db, loginAt("login.example", subject)); i != nil {
				t.Errorf("%q is %s", subject, i.ID)
			}
		}
		found = read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) { return tx.Identity(ctx, guest.ID) })
		wantEqual(t, found, guest)
		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
			return tx.Identity(ctx, "us-east-1:c")
		})
		wantCode(t, err, "ResourceNotFoundException", "Identity 'us-east-1:c' not found.")
	})
}

func TestALoginBelongsToOneIdentityAndAnIdentityHasOneOfAPublicProvider(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newIdentityPool(t, db, identityPoolID)
		ana := newIdentity(t, db, "us-east-1:a", loginAt("accounts.google.com", "g"), loginAt("login.example", "ana"))
		bob := newIdentity(t, db, "us-east-1:b")
		tests := []struct {
			to   *store.Identity
			l    store.IdentityLogin
			want bool
		}{
			{bob, loginAt("accounts.google.com", "g"), false},
			{ana, loginAt("accounts.google.com", "h"), false},
			{ana, loginAt("login.example", "anna"), true},
			{bob, loginAt("accounts.google.com", "h"), true},
		}
		for _, test := range tests {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				linked, err := tx.InsertIdentityLogin(ctx, test.to, test.l)
				if linked != test.want {
					t.Errorf("link %v to %s: %v", test.l, test.to.ID, linked)
				}
				return err
			})
		}
	})
}

func TestLoginsMoveAndGo(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newIdentityPool(t, db, identityPoolID)
		ana := newIdentity(t, db, "us-east-1:a", loginAt("login.example", "ana"))
		bob := newIdentity(t, db, "us-east-1:b", loginAt("login.example", "bob"), loginAt("accounts.google.com", "g"))
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.LockIdentities(ctx, bob.ID, ana.ID, "us-east-1:none"); err != nil {
				return err
			}
			if err := tx.MoveIdentityLogins(ctx, bob, ana); err != nil {
				return err
			}
			bob.State, bob.ModifiedAt = store.IdentityDisabled, start.Add(time.Second)
			return tx.SaveIdentity(ctx, bob)
		})
		wantEqual(t, byLogin(t, db, loginAt("accounts.google.com", "g")).ID, ana.ID)
		for hide, want := range map[bool][]string{false: {"us-east-1:a", "us-east-1:b"}, true: {"us-east-1:a"}} {
			list := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Identity, error) {
				return tx.ListIdentities(ctx, identityPoolID, "", hide, 10)
			})
			var ids []string
			for _, i := range list {
				ids = append(ids, i.ID)
			}
			wantEqual(t, ids, want)
		}
		page := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Identity, error) {
			return tx.ListIdentities(ctx, identityPoolID, "", false, 1) // one identity, whatever its logins
		})
		wantEqual(t, len(page), 1)
		wantEqual(t, len(page[0].Logins), 3)

		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			gone, err := tx.DeleteIdentityLogin(ctx, ana, "login.example", "ana")
			if !gone {
				t.Error("a login that was there did not go")
			}
			if again, _ := tx.DeleteIdentityLogin(ctx, ana, "login.example", "ana"); again {
				t.Error("a login went twice")
			}
			return err
		})
		wantEqual(t, len(ana.Logins), 2)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteIdentity(ctx, ana.ID) })
		if i := byLogin(t, db, loginAt("accounts.google.com", "g")); i != nil {
			t.Errorf("the login of a deleted identity belongs to %s", i.ID)
		}
		wantCode(t, tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SaveIdentity(ctx, ana) }),
			"ResourceNotFoundException", "Identity 'us-east-1:a' not found.")
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.DeleteIdentityPool(ctx, identityPoolID, start)
		})
		wantEqual(t, tableRows(t, db), map[string]int64{})
	})
}

func TestOneOfManyIdentitiesGetsTheLogin(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newIdentityPool(t, db, identityPoolID)
		won := race(t, callers, func(n int) (linked bool, err error) {
			i := &store.Identity{ID: fmt.Sprintf("us-east-1:%02d", n), PoolID: identityPoolID, State: store.IdentityLinked, CreatedAt: start, ModifiedAt: start}
			err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
				if err := tx.InsertIdentity(ctx, i); err != nil {
					return err
				}
				linked, err = tx.InsertIdentityLogin(ctx, i, loginAt("accounts.google.com", "g"))
				return err
			})
			return linked, err
		})
		if won != 1 {
			t.Errorf("%d identities got it", won)
		}
	})
}
