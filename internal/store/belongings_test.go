package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/store"
)

func TestBelongingsOfManyUsersAreReadAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		for _, sub := range []string{"s1", "s2", "s3"} {
			insertUser(t, db, newUser(sub, "user-"+sub))
		}
		at := start.Add(time.Minute).UTC()
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			group := &store.Group{PoolID: poolID, Name: "admin", CreatedAt: at, ModifiedAt: at}
			if _, err := tx.InsertGroup(ctx, group); err != nil {
				return err
			}
			if _, err := tx.AddMember(ctx, poolID, "admin", "s2", at); err != nil {
				return err
			}
			app := store.TOTP{PoolID: poolID, Sub: "s2", Secret: []byte("seed"), Name: "phone", LastStep: 7, CreatedAt: at}
			if err := tx.PutTOTP(ctx, app); err != nil {
				return err
			}
			key := &store.Passkey{PoolID: poolID, Sub: "s3", ID: "key", SignCount: 3, CreatedAt: at, Details: store.PasskeyDetails{PublicKey: []byte("k")}}
			if _, err := tx.InsertPasskey(ctx, key); err != nil {
				return err
			}
			device := &store.Device{
				PoolID: poolID, Sub: "s3", ID: "device", Secret: store.Password{Salt: []byte("salt"), Verifier: []byte("v")},
				CreatedAt: at, ModifiedAt: at, AuthenticatedAt: at,
			}
			if _, err := tx.InsertDevice(ctx, device); err != nil {
				return err
			}
			identity := &store.UserIdentity{PoolID: poolID, Provider: "Google", Attribute: store.SubjectAttribute, Value: "118", Sub: "s1", CreatedAt: at}
			if _, err := tx.InsertUserIdentity(ctx, identity); err != nil {
				return err
			}
			return tx.AddPasswordHistory(ctx, poolID, "s1", store.Password{Salt: []byte("old"), Verifier: []byte("v")}, at, 5)
		})
		belongings := func(first, last string) map[string]*store.Belongings {
			return read(t, db, func(ctx context.Context, tx *store.Tx) (map[string]*store.Belongings, error) {
				return tx.Belongings(ctx, poolID, first, last)
			})
		}
		got := belongings("s1", "s3")
		wantEqual(t, got["s2"].Groups, []string{"admin"})
		wantEqual(t, *got["s2"].TOTP, store.TOTP{PoolID: poolID, Sub: "s2", Secret: []byte("seed"), Name: "phone", LastStep: 7, CreatedAt: at})
		wantEqual(t, got["s3"].Passkeys[0].ID, "key")
		wantEqual(t, got["s3"].Devices[0].Secret.Salt, []byte("salt"))
		wantEqual(t, got["s1"].Identities[0].Value, "118")
		wantEqual(t, got["s1"].History, []store.OldPassword{{Password: store.Password{Salt: []byte("old"), Verifier: []byte("v")}, CreatedAt: at}})

		got = belongings("s2", "s2")
		wantEqual(t, len(got), 1)
		there := read(t, db, func(ctx context.Context, tx *store.Tx) (map[string]bool, error) {
			return tx.SubsThere(ctx, poolID, []string{"s3", "s4", "s1"})
		})
		wantEqual(t, there, map[string]bool{"s1": true, "s3": true})
	})
}

func TestOldPoolsAreKeptSealed(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		old := func() (*store.OldPool, bool) {
			var found bool
			o := read(t, db, func(ctx context.Context, tx *store.Tx) (o *store.OldPool, err error) {
				o, found, err = tx.OldPool(ctx, poolID)
				return o, err
			})
			return o, found
		}
		if _, found := old(); found {
			t.Error("there is one from the beginning")
		}
		for _, secret := range []string{"first", "second"} {
			want := &store.OldPool{PoolID: poolID, CreatedAt: start.UTC(), Settings: store.OldPoolSettings{
				Endpoint: "https://example.com", Region: "eu-west-1", PoolID: "eu-west-1_Old", ClientID: "c", ClientSecret: secret, Flow: "USER_SRP_AUTH",
			}}
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.PutOldPool(ctx, want) })
			got, found := old()
			if !found {
				t.Fatal("it is not kept")
			}
			wantEqual(t, got, want)
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			gone, err := tx.DeleteOldPool(ctx, poolID)
			if !gone {
				t.Error("it was not there")
			}
			return err
		})
		if _, found := old(); found {
			t.Error("it is still there")
		}
	})
}
