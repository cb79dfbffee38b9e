package sessions

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func sealer(now *time.Time) *Sealer {
	return &Sealer{Key: bytes.Repeat([]byte{7}, 32), Now: func() time.Time { return *now }}
}

func sample() *State {
	return &State{
		Step:     "NEW_PASSWORD_REQUIRED",
		PoolID:   "us-east-1_AbCdEf123",
		ClientID: "1example23456789",
		Sub:      "11111111-2222-4333-8444-555555555555",
		Username: "ana",
		Login:    "ana@example.com",
		Flow:     "ADMIN_USER_PASSWORD_AUTH",
		Door:     Admin,
		Expires:  noon.Add(3 * time.Minute),
		Factors:  []string{"pwd"},
		Wanted:   4,
		Device:   "us-east-1_aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
		Proved:   true,
		Password: []byte{3, 0, 4},
		Event:    "11111111-2222-4333-8444-666666666666",
		Demand:   2,
		Data:     []byte{0, 1, 2, 0xff},
	}
}

func TestSealedStateComesBack(t *testing.T) {
	t.Parallel()
	now := noon
	z := sealer(&now)
	for _, kind := range []Kind{Session, SecretBlock} {
		want := sample()
		text, err := z.Seal(kind, want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := z.Open(kind, text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("kind %c: %s", kind, diff)
		}
		if len(want.ID) != 32 {
			t.Errorf("kind %c: id %q is not 128 bits", kind, want.ID)
		}
	}
}

func TestSessionHasTheFormOfTheService(t *testing.T) {
	t.Parallel()
	now := noon
	text, err := sealer(&now).Seal(Session, sample())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(text, "AYABe") {
		t.Errorf("session begins %q, want AYABe", text[:5])
	}
	if len(text) < 20 || len(text) > 2048 {
		t.Errorf("session has %d characters", len(text))
	}
	if strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		t.Errorf("session is not base64url: %q", text)
	}
}

func TestTwoSealsOfOneStateDiffer(t *testing.T) {
	t.Parallel()
	now := noon
	z := sealer(&now)
	a, errA := z.Seal(Session, sample())
	b, errB := z.Seal(Session, sample())
	if errA != nil || errB != nil || a == b || a[30:] == b[30:] {
		t.Errorf("equal strings, or errors %v, %v", errA, errB)
	}
}

func TestS073EveryChangedByteIsRefused(t *testing.T)         { everyChange(t, Session) }
func TestS061EveryChangedByteOfABlockIsRefused(t *testing.T) { everyChange(t, SecretBlock) }

func everyChange(t *testing.T, kind Kind) {
	t.Parallel()
	now := noon
	z := sealer(&now)
	text, err := z.Seal(kind, sample())
	if err != nil {
		t.Fatal(err)
	}
	refused := func(changed, what string) {
		t.Helper()
		if s, err := z.Open(kind, changed); s != nil || !errors.Is(err, ErrForged) {
			t.Errorf("%s: got %v, %v", what, s, err)
		}
	}
	raw, err := kind.encoding().DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			changed := bytes.Clone(raw)
			changed[i] ^= 1 << bit
			refused(kind.encoding().EncodeToString(changed), "bit flipped")
		}
	}
	for i := range text {
		for _, c := range []byte("Aa0-_+/= \n\x00") {
			if text[i] != c {
				refused(text[:i]+string(c)+text[i+1:], "character replaced")
			}
		}
		refused(text[:i], "cut off")
		refused(text[:i]+text[i+1:], "character left out")
		refused(text[:i]+"\n"+text[i:], "line break put in")
	}
	for _, tail := range []string{"A", "=", "==", "AAAA", "\n", "\r\n", "%"} {
		refused(text+tail, "lengthened")
	}
}

func TestS061AStringOfAnotherKindOrKeyIsRefused(t *testing.T) {
	t.Parallel()
	now := noon
	z := sealer(&now)
	text, err := z.Seal(Session, sample())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Open(SecretBlock, base64.StdEncoding.EncodeToString(raw)); !errors.Is(err, ErrForged) {
		t.Errorf("session as secret block: %v", err)
	}
	other := &Sealer{Key: bytes.Repeat([]byte{8}, 32), Now: z.Now}
	if _, err := other.Open(Session, text); !errors.Is(err, ErrForged) {
		t.Errorf("other installation: %v", err)
	}
}

func TestS061AStringExpires(t *testing.T) {
	t.Parallel()
	now := noon
	z := sealer(&now)
	text, err := z.Seal(Session, sample())
	if err != nil {
		t.Fatal(err)
	}
	now = noon.Add(3*time.Minute - time.Millisecond)
	if _, err := z.Open(Session, text); err != nil {
		t.Errorf("in time: %v", err)
	}
	now = noon.Add(3 * time.Minute)
	if s, err := z.Open(Session, text); !errors.Is(err, ErrExpired) || s == nil || s.Username != "ana" {
		t.Errorf("too late: %v, %v", s, err)
	}
}

func TestS036SessionIDsDoNotRepeat(t *testing.T) {
	t.Parallel()
	now := noon
	z := sealer(&now)
	seen := make(map[string]bool)
	for range 20_000 {
		s := &State{Expires: noon}
		if _, err := z.Seal(Session, s); err != nil {
			t.Fatal(err)
		}
		if seen[s.ID] {
			t.Fatalf("id %s twice", s.ID)
		}
		seen[s.ID] = true
	}
}

// FuzzOpen checks that no text but a sealed one opens, and that nothing panics.
func FuzzOpen(f *testing.F) {
	now := noon
	z := sealer(&now)
	text, err := z.Seal(Session, sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("AYABe")
	f.Add("")
	f.Fuzz(func(t *testing.T, given string) {
		// The seed was sealed by another process than the one that fuzzes, so
		// it is known by what it holds.
		if s, err := z.Open(Session, given); err == nil && !bytes.Equal(s.encode(), sample().encode()) {
			t.Errorf("%q opened", given)
		}
		if _, err := z.Open(SecretBlock, given); err == nil {
			t.Errorf("%q opened as a block", given)
		}
	})
}

// FuzzDecode checks the encoding behind the seal: what decodes is written back
// to something that decodes to the same.
func FuzzDecode(f *testing.F) {
	f.Add(sample().encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decode(b)
		if err != nil {
			return
		}
		again, err := decode(s.encode())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Error(diff)
		}
	})
}
