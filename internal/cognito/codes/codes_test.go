package codes_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/codes"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

const poolID = "us-east-1_AbCdEf123"

// bench is a pool in memory, with codes on a clock that the test moves.
type bench struct {
	*codes.Codes
	db    *store.DB
	ahead atomic.Int64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	now := func() time.Time { return start.Add(time.Duration(b.ahead.Load())) }
	db := storetest.Open(t, now)
	b.db, b.Codes = db, &codes.Codes{Key: db.Key("codes"), Now: now}
	write(t, b, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertPool(ctx, &store.Pool{ID: poolID, Region: "us-east-1", CreatedAt: now(), ModifiedAt: now()}, nil)
	})
	return b
}

func write[T any](t *testing.T, b *bench, body func(ctx context.Context, tx *store.Tx) (T, error)) T {
	t.Helper()
	v, err := store.Write(t.Context(), b.db, body)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (b *bench) issue(t *testing.T, at codes.Slot, detail string) string {
	t.Helper()
	return write(t, b, func(ctx context.Context, tx *store.Tx) (string, error) {
		return b.Issue(ctx, tx, at, detail, at.Purpose.Lifetime())
	})
}

func (b *bench) redeem(t *testing.T, at codes.Slot, code string) (string, error) {
	t.Helper()
	return store.Write(t.Context(), b.db, func(ctx context.Context, tx *store.Tx) (string, error) {
		return b.Redeem(ctx, tx, at, code)
	})
}

func slot(subject string, purpose codes.Purpose) codes.Slot {
	return codes.Slot{PoolID: poolID, Subject: subject, Purpose: purpose}
}

// other is a code of the right form that is not the given one.
func other(code string) string {
	if code[0] == '0' {
		return "1" + code[1:]
	}
	return "0" + code[1:]
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if !api.HasCode(err, code) {
		t.Errorf("got %v, want %s", err, code)
	}
}

func TestS065CodeIsGoodOnceForWhatItWasMadeFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	at := slot("ana", codes.SignUp)
	code := b.issue(t, at, "email ana@example.com")
	if len(code) != 6 {
		t.Fatalf("code %q has not six digits", code)
	}
	_, err := b.redeem(t, slot("bea", codes.SignUp), code)
	wantCode(t, err, "ExpiredCodeException")
	_, err = b.redeem(t, slot("ana", codes.Reset), code)
	wantCode(t, err, "ExpiredCodeException")
	_, err = b.redeem(t, at, other(code))
	wantCode(t, err, "CodeMismatchException")
	detail, err := b.redeem(t, at, code)
	if err != nil || detail != "email ana@example.com" {
		t.Errorf("got %q, %v", detail, err)
	}
	_, err = b.redeem(t, at, code)
	wantCode(t, err, "ExpiredCodeException")
}

func TestS065NewCodeVoidsTheOld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	at := slot("ana", codes.Reset)
	old := b.issue(t, at, "")
	fresh := b.issue(t, at, "")
	if old != fresh {
		_, err := b.redeem(t, at, old)
		wantCode(t, err, "CodeMismatchException")
	}
	if _, err := b.redeem(t, at, fresh); err != nil {
		t.Error(err)
	}
}

func TestS065Lifetimes(t *testing.T) {
	t.Parallel()
	for purpose, life := range map[codes.Purpose]time.Duration{
		codes.SignUp: 24 * time.Hour, codes.Email: 24 * time.Hour, codes.PhoneNumber: 24 * time.Hour, codes.Reset: time.Hour,
	} {
		b := newBench(t)
		at := slot("ana", purpose)
		code := b.issue(t, at, "")
		b.ahead.Add(int64(life - time.Millisecond))
		if _, err := b.redeem(t, at, other(code)); !api.HasCode(err, "CodeMismatchException") {
			t.Errorf("%s code dead before %s: %v", purpose, life, err)
		}
		b.ahead.Add(int64(time.Millisecond))
		if _, err := b.redeem(t, at, code); !api.HasCode(err, "ExpiredCodeException") {
			t.Errorf("%s code alive after %s: %v", purpose, life, err)
		}
	}
}

func TestS065OneOfFiftyParallelTriesWins(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	at := slot("ana", codes.SignUp)
	code := b.issue(t, at, "")
	var won atomic.Int64
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := b.redeem(t, at, code); err == nil {
				won.Add(1)
			} else if !api.HasCode(err, "ExpiredCodeException") {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 {
		t.Errorf("%d tries won", won.Load())
	}
}

func TestDecoyAnswersAsACodeDoes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	at := slot("nobody", codes.Reset)
	_, err := b.redeem(t, at, "123456")
	wantCode(t, err, "ExpiredCodeException")
	write(t, b, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, b.Decoy(ctx, tx, at, time.Hour)
	})
	for range 3 {
		_, err = b.redeem(t, at, "123456")
		wantCode(t, err, "CodeMismatchException")
	}
	b.ahead.Add(int64(time.Hour))
	_, err = b.redeem(t, at, "123456")
	wantCode(t, err, "ExpiredCodeException")
}

func TestVoidAllEndsEveryCode(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	purposes := []codes.Purpose{codes.SignUp, codes.Reset, codes.Email, codes.PhoneNumber}
	for _, p := range purposes {
		b.issue(t, slot("ana", p), "")
	}
	kept := b.issue(t, slot("bea", codes.Reset), "")
	write(t, b, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, b.VoidAll(ctx, tx, poolID, "ana")
	})
	for _, p := range purposes {
		_, err := b.redeem(t, slot("ana", p), "123456")
		wantCode(t, err, "ExpiredCodeException")
	}
	if _, err := b.redeem(t, slot("bea", codes.Reset), kept); err != nil {
		t.Errorf("another user's code: %v", err)
	}
}

func TestS036CodesCoverTheirRangeEvenly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const draws = 2000
	var firsts [10]int
	for range draws {
		code := b.issue(t, slot("ana", codes.Email), "")
		firsts[code[0]-'0']++
	}
	for digit, n := range firsts {
		// 200 expected, standard deviation 13.
		if n < 110 || n > 290 {
			t.Errorf("%d of %d codes begin with %d", n, draws, digit)
		}
	}
}
