package directory

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strconv"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

// fixture is a directory over a database of its own, with a clock in hand.
type fixture struct {
	*Directory
	db  *store.DB
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	start := time.Date(2026, 11, 13, 12, 0, 0, 0, time.UTC)
	db := storetest.Open(t, func() time.Time { return start })
	f := &fixture{db: db, now: start}
	f.Directory = New(db, func() time.Time { return f.now })
	return f
}

func (f *fixture) write(t *testing.T, body func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	_, err := store.Write(t.Context(), f.db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, body(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) addPool(t *testing.T, id string) {
	t.Helper()
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		pool := &store.Pool{ID: id, Region: "eu-west-1", Name: "first", CreatedAt: f.now, ModifiedAt: f.now}
		pool.Settings.Pool.SchemaAttributes = attributes.Standard()
		return tx.InsertPool(ctx, pool, nil)
	})
}

func (f *fixture) addClient(t *testing.T, poolID, id string, secrets ...string) {
	t.Helper()
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		client := &store.Client{PoolID: poolID, ID: id, Name: "web", CreatedAt: f.now, ModifiedAt: f.now}
		for _, s := range secrets {
			client.Secrets = append(client.Secrets, store.ClientSecret{ID: id + "--" + s, Value: s, CreatedAt: f.now})
		}
		return tx.InsertClient(ctx, client)
	})
}

func (f *fixture) rename(t *testing.T, id, name string) {
	t.Helper()
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		pool, err := tx.LockPool(ctx, id)
		if err != nil {
			return err
		}
		pool.Name = name
		return tx.SavePool(ctx, pool)
	})
}

func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var got *api.Error
	if !errors.As(err, &got) || got.Code != code || got.Message != message {
		t.Errorf("got %v, want %s %q", err, code, message)
	}
}

func TestAPoolIsKeptForASecond(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, "eu-west-1_AbCdEf123")
	name := func() string {
		pool, err := f.Pool(t.Context(), "eu-west-1_AbCdEf123")
		if err != nil {
			t.Fatal(err)
		}
		return pool.Name
	}
	name()
	f.rename(t, "eu-west-1_AbCdEf123", "second")
	f.now = f.now.Add(Freshness - 1)
	if got := name(); got != "first" {
		t.Errorf("before a second has passed: %q", got)
	}
	f.now = f.now.Add(1)
	if got := name(); got != "second" {
		t.Errorf("after a second: %q", got)
	}
}

func TestForgetDropsAPoolAndItsClientsAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, "eu-west-1_AbCdEf123")
	f.addClient(t, "eu-west-1_AbCdEf123", "client1")
	if _, err := f.Client(t.Context(), "client1"); err != nil {
		t.Fatal(err)
	}
	f.rename(t, "eu-west-1_AbCdEf123", "second")
	f.Forget("eu-west-1_AbCdEf123")
	client, err := f.Client(t.Context(), "client1")
	if err != nil || client.Pool.Name != "second" {
		t.Errorf("client of %v, %v", client, err)
	}
}

func TestWhatWasLoadedBeforeAChangeIsNotKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	since := f.generation() // a load begins,
	f.Forget("eu-west-1_AbCdEf123")
	f.keep(since, func() { t.Error("kept") }) // and ends after the change
	kept := false
	f.keep(f.generation(), func() { kept = true })
	if !kept {
		t.Error("a load after the change is not kept")
	}
}

func TestTheDirectoryStaysWithinItsRoom(t *testing.T) {
	t.Parallel()
	now := time.Unix(1, 0)
	full := map[string]kept[int]{}
	for i := range crowded {
		until := now
		if i == 0 {
			until = now.Add(1)
		}
		full[strconv.Itoa(i)] = kept[int]{i, until}
	}
	sweep(full, now)
	if _, ok := full["0"]; !ok || len(full) != 1 {
		t.Errorf("%d values are left, the fresh one: %v", len(full), ok)
	}
	for i := range crowded {
		full[strconv.Itoa(i)] = kept[int]{i, now.Add(1)}
	}
	if sweep(full, now); len(full) != 0 {
		t.Errorf("%d fresh values are left", len(full))
	}
}

