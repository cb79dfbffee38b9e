package store_test

import (
	"context"
	"testing"
	"time"

	"cognate/internal/store"
)

func passkey(sub, id string, count uint32) *store.Passkey {
	return &store.Passkey{
		PoolID: poolID, Sub: sub, ID: id, SignCount: count, CreatedAt: start,
		Details: store.PasskeyDetails{
			PublicKey: []byte{1, 2, 3}, RelyingPartyID: "example.com", Name: "phone", Transports: []string{"internal"},
			Attachment: "platform", AAGUID: make([]byte, 16), AttestationFormat: "none", BackupEligible: true,
		},
	}
}

func addPasskey(t *testing.T, db *testDB, p *store.Passkey) (added bool) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		added, err = tx.InsertPasskey(ctx, p)
		return err
	})
	return added
}

func passkeysOf(t *testing.T, db *testDB, sub string) []*store.Passkey {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Passkey, error) {
		return tx.Passkeys(ctx, poolID, sub)
	})
}

func TestPasskeysAreReadBackAsWritten(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"), store.Name{Name: "ana", Kind: store.NameUsername})
		first, second := passkey("s1", "b", 0), passkey("s1", "a", 7)
		second.CreatedAt = start.Add(time.Second)
		addPasskey(t, db, second)
		addPasskey(t, db, first)
		wantEqual(t, passkeysOf(t, db, "s1"), []*store.Passkey{first, second})
		n := read(t, db, func(ctx context.Context, tx *store.Tx) (int, error) { return tx.CountPasskeys(ctx, poolID, "s1") })
		wantEqual(t, n, 2)
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, poolID, "s1") })
		wantEqual(t, len(passkeysOf(t, db, "s1")), 0)
	})
}

func TestS084PasskeyIDsAreUniqueInAPool(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"), store.Name{Name: "ana", Kind: store.NameUsername})
		insertUser(t, db, newUser("s2", "bo"), store.Name{Name: "bo", Kind: store.NameUsername})
		wantEqual(t, addPasskey(t, db, passkey("s1", "id", 0)), true)
		wantEqual(t, addPasskey(t, db, passkey("s2", "id", 0)), false)
		wantEqual(t, passkeysOf(t, db, "s1")[0].Sub, "s1")
		for _, c := range []struct{ sub, id string }{{"s2", "id"}, {"s1", "other"}, {"s1", "a\x00b"}} {
			err := tryWrite(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePasskey(ctx, poolID, c.sub, c.id) })
			wantCode(t, err, "ResourceNotFoundException", "Credential does not exist.")
		}
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePasskey(ctx, poolID, "s1", "id") })
		wantEqual(t, len(passkeysOf(t, db, "s1")), 0)
	})
}

func TestS085ACounterHasToRise(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"), store.Name{Name: "ana", Kind: store.NameUsername})
		for _, c := range []struct {
			stored, given uint32
			accepted      bool
		}{
			{0, 0, true},
			{0, 1, true},
			{1, 2, true},
			{5, 4_294_967_295, true},
			{5, 5, false},
			{5, 4, false},
			{5, 0, false},
			{1, 0, false},
		} {
			p := passkey("s1", "id", c.stored)
			addPasskey(t, db, p)
			p.SignCount, p.Details.BackupState = c.given, true
			var got bool
			write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
				got, err = tx.UsePasskey(ctx, p)
				return err
			})
			if got != c.accepted {
				t.Errorf("%d after %d: accepted %v, want %v", c.given, c.stored, got, c.accepted)
			}
			want := c.stored
			if c.accepted {
				want = c.given
			}
			kept := passkeysOf(t, db, "s1")[0]
			if kept.SignCount != want || kept.Details.BackupState != c.accepted {
				t.Errorf("%d after %d: stored %d, backup state %v", c.given, c.stored, kept.SignCount, kept.Details.BackupState)
			}
			write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeletePasskey(ctx, poolID, "s1", "id") })
		}
	})
}
