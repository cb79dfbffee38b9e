package keyset

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// site serves a key set and counts how often it is read.
type site struct {
	mu    sync.Mutex
	body  string
	ill   bool
	reads int
	now   time.Time
	slow  time.Duration // how long an answer takes
}

func (s *site) RoundTrip(*http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	s.now = s.now.Add(s.slow)
	if s.ill {
		return nil, errors.New("nobody there")
	}
	w := httptest.NewRecorder()
	_, _ = w.WriteString(s.body)
	return w.Result(), nil
}

func (s *site) time() time.Time { return s.now }

func (s *site) publish(t *testing.T, keys ...jose.JSONWebKey) {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	s.body = string(text)
}

func key(t *testing.T, id string, bits int) jose.JSONWebKey {
	t.Helper()
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return jose.JSONWebKey{Key: &private.PublicKey, KeyID: id}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := &site{now: time.Unix(1_800_000_000, 0)}
	set := &Set{URL: "https://id.example.com/jwks", HTTP: &http.Client{Transport: s}, Now: s.time}
	ask := func(id string) error { _, err := set.Key(context.Background(), id); return err }
	encryption := key(t, "enc", 2048)
	encryption.Use = "enc"
	first := key(t, "a", 2048)
	s.publish(t, first, encryption)
	if err := ask("a"); err != nil || s.reads != 1 {
		t.Fatalf("%v, %d reads", err, s.reads)
	}
	// Unknown keys do not have the set read each time.
	for range 100 {
		if err := ask("b"); !errors.Is(err, ErrUnknown) {
			t.Fatal(err)
		}
	}
	if err := ask("enc"); !errors.Is(err, ErrUnknown) || s.reads != 1 {
		t.Errorf("%v, %d reads", err, s.reads)
	}
	// A new key is found as soon as the set may be read again.
	s.publish(t, first, key(t, "b", 2048))
	s.now = s.now.Add(minAge)
	if err := ask("b"); err != nil || s.reads != 2 {
		t.Errorf("%v, %d reads", err, s.reads)
	}
	// A key that was taken back is good for five minutes more, and no longer.
	s.publish(t, key(t, "b", 2048))
	s.now = s.now.Add(maxAge - time.Second)
	if err := ask("a"); err != nil {
		t.Error(err)
	}
	s.now = s.now.Add(time.Second)
	if err := ask("a"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a key that was taken back: %v", err)
	}
	// While the issuer is away its keys are good for an hour.
	s.ill = true
	s.now = s.now.Add(maxStale - time.Second)
	if err := ask("b"); err != nil {
		t.Error(err)
	}
	s.now = s.now.Add(2 * time.Second)
	if err := ask("b"); err == nil || errors.Is(err, ErrUnknown) {
		t.Errorf("after an hour: %v", err)
	}
}

// Those who waited for a try that took as long as tries are apart do not each begin
// another.
func TestAnIssuerThatHangsIsAskedOnceForAllWhoWait(t *testing.T) {
	t.Parallel()
	s := &site{now: time.Unix(1_800_000_000, 0), ill: true, slow: minAge}
	set := &Set{URL: "https://id.example.com/jwks", HTTP: &http.Client{Transport: s}, Now: s.time}
	for range 3 {
		if _, err := set.Key(t.Context(), "a"); err == nil || errors.Is(err, ErrUnknown) {
			t.Fatalf("an issuer that hangs: %v", err)
		}
	}
	if s.reads != 1 {
		t.Errorf("the issuer was asked %d times", s.reads)
	}
}

func TestWhatIsNoKey(t *testing.T) {
	t.Parallel()
	for what, text := range map[string]string{
		"symmetric": `{"kty":"oct","kid":"a","k":"AAAA"}`, "of an unknown kind": `{"kty":"XX","kid":"a"}`, "empty": `{}`, "no object": `1`,
		"for another algorithm": `{"kty":"RSA","kid":"a","alg":"RS512","n":"AQ","e":"AQAB"}`, "short": `{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB"}`,
	} {
		if id, k := usable([]byte(text)); k != nil {
			t.Errorf("%s: %s", what, id)
		}
	}
}