func TestAClientIsNoOlderThanItsPool(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, "eu-west-1_AbCdEf123")
	f.addClient(t, "eu-west-1_AbCdEf123", "client1")
	if _, err := f.Pool(t.Context(), "eu-west-1_AbCdEf123"); err != nil {
		t.Fatal(err)
	}
	f.rename(t, "eu-west-1_AbCdEf123", "second")
	f.now = f.now.Add(Freshness / 2)
	if _, err := f.Client(t.Context(), "client1"); err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(Freshness / 2)
	client, err := f.Client(t.Context(), "client1")
	if err != nil || client.Pool.Name != "second" {
		t.Errorf("client of %v, %v", client, err)
	}
}

func TestAbsenceIsNotKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	_, err := f.Pool(t.Context(), "eu-west-1_AbCdEf123")
	wantError(t, err, "ResourceNotFoundException", "User pool eu-west-1_AbCdEf123 does not exist.")
	_, err = f.Client(t.Context(), "client1")
	wantError(t, err, "ResourceNotFoundException", "User pool client client1 does not exist.")
	f.addPool(t, "eu-west-1_AbCdEf123")
	f.addClient(t, "eu-west-1_AbCdEf123", "client1")
	if _, err := f.PoolClient(t.Context(), "eu-west-1_AbCdEf123", "client1"); err != nil {
		t.Error(err)
	}
}

func TestS137AClientIsFoundInItsOwnPoolOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, "eu-west-1_AbCdEf123")
	f.addPool(t, "eu-west-1_Other1234")
	f.addClient(t, "eu-west-1_AbCdEf123", "client1")
	for range 2 { // not kept, then kept
		_, err := f.PoolClient(t.Context(), "eu-west-1_Other1234", "client1")
		wantError(t, err, "ResourceNotFoundException", "User pool client client1 does not exist.")
	}
}

func TestAPoolOfAnotherRegionIsUnknown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, "eu-west-1_AbCdEf123")
	signed := func(region string, signed bool) context.Context {
		return api.WithRequest(t.Context(), &api.RequestInfo{Region: region, Signed: signed})
	}
	_, err := f.Pool(signed("us-east-1", true), "eu-west-1_AbCdEf123")
	wantError(t, err, "ResourceNotFoundException", "User pool eu-west-1_AbCdEf123 does not exist.")
	for _, ctx := range []context.Context{signed("eu-west-1", true), signed("us-east-1", false), t.Context()} {
		if _, err := f.Pool(ctx, "eu-west-1_AbCdEf123"); err != nil {
			t.Error(err)
		}
	}
}

func TestAUserIsFoundByFoldedNameInThePool(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.addPool(t, "eu-west-1_AbCdEf123")
	f.addPool(t, "eu-west-1_Other1234")
	f.write(t, func(ctx context.Context, tx *store.Tx) error {
		user := &store.User{PoolID: "eu-west-1_AbCdEf123", Sub: "0001", Username: "Ana", Status: api.UserStatusTypeConfirmed, Enabled: true, CreatedAt: f.now, ModifiedAt: f.now}
		if err := tx.InsertUser(ctx, user); err != nil {
			return err
		}
		_, _, err := tx.SetNames(ctx, user.PoolID, user.Sub, []store.Name{{Name: "Ana", Kind: store.NameUsername}})
		return err
	})
	find := func(poolID, name string) (*store.User, error) {
		pool, err := f.Pool(t.Context(), poolID)
		if err != nil {
			t.Fatal(err)
		}
		return store.Read(t.Context(), f.db, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
			return f.User(ctx, tx, pool, name)
		})
	}
	if user, err := find("eu-west-1_AbCdEf123", "Ana"); err != nil || user.Sub != "0001" {
		t.Errorf("%v, %v", user, err)
	}
	_, err := find("eu-west-1_AbCdEf123", "ana") // the pool is case-sensitive
	wantError(t, err, "UserNotFoundException", "User does not exist.")
	_, err = find("eu-west-1_Other1234", "Ana")
	wantError(t, err, "UserNotFoundException", "User does not exist.")
}

func TestShortNameFollowsTheUnderscore(t *testing.T) {
	t.Parallel()
	pool := &Pool{Pool: store.Pool{ID: "us-east-1_AbCdEf123"}}
	if got := pool.ShortName(); got != "AbCdEf123" {
		t.Errorf("short name %q", got)
	}
}

