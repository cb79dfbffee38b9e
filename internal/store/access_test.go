package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"cognate/internal/store"
)

func accessUser(name string) *store.AccessUser {
	return &store.AccessUser{
		Name: name, ID: "AIDA" + strings.ToUpper(name), CreatedAt: start, ModifiedAt: start,
		Settings: store.AccessUserSettings{
			Policies: []string{`{"Statement":[]}`}, Boundary: "{}", Tags: map[string]string{"team": "blue"},
			Bounds: []store.Bounds{{Keys: map[string][]string{"aws:userid": {"x"}}, Policies: []string{"{}"}, Session: []string{"arn:x"}}},
		},
	}
}

func addAccessUser(t *testing.T, db *testDB, u *store.AccessUser) (added bool) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		added, err = tx.InsertAccessUser(ctx, u)
		return err
	})
	return added
}

func addAccessKey(t *testing.T, db *testDB, k store.AccessKey) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) error {
		added, err := tx.InsertAccessKey(ctx, k)
		if err == nil && !added {
			t.Errorf("key %s is taken", k.ID)
		}
		return err
	})
}

func TestAccessUsersAreReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		ana, bob := accessUser("ana"), accessUser("bob")
		wantEqual(t, addAccessUser(t, db, bob), true)
		wantEqual(t, addAccessUser(t, db, ana), true)
		wantEqual(t, addAccessUser(t, db, accessUser("ANA")), false) // names differ in more than case
		find := func(name string) *store.AccessUser {
			return read(t, db, func(ctx context.Context, tx *store.Tx) (*store.AccessUser, error) {
				u, _, err := tx.AccessUser(ctx, name)
				return u, err
			})
		}
		wantEqual(t, find("aNa"), ana)
		wantEqual(t, find("eve"), (*store.AccessUser)(nil))
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.AccessUser, error) { return tx.AccessUsers(ctx) }), []*store.AccessUser{ana, bob})

		ana.Settings, ana.ModifiedAt = store.AccessUserSettings{Policies: []string{"arn:other"}}, start.Add(time.Hour)
		save := func(u *store.AccessUser) (saved bool) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				saved, err = tx.SaveAccessUser(ctx, u)
				return err
			})
			return saved
		}
		wantEqual(t, save(ana), true)
		wantEqual(t, find("ana"), ana)
		wantEqual(t, save(accessUser("eve")), false)
	})
}

func TestAccessKeysBelongToTheirUsers(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		addAccessUser(t, db, accessUser("ana"))
		addAccessUser(t, db, accessUser("bob"))
		first := store.AccessKey{ID: "AKIA1", UserName: "ana", Secret: "s1", Active: true, CreatedAt: start, Bounds: accessUser("x").Settings.Bounds}
		second := store.AccessKey{ID: "AKIA0", UserName: "ana", Secret: "s0", Active: true, Dev: true, CreatedAt: start.Add(time.Hour)}
		third := store.AccessKey{ID: "AKIA2", UserName: "bob", Secret: "s2", Active: true, CreatedAt: start}
		root := store.AccessKey{ID: "AKIA3", Root: true, Secret: "s3", Active: true, CreatedAt: start}
		for _, k := range []store.AccessKey{third, second, root, first} {
			addAccessKey(t, db, k)
		}
		all := func() []store.AccessKey {
			return read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.AccessKey, error) { return tx.AccessKeys(ctx) })
		}
		wantEqual(t, all(), []store.AccessKey{first, second, third})
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.AccessKey, error) { return tx.AccessKeysOf(ctx, "ana") }),
			[]store.AccessKey{first, second})

		change := func(body func(ctx context.Context, tx *store.Tx) (bool, error)) (did bool) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				did, err = body(ctx, tx)
				return err
			})
			return did
		}
		wantEqual(t, change(func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.SetAccessKeyActive(ctx, "AKIA1", false)
		}), true)
		wantEqual(t, change(func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.SetAccessKeyActive(ctx, "AKIA3", false)
		}), false)
		for _, at := range []time.Duration{2 * time.Hour, time.Hour} { // the later one stays
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.TouchAccessKey(ctx, "AKIA0", start.Add(at)) })
		}
		first.Active, second.UsedAt = false, start.Add(2*time.Hour)
		wantEqual(t, all(), []store.AccessKey{first, second, third})

		remove := func(id string) (owner string, found bool) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				owner, found, err = tx.DeleteAccessKey(ctx, id)
				return err
			})
			return owner, found
		}
		owner, found := remove("AKIA2")
		wantEqual(t, owner, "bob")
		wantEqual(t, found, true)
		_, found = remove("AKIA3") // root keys are no user's
		wantEqual(t, found, false)

		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAccessUser(ctx, "ana") })
		wantEqual(t, len(all()), 0)
		left := read(t, db, func(ctx context.Context, tx *store.Tx) (store.AccessKey, error) {
			k, _, err := tx.AccessKey(ctx, "AKIA3")
			return k, err
		})
		wantEqual(t, left, root)
	})
}

func TestRolesAreReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		role := func(name string) *store.Role {
			return &store.Role{Name: name, ID: "AROA" + name, CreatedAt: start, ModifiedAt: start, Settings: store.RoleSettings{
				Path: "/x/", Trust: "{}", Policies: []string{"{}", "arn:y"}, MaxSession: 3600, Tags: map[string]string{"a": "b"},
			}}
		}
		change := func(body func(ctx context.Context, tx *store.Tx) (bool, error)) (did bool) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				did, err = body(ctx, tx)
				return err
			})
			return did
		}
		insert := func(r *store.Role) bool {
			return change(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.InsertRole(ctx, r) })
		}
		one, two := role("one"), role("two")
		wantEqual(t, insert(two), true)
		wantEqual(t, insert(one), true)
		wantEqual(t, insert(role("One")), false)
		two.Settings.Description, two.ModifiedAt = "changed", start.Add(time.Hour)
		wantEqual(t, change(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.SaveRole(ctx, two) }), true)
		wantEqual(t, change(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.SaveRole(ctx, role("three")) }), false)
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Role, error) { return tx.Roles(ctx) }), []*store.Role{one, two})
		find := func(name string) *store.Role {
			return read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Role, error) {
				r, _, err := tx.Role(ctx, name)
				return r, err
			})
		}
		wantEqual(t, find("TWO"), two)
		wantEqual(t, find("\x00"), (*store.Role)(nil))
		wantEqual(t, change(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.DeleteRole(ctx, "Two") }), true)
		wantEqual(t, change(func(ctx context.Context, tx *store.Tx) (bool, error) { return tx.DeleteRole(ctx, "two") }), false)
	})
}

func TestAccountProvidersAreReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		oidc := &store.AccountProvider{ARN: "arn:a", CreatedAt: start, ModifiedAt: start, Settings: store.AccountProviderSettings{URL: "https://a", ClientIDs: []string{"x"}}}
		saml := &store.AccountProvider{ARN: "arn:b", CreatedAt: start, ModifiedAt: start, Settings: store.AccountProviderSettings{Metadata: "<x/>", Bounds: accessUser("x").Settings.Bounds}}
		put := func(p *store.AccountProvider) {
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutAccountProvider(ctx, p) })
		}
		put(saml)
		put(oidc)
		again := *oidc
		again.CreatedAt, again.ModifiedAt, again.Settings.ClientIDs = start.Add(time.Hour), start.Add(time.Hour), []string{"y"}
		put(&again)
		again.CreatedAt = start // that of the first
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.AccountProvider, error) {
			return tx.AccountProviders(ctx)
		}),
			[]*store.AccountProvider{&again, saml})
		remove := func(arn string) (found bool) {
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				found, err = tx.DeleteAccountProvider(ctx, arn)
				return err
			})
			return found
		}
		wantEqual(t, remove("arn:a"), true)
		wantEqual(t, remove("arn:a"), false)
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (bool, error) {
			_, found, err := tx.AccountProvider(ctx, "arn:a")
			return found, err
		}), false)
	})
}
