package transactions_test

import (
	"context"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/cognito/transactions"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

type fixture struct {
	*transactions.Transactions
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return f.now }
	db := storetest.Open(t, clock)
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertPool(ctx, &store.Pool{ID: "pool", Region: "eu-west-1", Name: "x", CreatedAt: f.now, ModifiedAt: f.now}, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Transactions = &transactions.Transactions{DB: db, Now: clock}
	return f
}

func (f *fixture) load(t *testing.T, id string, want bool) *transactions.Transaction {
	t.Helper()
	x, found, err := f.Load(t.Context(), "pool", id)
	if err != nil {
		t.Fatal(err)
	}
	if found != want {
		t.Fatalf("found: %v", found)
	}
	return x
}

func (f *fixture) save(t *testing.T, x *transactions.Transaction) {
	t.Helper()
	if err := f.Save(t.Context(), x); err != nil {
		t.Fatal(err)
	}
}

func TestATransactionIsKept(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	x := f.load(t, "a", false)
	x.Username, x.Step = "ana", &transactions.Step{Challenge: "SMS_MFA", Session: "sealed", Params: map[string]string{"a": "b"}}
	f.save(t, x)
	x.Error = &transactions.Message{Raw: "wrong"}
	f.save(t, x)
	if diff := cmp.Diff(x, f.load(t, "a", true), cmpopts.IgnoreUnexported(transactions.Transaction{})); diff != "" {
		t.Error(diff)
	}
	f.load(t, "b", false)
	if err := f.End(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	f.load(t, "a", false)
}

func TestATransactionEndsFiveMinutesAfterItsFirstPage(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.save(t, f.load(t, "a", false))
	f.now = f.now.Add(transactions.Lifetime - time.Second)
	x := f.load(t, "a", true)
	f.save(t, x) // does not make it longer
	f.now = f.now.Add(time.Second)
	fresh := f.load(t, "a", false)
	if err := f.Save(t.Context(), x); !errors.Is(err, transactions.ErrOvertaken) {
		t.Errorf("saved one that is over: %v", err)
	}
	f.save(t, fresh)
}

func TestOneOfTwoRequestsMovesOn(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first, second := f.load(t, "a", false), f.load(t, "a", false)
	f.save(t, first)
	if err := f.Save(t.Context(), second); !errors.Is(err, transactions.ErrOvertaken) {
		t.Errorf("two first pages: %v", err)
	}
	one, other := f.load(t, "a", true), f.load(t, "a", true)
	f.save(t, one)
	if err := f.Save(t.Context(), other); !errors.Is(err, transactions.ErrOvertaken) {
		t.Errorf("two forms: %v", err)
	}
}

func TestKeysTellBrowsersAndRequestsApart(t *testing.T) {
	t.Parallel()
	request := url.Values{"client_id": {"c"}, "state": {"1"}}
	key := transactions.Key("browser", request)
	if key != transactions.Key("browser", url.Values{"state": {"1"}, "client_id": {"c"}, "lang": {"de"}}) {
		t.Error("order or language makes another key")
	}
	for _, other := range []string{
		transactions.Key("browse", url.Values{"client_id": {"c"}, "state": {"1"}}),
		transactions.Key("browser", url.Values{"client_id": {"c"}, "state": {"2"}}),
		transactions.Key("browser", url.Values{"client_id": {"c", "c"}, "state": {"1"}}),
		transactions.Key("browserc", url.Values{"lient_id": {"c"}, "state": {"1"}}),
		transactions.Key("browser", nil),
	} {
		if other == key {
			t.Error("the same key")
		}
	}
}
