package limits_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/limits"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const servicePool = "us-east-1_AbCdEf123"

type counter struct {
	limits.SelfService
	db    *store.DB
	ahead atomic.Int64
}

func newCounter(t *testing.T) *counter {
	t.Helper()
	c := &counter{}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c.Now = func() time.Time { return start.Add(time.Duration(c.ahead.Load())) }
	db := storetest.Open(t, c.Now)
	c.db = db
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertPool(ctx, &store.Pool{ID: servicePool, Region: "us-east-1", CreatedAt: c.Now(), ModifiedAt: c.Now()}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *counter) count(t *testing.T, subject string, kind limits.Kind) error {
	t.Helper()
	_, err := store.Write(t.Context(), c.db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, c.Count(ctx, tx, servicePool, subject, kind)
	})
	return err
}

func TestSelfServiceLimitsPerHour(t *testing.T) {
	t.Parallel()
	for kind, allowed := range map[limits.Kind]int{
		limits.ForgotPassword: 5, limits.ResendCode: 5, limits.ChangePassword: 5, limits.AttributeCode: 5,
		limits.ConfirmSignUp: 15, limits.VerifyAttribute: 15, limits.ConfirmForgotPassword: 20,
	} {
		c := newCounter(t)
		for i := range allowed {
			if err := c.count(t, "ana", kind); err != nil {
				t.Fatalf("%s %d: %v", kind, i+1, err)
			}
		}
		err := c.count(t, "ana", kind)
		if want := "LimitExceededException: Attempt limit exceeded, please try after some time."; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", kind, err, want)
		}
		if err := c.count(t, "bea", kind); err != nil {
			t.Errorf("%s: another user is limited too: %v", kind, err)
		}
		c.ahead.Add(int64(time.Hour))
		if err := c.count(t, "ana", kind); err != nil {
			t.Errorf("%s: still limited after an hour: %v", kind, err)
		}
	}
}

func TestS066MessagesToOneAddressAreLimited(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.Rates.Address = 3
	send := func(address string) error {
		_, err := store.Write(t.Context(), c.db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, c.CountMessage(ctx, tx, limits.Message{PoolID: servicePool, Address: address})
		})
		return err
	}
	for range 3 {
		if err := send("ana@example.com"); err != nil {
			t.Fatal(err)
		}
	}
	if err := send("ana@example.com"); !api.HasCode(err, "LimitExceededException") {
		t.Errorf("got %v", err)
	}
	if err := send("bea@example.com"); err != nil {
		t.Errorf("another address: %v", err)
	}
	c.Rates.Address = 0
	if err := send("ana@example.com"); err != nil {
		t.Errorf("without a bound: %v", err)
	}
}

func TestS049SubjectsOfUsersAndNamesDiffer(t *testing.T) {
	t.Parallel()
	user := limits.Subject(&store.User{Sub: "ana"}, "")
	name := limits.Subject(nil, "ana")
	if user == name || len(user) != len(name) {
		t.Errorf("subjects %s and %s", user, name)
	}
}
