package store_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"cognate/internal/store"
)

func newDevice(sub, id string) *store.Device {
	return &store.Device{
		PoolID: poolID, Sub: sub, ID: id, Name: "Ana's phone", Remembered: true, LastIP: "192.0.2.1",
		Secret:    store.Password{Salt: []byte{1, 2}, Verifier: []byte("a verifier nobody should see")},
		CreatedAt: start, ModifiedAt: start, AuthenticatedAt: start,
	}
}

func insertDevice(t testing.TB, db *testDB, d *store.Device) (added bool) {
	t.Helper()
	write(t, db, func(ctx context.Context, tx *store.Tx) (err error) {
		added, err = tx.InsertDevice(ctx, d)
		return err
	})
	return added
}

func device(t testing.TB, db *testDB, sub, id string) *store.Device {
	t.Helper()
	return read(t, db, func(ctx context.Context, tx *store.Tx) (*store.Device, error) {
		d, found, err := tx.Device(ctx, poolID, sub, id)
		if found != (d != nil) {
			t.Errorf("device %s: found %v, %v", id, found, d)
		}
		return d, err
	})
}

func TestDeviceOfAUser(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		insertUser(t, db, newUser("s2", "ben"))
		want := newDevice("s1", "d1")
		if !insertDevice(t, db, want) || insertDevice(t, db, want) {
			t.Error("a device has to be added once, and once only")
		}
		wantEqual(t, device(t, db, "s1", "d1"), want)
		for _, other := range [][2]string{{"s2", "d1"}, {"s1", "d2"}, {"s1", "d\x00"}} {
			if d := device(t, db, other[0], other[1]); d != nil {
				t.Errorf("%v finds %+v", other, d)
			}
		}

		later := start.Add(time.Hour)
		write(t, db, func(ctx context.Context, tx *store.Tx) error {
			if ok, err := tx.RememberDevice(ctx, poolID, "s2", "d1", false, later); ok || err != nil {
				t.Errorf("another user's device: %v, %v", ok, err)
			}
			if ok, err := tx.RememberDevice(ctx, poolID, "s1", "d1", false, later); !ok || err != nil {
				t.Errorf("remember: %v, %v", ok, err)
			}
			_, err := tx.UseDevice(ctx, poolID, "s1", "d1", "192.0.2.2", later.Add(1))
			return err
		})
		want.Remembered, want.ModifiedAt, want.AuthenticatedAt, want.LastIP = false, later, later, "192.0.2.2"
		wantEqual(t, device(t, db, "s1", "d1"), want)
	})
}

func TestDevicesAreListedInPages(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		for _, id := range []string{"d3", "d1", "d2"} {
			d := newDevice("s1", id)
			d.Remembered = id != "d2"
			insertDevice(t, db, d)
		}
		lists := []struct {
			remembered bool
			after      string
			limit      int
			want       []string
		}{
			{false, "", 10, []string{"d1", "d2", "d3"}},
			{false, "d1", 1, []string{"d2"}},
			{true, "", 10, []string{"d1", "d3"}},
			{true, "d3", 10, nil},
		}
		for _, l := range lists {
			found := read(t, db, func(ctx context.Context, tx *store.Tx) ([]*store.Device, error) {
				return tx.Devices(ctx, poolID, "s1", l.remembered, l.after, l.limit)
			})
			var ids []string
			for _, d := range found {
				ids = append(ids, d.ID)
			}
			wantEqual(t, ids, l.want)
		}
	})
}

func TestDeletedDeviceTakesItsRefreshTokensAlong(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newFamily(t, db)
		bound := &store.Family{
			PoolID: poolID, ID: "f2", Sub: "s1", ClientID: "c1", EventID: "e2", DeviceKey: "d1",
			CreatedAt: start, AuthAt: start, ExpiresAt: start.Add(time.Hour), Doc: json.RawMessage(`{}`),
		}
		insertDevice(t, db, newDevice("s1", "d1"))
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.InsertFamily(ctx, bound, []byte("second")) })
		family, _, _, err := sessionUser(t, db, "f2")
		if err != nil {
			t.Fatal(err)
		}
		wantEqual(t, family, bound)

		for _, want := range []bool{true, false} {
			write(t, db, func(ctx context.Context, tx *store.Tx) error {
				deleted, err := tx.DeleteDevice(ctx, poolID, "s1", "d1")
				if deleted != want {
					t.Errorf("deleted: %v, want %v", deleted, want)
				}
				return err
			})
		}
		if family, _, _, err := sessionUser(t, db, "f2"); err != nil || family.DeviceKey != "" {
			t.Errorf("the key is still that of %+v, %v", family, err)
		}
		if refreshToken(t, db, "second") != nil {
			t.Error("the refresh token bound to the device lives on")
		}
		if refreshToken(t, db, "first") == nil {
			t.Error("the refresh token of another sign-in is gone")
		}
	})
}

func TestDevicesGoWithTheirUser(t *testing.T) {
	onEach(t, func(t *testing.T, db *testDB) {
		newPool(t, db)
		insertUser(t, db, newUser("s1", "ana"))
		insertDevice(t, db, newDevice("s1", "d1"))
		write(t, db, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteUser(ctx, poolID, "s1") })
		if d := device(t, db, "s1", "d1"); d != nil {
			t.Errorf("left behind: %+v", d)
		}
	})
}
