package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

func ring(t testing.TB, lines ...string) *Ring {
	t.Helper()
	r, err := Parse([]byte(strings.Join(lines, "\n") + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	r := ring(t, NewKey())
	one, two := r.Seal("a", []byte("text")), r.Seal("a", []byte("text"))
	if bytes.Equal(one, two) || bytes.Contains(one, []byte("text")) || len(one) != Overhead+4 {
		t.Errorf("%x %x", one, two)
	}
	if got, err := r.Open("a", one); err != nil || string(got) != "text" {
		t.Errorf("%q %v", got, err)
	}
	if _, err := r.Open("b", one); !errors.Is(err, ErrOpen) {
		t.Error("opened for another purpose")
	}
	if _, err := ring(t, NewKey()).Open("a", one); !errors.Is(err, ErrOpen) {
		t.Error("opened by another key")
	}
	for i := range one {
		changed := bytes.Clone(one)
		changed[i] ^= 1
		if _, err := r.Open("a", changed); !errors.Is(err, ErrOpen) {
			t.Errorf("opened with byte %d changed", i)
		}
		if _, err := r.Open("a", one[:i]); !errors.Is(err, ErrOpen) {
			t.Errorf("opened with %d bytes", i)
		}
	}
}

// The way to new keys: second everywhere, then first, then alone.
func TestRotation(t *testing.T) {
	t.Parallel()
	old, next := NewKey(), NewKey()
	stages := []*Ring{ring(t, old), ring(t, old, next), ring(t, next, old)}
	for i, sealing := range stages {
		for j, opening := range stages {
			if j-i > 1 || i-j > 1 { // more than a stage apart, nobody runs at the same time
				continue
			}
			if _, err := opening.Open("a", sealing.Seal("a", []byte("x"))); err != nil {
				t.Errorf("stage %d does not open what stage %d sealed", j, i)
			}
			now := time.Unix(1_800_000_000, 0)
			if _, ok := opening.PublicKey(sealing.SigningKey(now).ID, now); !ok {
				t.Errorf("stage %d does not know the key that stage %d signs with", j, i)
			}
		}
	}
	if _, err := ring(t, next).Open("a", stages[0].Seal("a", nil)); err == nil {
		t.Error("a key that is gone opens")
	}
}

func TestSigningKeys(t *testing.T) {
	t.Parallel()
	line := NewKey()
	a, b := ring(t, line), ring(t, line)
	now := time.Unix(1_800_000_000, 0)
	first := a.SigningKey(now)
	if other := b.SigningKey(now); other.ID != first.ID || !other.Key.Equal(first.Key) {
		t.Error("two gateways with the same key file sign with different keys")
	}
	if later := a.SigningKey(now.Add(24 * time.Hour)); later.ID == first.ID || later.Key.Equal(first.Key) {
		t.Error("the key is the same a day later")
	}
	for after, known := range map[time.Duration]bool{-24 * time.Hour: true, 0: true, 7 * 24 * time.Hour: true, 9 * 24 * time.Hour: false, -48 * time.Hour: false} {
		public, ok := b.PublicKey(first.ID, now.Add(after))
		if ok != known || ok && !public.Equal(&first.Key.PublicKey) {
			t.Errorf("after %v it is known: %t", after, ok)
		}
	}
	if _, ok := a.PublicKey("", now); ok {
		t.Error("a key without an id")
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	if r := ring(t, "# newest first", NewKey(), "", "  "+NewKey()+"  "); len(r.keys) != 2 {
		t.Errorf("%d keys", len(r.keys))
	}
	short := base64.StdEncoding.EncodeToString(make([]byte, 31))
	for text, want := range map[string]string{
		"": "0 keys", "# none\n": "0 keys", NewKey() + "\nsecret-words\n": "line 2", short: "line 1", strings.Repeat(NewKey()+"\n", 17): "17 keys",
	} {
		_, err := Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret-words") {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	r := ring(f, base64.StdEncoding.EncodeToString(make([]byte, 32)))
	f.Add(r.Seal("a", []byte("text")))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if plain, err := r.Open("a", sealed); err == nil && string(plain) != "text" {
			t.Errorf("%x opened as %q", sealed, plain)
		}
	})
}
