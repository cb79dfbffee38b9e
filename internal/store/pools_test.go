package store_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

func TestPoolIsReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		pool := &store.Pool{
			ID: poolID, Region: "us-east-1", Name: "shop", CreatedAt: start, ModifiedAt: start.Add(time.Second),
			Settings: store.PoolSettings{
				Pool: api.UserPoolType{
					Id: poolID, Name: "shop", AliasAttributes: []api.AliasAttributeType{api.AliasAttributeTypeEmail}, CreationDate: api.TimeOf(start),
				},
				MFA: api.GetUserPoolMfaConfigResponse{MfaConfiguration: api.UserPoolMfaTypeOptional},
			},
		}
		keys := []store.SigningKey{
			{ID: "kid1", Use: store.KeyUseID, Private: []byte("private 1"), Public: []byte("public 1"), CreatedAt: start},
			{ID: "kid2", Use: store.KeyUseAccess, Private: []byte("private 2"), Public: []byte("public 2"), CreatedAt: start},
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertPool(ctx, pool, keys) })
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Pool, error) { return tx.PoolByID(ctx, poolID) }), pool)
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) ([]store.SigningKey, error) {
			return tx.SigningKeys(ctx, poolID, start)
		}), keys)
	})
}

func TestPoolChangesUnderLock(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		var stale *store.Pool
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			pool, err := tx.LockPool(ctx, poolID)
			if err != nil {
				return err
			}
			old := *pool
			stale = &old
			pool.Name = "shop two"
			return tx.SavePool(ctx, pool)
		})
		got := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Pool, error) { return tx.PoolByID(ctx, poolID) })
		if got.Name != "shop two" || got.Version <= stale.Version {
			t.Errorf("pool is %q at version %d, was at %d", got.Name, got.Version, stale.Version)
		}
		// A pool that somebody else changed meanwhile is not overwritten.
		if err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.SavePool(ctx, stale) }); err == nil {
			t.Error("a stale pool was saved")
		}
	})
}

func TestMissingPool(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		const message = "User pool us-east-1_None does not exist."
		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.Pool, error) {
			return tx.PoolByID(ctx, "us-east-1_None")
		})
		wantCode(t, err, "ResourceNotFoundException", message)
		err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.LockPool(ctx, "us-east-1_None")
			return err
		})
		wantCode(t, err, "ResourceNotFoundException", message)
		err = tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePool(ctx, "us-east-1_None") })
		wantCode(t, err, "ResourceNotFoundException", message)
	})
}

func TestListPoolsOfARegionByPages(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		for _, id := range []string{"us-east-1_B", "us-east-1_a", "us-east-1_A"} {
			insertPool(t, db, id)
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertPool(ctx, &store.Pool{ID: "eu-west-1_A", Region: "eu-west-1", Name: "other"}, nil)
		})
		var got []string
		for after := ""; ; {
			page := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Pool, error) {
				return tx.ListPools(ctx, "us-east-1", after, 2)
			})
			for _, p := range page {
				got = append(got, p.ID)
			}
			if len(page) < 2 {
				break
			}
			after = page[1].ID
		}
		wantEqual(t, got, []string{"us-east-1_A", "us-east-1_B", "us-east-1_a"}) // byte order on both engines
	})
}

func TestDeletedPoolLeavesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"), store.Name{Name: "ana", Kind: store.NameUsername})
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.InsertClient(ctx, &store.Client{PoolID: poolID, ID: "c1", Secrets: []store.ClientSecret{{ID: "x", Value: "y"}}}); err != nil {
				return err
			}
			if _, err := tx.InsertGroup(ctx, &store.Group{PoolID: poolID, Name: "admins"}); err != nil {
				return err
			}
			if _, err := tx.AddMember(ctx, poolID, "admins", "s1", start); err != nil {
				return err
			}
			if err := tx.InsertFamily(ctx, &store.Family{PoolID: poolID, ID: "f1", Sub: "s1", ExpiresAt: start.Add(time.Hour)}, []byte("digest")); err != nil {
				return err
			}
			if err := tx.PutTicket(ctx, store.Ticket{PoolID: poolID, Kind: "code", ID: "s1", ExpiresAt: start.Add(time.Hour)}); err != nil {
				return err
			}
			if _, err := tx.IncrementAttempts(ctx, store.AttemptsKey{PoolID: poolID, Subject: "s1", Kind: "password"}, start); err != nil {
				return err
			}
			if err := tx.AddPasswordHistory(ctx, poolID, "s1", store.Password{Salt: []byte("s")}, start, 3); err != nil {
				return err
			}
			if err := tx.InsertSigningKey(ctx, poolID, store.SigningKey{ID: "kid", Public: []byte("public")}); err != nil {
				return err
			}
			return tx.Enqueue(ctx, &store.OutboxMessage{PoolID: poolID, Medium: "EMAIL", Destination: "ana@example.com"})
		})
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePool(ctx, poolID) })
		if n := tableRows(t, db); len(n) != 0 {
			t.Errorf("rows left: %v", n)
		}
	})
}

func TestClientIsFoundByIDAndPool(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		client := &store.Client{
			PoolID: poolID, ID: "client1", Name: "web", CreatedAt: start, ModifiedAt: start,
			Settings: api.UserPoolClientType{ClientId: "client1", ClientName: "web", UserPoolId: poolID},
			Secrets: []store.ClientSecret{
				{ID: "z", Value: "first", CreatedAt: start},
				{ID: "a", Value: "second", CreatedAt: start.Add(time.Second)},
			},
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertClient(ctx, client) })
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Client, error) { return tx.ClientByID(ctx, "client1") }), client)
		wantEqual(t, read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Client, error) {
			return tx.PoolClient(ctx, poolID, "client1")
		}), client)

		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.Client, error) {
			return tx.PoolClient(ctx, "us-east-1_Other", "client1")
		})
		wantCode(t, err, "ResourceNotFoundException", "User pool client client1 does not exist.")
	})
}

func TestClientChangesAndLosesSecrets(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertClient(ctx, &store.Client{PoolID: poolID, ID: "c", Name: "old", Secrets: []store.ClientSecret{{ID: "1", Value: "v"}}})
		})
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.LockClient(ctx, poolID, "c")
			if err != nil {
				return err
			}
			c.Name = "new"
			if err := tx.SaveClient(ctx, c); err != nil {
				return err
			}
			gone, err := tx.DeleteClientSecret(ctx, poolID, "c", "1")
			if !gone {
				t.Error("secret 1 was not there")
			}
			return err
		})
		got := read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Client, error) { return tx.ClientByID(ctx, "c") })
		if got.Name != "new" || len(got.Secrets) != 0 {
			t.Errorf("client is %q with %d secrets", got.Name, len(got.Secrets))
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteClient(ctx, poolID, "c") })
		_, err := store.Read(t.Context(), db.DB, func(ctx context.Context, tx *store.Tx) (*store.Client, error) { return tx.ClientByID(ctx, "c") })
		wantCode(t, err, "ResourceNotFoundException", "User pool client c does not exist.")
	})
}

func TestListClientsCountsClientsNotSecrets(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		for i := range 5 {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				return tx.InsertClient(ctx, &store.Client{
					PoolID: poolID, ID: fmt.Sprintf("c%d", i), Secrets: []store.ClientSecret{{ID: "1", Value: "v"}, {ID: "2", Value: "w"}},
				})
			})
		}
		page := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Client, error) {
			return tx.ListClients(ctx, poolID, "c0", 3)
		})
		var got []string
		for _, c := range page {
			got = append(got, fmt.Sprintf("%s:%d", c.ID, len(c.Secrets)))
		}
		wantEqual(t, got, []string{"c1:2", "c2:2", "c3:2"})
		if n := read(t, db, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountClients(ctx, poolID) }); n != 5 {
			t.Errorf("%d clients, want 5", n)
		}
	})
}
