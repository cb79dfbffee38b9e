package credentials

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is a database with one pool of the given policy and one user.
type world struct {
	*Credentials
	pool *directory.Pool
	user *store.User
	now  time.Time
}

func newWorld(t *testing.T, policy *api.PasswordPolicyType) *world {
	t.Helper()
	w := &world{now: noon}
	now := func() time.Time { return w.now }
	db := storetest.Open(t, now)
	w.Credentials = &Credentials{DB: db, Now: now, Cores: limits.NewCores()}
	w.user = &store.User{PoolID: "us-east-1_AbCdEf123", Sub: "sub", Username: "ana", Enabled: true, CreatedAt: noon, ModifiedAt: noon}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		pool := &store.Pool{ID: w.user.PoolID, Settings: store.PoolSettings{Pool: api.UserPoolType{
			Policies: &api.UserPoolPolicyType{PasswordPolicy: policy},
		}}}
		if err := tx.InsertPool(ctx, pool, nil); err != nil {
			return err
		}
		return tx.InsertUser(ctx, w.user)
	})
	var err error
	if w.pool, err = directory.New(db, now).Pool(t.Context(), w.user.PoolID); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) write(t *testing.T, body func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	_, err := store.Write(t.Context(), w.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, body(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) set(t *testing.T, password string) {
	t.Helper()
	made, err := w.New(w.pool, w.user.Username, password)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Second)
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		user, err := tx.LockUser(ctx, w.user.PoolID, w.user.Sub)
		if err != nil {
			return err
		}
		if err := w.Store(ctx, tx, w.pool, user, made); err != nil {
			return err
		}
		w.user = user
		return tx.SaveUser(ctx, user)
	})
}

// matches is Matches where the cores are free.
func (w *world) matches(t *testing.T, p *directory.Pool, srpID string, stored *store.Password, password string) bool {
	t.Helper()
	right, err := w.Matches(p, srpID, stored, password)
	if err != nil {
		t.Error(err)
	}
	return right
}

// The vector of auth-flows.md §13.2.
func TestMatchesTheVectorOfTheSpecification(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	const userID = "11111111-2222-4333-8444-555555555555"
	made, err := w.New(w.pool, userID, "Correct-Horse1!")
	if err != nil {
		t.Fatal(err)
	}
	if !w.matches(t, w.pool, userID, made, "Correct-Horse1!") {
		t.Error("the password does not match itself")
	}
	for _, other := range []string{"", "correct-Horse1!", "Correct-Horse1! ", " Correct-Horse1!", "Correct-Horse1!!"} {
		if w.matches(t, w.pool, userID, made, other) {
			t.Errorf("%q matches", other)
		}
	}
	if w.matches(t, w.pool, "22222222-2222-4333-8444-555555555555", made, "Correct-Horse1!") {
		t.Error("the password matches for another user")
	}
	again, err := w.New(w.pool, userID, "Correct-Horse1!")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(again.Salt, made.Salt) || bytes.Equal(again.Verifier, made.Verifier) {
		t.Error("two verifiers of one password are equal")
	}
}

func TestS063PasswordsAreExactBytes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	base := strings.Repeat("p", 72)
	for _, pair := range [][2]string{
		{base + "a", base + "b"},
		{strings.Repeat("x", 255) + "a", strings.Repeat("x", 255) + "b"},
		{"pass word ", "pass word"},
		{"Password", "password"},
		{"e\u0301te", "\u00e9te"},
	} {
		made, err := w.New(w.pool, "ana", pair[0])
		if err != nil {
			t.Fatal(err)
		}
		if w.matches(t, w.pool, "ana", made, pair[1]) || !w.matches(t, w.pool, "ana", made, pair[0]) {
			t.Errorf("%q and %q are not told apart", pair[0], pair[1])
		}
	}
}

func TestS048WithoutAPasswordNothingMatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, password := range []string{"", "x", "Correct-Horse1!"} {
		if w.matches(t, w.pool, "ana", nil, password) {
			t.Errorf("%q matches nothing", password)
		}
	}
}

func TestPolicyErrorsReachTheCaller(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &api.PasswordPolicyType{MinimumLength: new(int32(8)), RequireUppercase: true})
	err := w.CheckPolicy(w.pool, "short")
	if !api.HasCode(err, "InvalidPasswordException") ||
		err.Error() != "InvalidPasswordException: Password did not conform with policy: Password not long enough" {
		t.Errorf("got %v", err)
	}
	if err := w.CheckPolicy(w.pool, "longenough"); !api.HasCode(err, "InvalidPasswordException") {
		t.Errorf("got %v", err)
	}
	if err := w.CheckPolicy(w.pool, "Longenough"); err != nil {
		t.Error(err)
	}
	for range 50 {
		if err := w.CheckPolicy(w.pool, w.Temporary(w.pool)); err != nil {
			t.Error(err)
		}
	}
}

func TestHistoryRemembersTheLastPasswords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &api.PasswordPolicyType{MinimumLength: new(int32(6)), PasswordHistorySize: new(int32(3))})
	check := func(password string, taken bool) {
		t.Helper()
		err := w.CheckHistory(t.Context(), w.pool, w.user, password)
		if taken != api.HasCode(err, "PasswordHistoryPolicyViolationException") || err != nil && !taken {
			t.Errorf("%s: %v, want taken %v", password, err, taken)
		}
	}
	check("first", false)
	for _, password := range []string{"first", "second", "third"} {
		w.set(t, password)
	}
	check("first", true)
	check("third", true)
	w.set(t, "fourth")
	check("first", false)
	for _, password := range []string{"second", "third", "fourth"} {
		check(password, true)
	}
}

// A password from the time before the pool kept a history counts as well.
func TestHistoryKnowsThePresentPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &api.PasswordPolicyType{MinimumLength: new(int32(6)), PasswordHistorySize: new(int32(1))})
	made, err := w.New(w.pool, "ana", "present")
	if err != nil {
		t.Fatal(err)
	}
	w.user.Password = made
	if err := w.CheckHistory(t.Context(), w.pool, w.user, "present"); !api.HasCode(err, "PasswordHistoryPolicyViolationException") {
		t.Errorf("got %v", err)
	}
}

func TestStoreEndsATemporaryPassword(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.user.TemporaryPasswordExpiresAt = noon
	made, err := w.New(w.pool, "ana", "x")
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, func(ctx context.Context, tx *store.Tx) error { return w.Store(ctx, tx, w.pool, w.user, made) })
	if !w.user.TemporaryPasswordExpiresAt.IsZero() || w.user.Password != made {
		t.Errorf("user %+v", w.user)
	}
}
