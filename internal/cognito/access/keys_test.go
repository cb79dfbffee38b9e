package access

import (
	"context"
	"strings"
	"testing"
	"time"

	"cognate/internal/protocol/sigv4"
	"cognate/internal/store"
)

func TestKeysAreFoundWithTheirOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.CreateKey(t.Context(), w.root, UserSpec{Name: "ci", Policies: []string{policy("Allow", "cognito-idp:List*")}, Tags: map[string]string{"Team": "blue"}})
	if err != nil {
		t.Fatal(err)
	}
	key, p, known, err := w.Key(t.Context(), made.ID, "")
	if err != nil || !known || key.Secret != made.Secret || key.SessionToken != "" || !key.Expires.IsZero() {
		t.Fatalf("%+v %v %v", key, known, err)
	}
	if p.Kind != User || p.ARN != "arn:aws:iam::123456789012:user/ci" || p.UserName != "ci" || !strings.HasPrefix(p.UserID, "AIDA") || p.Tags["Team"] != "blue" {
		t.Errorf("%+v", p)
	}
	if w.root.Kind != Root || w.root.ARN != "arn:aws:iam::123456789012:root" || w.root.UserID != account {
		t.Errorf("root: %+v", w.root)
	}
	for name, id := range map[string]string{"nobody's": "AKIAAAAAAAAAAAAAAAAA", "malformed": "x", "empty": "", "with a zero": "AKIA\x00AAAAAAAAAAAAAAA"} {
		if _, _, known, err := w.Key(t.Context(), id, ""); known || err != nil {
			t.Errorf("%s: known %v, %v", name, known, err)
		}
	}
	if _, _, known, err := w.Key(t.Context(), made.ID, "a session token"); known || err != nil {
		t.Errorf("long-term key with a session token: known %v, %v", known, err)
	}
}

func TestKeysThatAreGoneOrOffAreUnknownAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ci := w.user(t, w.root, "ci", policy("Allow", "*"))
	session, err := w.SessionOf(t.Context(), ci, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	change := func(active bool) {
		t.Helper()
		_, err := store.Write(t.Context(), w.db, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.SetAccessKeyActive(ctx, ci.AccessKeyID, active)
		})
		if err != nil {
			t.Fatal(err)
		}
		w.Forget()
	}
	want := func(what string, want bool) {
		t.Helper()
		for name, c := range map[string]sigv4.Key{"key": {Secret: ci.AccessKeyID}, "session": {Secret: session.AccessKeyID, SessionToken: session.SessionToken}} {
			if _, _, known, err := w.Key(t.Context(), c.Secret, c.SessionToken); known != want || err != nil {
				t.Errorf("%s: %s is known %v, %v", what, name, known, err)
			}
		}
	}
	want("on", true)
	change(false)
	want("off", false)
	change(true)
	want("on again", true)
	if err := w.DeleteKey(t.Context(), w.root, ci.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	want("removed", false)
	// A user of the same name is somebody else.
	w.user(t, w.root, "ci", policy("Allow", "*"))
	want("made again", false)
}

// Another node sees changes after Freshness at the latest.
func TestOtherNodesFollowWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.over(t)
	ci := w.user(t, w.root, "ci", policy("Allow", "*"))
	if _, _, known, err := other.Key(t.Context(), ci.AccessKeyID, ""); !known || err != nil {
		t.Fatalf("known %v, %v", known, err)
	}
	if err := w.DeleteKey(t.Context(), w.root, ci.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(Freshness)
	if _, _, known, err := other.Key(t.Context(), ci.AccessKeyID, ""); known || err != nil {
		t.Errorf("known %v, %v", known, err)
	}
}

// S138: what dev gave out is worth nothing in serve.
func TestS138KeysAndSessionsOfDevDoNotWorkInServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dev := w.over(t, func(c *Config) { c.Dev, c.Root = true, RootKey{} })
	anybody := dev.Unchecked("AKIAROOTROOTROOTROOT")
	key, err := dev.CreateKey(t.Context(), anybody, UserSpec{Name: "ci", Policies: []string{policy("Allow", "*")}})
	if err != nil {
		t.Fatal(err)
	}
	ofRoot, err := dev.SessionOf(t.Context(), anybody, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	ofRole, err := dev.Assume(t.Context(), Assumption{Action: assumeRole, RoleARN: "arn:aws:iam::123456789012:role/anything", SessionName: "dev", Caller: anybody})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"key": {key.ID, ""}, "session of root": {ofRoot.AccessKeyID, ofRoot.SessionToken}, "session of a role": {ofRole.AccessKeyID, ofRole.SessionToken},
	} {
		if _, _, known, err := dev.Key(t.Context(), c[0], c[1]); !known || err != nil {
			t.Errorf("%s in dev: known %v, %v", name, known, err)
		}
		if _, _, known, err := w.Key(t.Context(), c[0], c[1]); known || err != nil {
			t.Errorf("%s in serve: known %v, %v", name, known, err)
		}
	}
}

func TestKeysHaveOperatorsBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := []string{policy("Allow", "*")}
	make := func(spec UserSpec) error { _, err := w.CreateKey(t.Context(), w.root, spec); return err }
	wantInvalid(t, make(UserSpec{Name: "a b", Policies: all}), "A user's name has 1 to 64")
	wantInvalid(t, make(UserSpec{Name: "ci"}), "There is no user ci yet")
	wantInvalid(t, make(UserSpec{Name: "ci", Policies: []string{"{}"}}), "Policy 1: ")
	wantInvalid(t, make(UserSpec{Name: "ci", Policies: []string{"arn:aws:iam::aws:policy/Unknown"}}), "Policy 1: ")
	wantInvalid(t, make(UserSpec{Name: "ci", Policies: all, Boundary: "no"}), "Boundary: ")
	wantInvalid(t, make(UserSpec{Name: "ci", Policies: []string{policy("Allow", strings.Repeat("a:b ", 2000))}}), "and 6144 at most")
	wantInvalid(t, make(UserSpec{Name: "ci", Policies: all, Tags: map[string]string{"aws:x": "y"}}), "reserved")
	wantInvalid(t, make(UserSpec{Name: "ci", Policies: all, Tags: map[string]string{"x": "y", "X": "z"}}), "in several cases")
	for range 2 {
		if err := make(UserSpec{Name: "ci", Policies: all}); err != nil {
			t.Fatal(err)
		}
		all = nil
	}
	wantInvalid(t, make(UserSpec{Name: "CI"}), "The user ci has 2 keys, and 2 at most.")
	wantInvalid(t, make(UserSpec{Name: "ci", Policies: []string{policy("Allow", "*")}}), "There is a user ci already.")
	wantInvalid(t, w.DeleteKey(t.Context(), w.root, "AKIAAAAAAAAAAAAAAAAA"), "There is no access key")
	wantInvalid(t, w.PutUser(t.Context(), w.root, UserSpec{Name: "nobody"}), "There is no user nobody.")
}

func TestRotatedKeysReplaceOneAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.user(t, w.root, "ci", policy("Allow", "cognito-idp:ListUsers"))
	second, err := w.RotateKey(t.Context(), w.root, first.AccessKeyID, false)
	if err != nil {
		t.Fatal(err)
	}
	if p := w.principal(t, second.ID, ""); p.UserID != first.UserID || !w.may(t, p, "cognito-idp:ListUsers", "*") {
		t.Errorf("%+v", p)
	}
	_, err = w.RotateKey(t.Context(), w.root, first.AccessKeyID, false)
	wantInvalid(t, err, "2 at most")
	third, err := w.RotateKey(t.Context(), w.root, first.AccessKeyID, true)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := w.Keys(t.Context(), w.root)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]bool{}
	for _, k := range keys {
		left[k.ID] = true
	}
	if len(left) != 2 || !left[second.ID] || !left[third.ID] {
		t.Errorf("keys are %+v", keys)
	}
}

// A key that is taken away while its holder has it rotated brings no other.
func TestAKeyThatIsRemovedMeanwhileIsNotRotated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, replace := range []bool{false, true} {
		holder := w.user(t, w.root, "ci", policy("Allow", "cognate:*"))
		if _, err := w.RotateKey(t.Context(), w.root, holder.AccessKeyID, false); err != nil { // the user stays
			t.Fatal(err)
		}
		removed := false
		meanwhile := w.over(t, func(c *Config) {
			c.Now = func() time.Time { // asked for when the consent to the rotation is judged
				if !removed {
					removed = true
					if err := w.DeleteKey(t.Context(), w.root, holder.AccessKeyID); err != nil {
						t.Error(err)
					}
				}
				return w.now
			}
		})
		_, err := meanwhile.RotateKey(t.Context(), holder, holder.AccessKeyID, replace)
		wantInvalid(t, err, "There is no access key "+holder.AccessKeyID)
		keys, err := w.Keys(t.Context(), w.root)
		if err != nil || len(keys) != 1 {
			t.Fatalf("keys are %+v, %v", keys, err)
		}
		if err := w.DeleteKey(t.Context(), w.root, keys[0].ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheLastUseOfAKeyIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ci := w.user(t, w.root, "ci", policy("Allow", "*"))
	used := func() time.Time {
		t.Helper()
		keys, err := w.Keys(t.Context(), w.root)
		if err != nil || len(keys) != 1 {
			t.Fatal(keys, err)
		}
		return keys[0].UsedAt
	}
	if at := used(); !at.IsZero() {
		t.Errorf("used at %s", at)
	}
	first := w.now
	for range 3 {
		if err := w.used(t.Context(), ci, w.now); err != nil {
			t.Fatal(err)
		}
		if at := used(); !at.Equal(first) {
			t.Errorf("used at %s, want %s", at, first)
		}
		w.now = w.now.Add(usedEvery / 4)
	}
	w.now = first.Add(usedEvery)
	if err := w.used(t.Context(), ci, w.now); err != nil {
		t.Fatal(err)
	}
	if at := used(); !at.Equal(w.now) {
		t.Errorf("used at %s, want %s", at, w.now)
	}
}