// The vector is that of spec/auth-flows.md §3.
func TestSecretHashVector(t *testing.T) {
	t.Parallel()
	client := &Client{Client: store.Client{
		ID:      "1example23456789",
		Secrets: []store.ClientSecret{{Value: "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmno"}},
	}}
	const hash = "JYXtD79YwUSq8GmseFuIyemYLnXfDdzHKAFUdfh8jU0="
	if err := client.CheckSecretHash(hash, "testuser", ""); err != nil {
		t.Error(err)
	}
	if err := client.CheckSecretHash(hash, "alias@example.com", "testuser"); err != nil {
		t.Errorf("over the canonical name: %v", err)
	}
	const wrong = "Unable to verify secret hash for client 1example23456789"
	wantError(t, client.CheckSecretHash(hash, "testuser2", ""), "NotAuthorizedException", wrong)
	wantError(t, client.CheckSecretHash(hash[:43], "testuser", ""), "NotAuthorizedException", wrong)
}

func TestS009EverySecretInForceCounts(t *testing.T) {
	t.Parallel()
	public := &Client{Client: store.Client{ID: "open"}}
	rotating := &Client{Client: store.Client{ID: "app", Secrets: []store.ClientSecret{{Value: "old-secret"}, {Value: "new-secret"}}}}
	for _, secret := range []string{"old-secret", "new-secret"} {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("anaapp"))
		if err := rotating.CheckSecretHash(base64.StdEncoding.EncodeToString(mac.Sum(nil)), "ana", ""); err != nil {
			t.Errorf("hash of %s: %v", secret, err)
		}
		if !rotating.CheckSecret(secret) {
			t.Errorf("%s is refused", secret)
		}
		if public.CheckSecret(secret) {
			t.Errorf("%s is taken for a client without secret", secret)
		}
	}
	for _, secret := range []string{"", "old-secre", "old-secret ", "old-secretnew-secret"} {
		if rotating.CheckSecret(secret) {
			t.Errorf("%q is taken", secret)
		}
	}
	if !public.CheckSecret("") {
		t.Error("a client without secret is refused without one")
	}
	if err := public.CheckSecretHash("", "ana", ""); err != nil {
		t.Error(err)
	}
	wantError(t, public.CheckSecretHash("x", "ana", ""), "InvalidParameterException", "App client open is not configured for secret but secret hash was received")
	wantError(t, rotating.CheckSecretHash("", "ana", ""), "NotAuthorizedException", "Client app is configured with secret but SECRET_HASH was not received")
}

func TestLifetimesFollowValuesAndUnits(t *testing.T) {
	t.Parallel()
	bare := &Client{}
	set := &Client{Client: store.Client{Settings: api.UserPoolClientType{
		AccessTokenValidity:  new(int32(5)),
		IdTokenValidity:      new(int32(1)),
		RefreshTokenValidity: new(int32(120)),
		AuthSessionValidity:  new(int32(15)),
		TokenValidityUnits:   &api.TokenValidityUnitsType{AccessToken: api.TimeUnitsTypeMinutes, IdToken: api.TimeUnitsTypeDays},
	}}}
	for _, c := range []struct {
		name      string
		got, want time.Duration
	}{
		{"default access token", bare.AccessTokenLifetime(), time.Hour},
		{"default ID token", bare.IDTokenLifetime(), time.Hour},
		{"default refresh token", bare.RefreshTokenLifetime(), 720 * time.Hour},
		{"default session", bare.AuthSessionLifetime(), 3 * time.Minute},
		{"access token", set.AccessTokenLifetime(), 5 * time.Minute},
		{"ID token", set.IDTokenLifetime(), 24 * time.Hour},
		{"refresh token", set.RefreshTokenLifetime(), 120 * 24 * time.Hour},
		{"session", set.AuthSessionLifetime(), 15 * time.Minute},
	} {
		if c.got != c.want {
			t.Errorf("%s lives %v, want %v", c.name, c.got, c.want)
		}
	}
	rotating := &Client{}
	rotating.Settings.RefreshTokenRotation = &api.RefreshTokenRotationType{Feature: api.FeatureTypeEnabled, RetryGracePeriodSeconds: new(int32(60))}
	if on, grace := rotating.Rotation(); !on || grace != time.Minute {
		t.Errorf("rotation %v, %v", on, grace)
	}
	rotating.Settings.RefreshTokenRotation.Feature = api.FeatureTypeDisabled
	if on, _ := rotating.Rotation(); on {
		t.Error("rotation is on though disabled")
	}
}
