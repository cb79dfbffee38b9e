package credentials

import (
	"context"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"cognate/internal/api"
	"cognate/internal/protocol/passwordhash"
	"cognate/internal/store"
)

// bring gives the user of the world a password that was hashed elsewhere.
func (w *world) bring(t *testing.T, password string) {
	t.Helper()
	text, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := passwordhash.Parse(passwordhash.BCRYPT, string(text), passwordhash.CSV())
	if err != nil {
		t.Fatal(err)
	}
	w.write(t, func(ctx context.Context, tx *store.Tx) error {
		user, err := tx.LockUser(ctx, w.user.PoolID, w.user.Sub)
		if err != nil {
			return err
		}
		user.Password = &store.Password{Imported: hash.Stored()}
		w.user = user
		return tx.SaveUser(ctx, user)
	})
}

func (w *world) adopt(t *testing.T, password string) bool {
	t.Helper()
	user, still, err := w.Adopt(t.Context(), w.pool, w.user, password)
	if err != nil {
		t.Fatal(err)
	}
	w.user = user
	return still
}

func TestAnImportedHashIsReplacedByAVerifier(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &api.PasswordPolicyType{PasswordHistorySize: new(int32(2))})
	w.bring(t, "Correct-Horse1!")
	if w.matches(t, w.pool, "ana", w.user.Password, "Correct-Horse1?") || !w.matches(t, w.pool, "ana", w.user.Password, "Correct-Horse1!") {
		t.Fatal("the imported hash does not tell passwords apart")
	}
	before := w.user
	if !w.adopt(t, "Correct-Horse1!") {
		t.Error("the password is not the user's any more")
	}
	now := w.user.Password
	if now.Imported != nil || len(now.Salt) == 0 || !w.matches(t, w.pool, "ana", now, "Correct-Horse1!") || w.matches(t, w.pool, "ana", now, "Correct-Horse1?") {
		t.Errorf("stored is %+v", now)
	}
	if !w.user.ModifiedAt.Equal(noon) {
		t.Error("the user seems changed")
	}
	if err := w.CheckHistory(t.Context(), w.pool, w.user, "Correct-Horse1!"); !api.HasCode(err, "PasswordHistoryPolicyViolationException") {
		t.Errorf("history: %v", err)
	}

	// A second sign-in that began before finds the verifier, and does not replace it.
	w.user = before
	if !w.adopt(t, "Correct-Horse1!") || !w.user.Password.Equal(now) {
		t.Error("the second of two sign-ins does not count")
	}
	// So does one that lost against a change of the password, and counts for nothing.
	w.set(t, "Another-Horse1!")
	w.user = before
	if w.adopt(t, "Correct-Horse1!") || !w.matches(t, w.pool, "ana", w.user.Password, "Another-Horse1!") {
		t.Error("an old password won over a new one")
	}
}

func TestS063AnAdoptedPasswordCountsWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	long := strings.Repeat("p", 72)
	w.bring(t, long)
	if !w.adopt(t, long+"whole") {
		t.Fatal("a long password was not adopted")
	}
	if w.matches(t, w.pool, "ana", w.user.Password, long) || w.matches(t, w.pool, "ana", w.user.Password, long+"whole ") ||
		!w.matches(t, w.pool, "ana", w.user.Password, long+"whole") {
		t.Error("the verifier is not of exactly the password that was given")
	}
}

func TestAnUnreadableHashMatchesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for _, stored := range []string{"", "{}", `{"a":"BCRYPT"}`} {
		if w.matches(t, w.pool, "ana", &store.Password{Imported: []byte(stored)}, "") {
			t.Errorf("%q matches", stored)
		}
	}
}
