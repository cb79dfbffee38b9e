package api_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/servertest"
)

// keySet is the key ids that verifiers of a pool's tokens find.
func keySet(t *testing.T, s *servertest.Server, pool string) map[string]bool {
	t.Helper()
	answer, err := http.Get(s.URL + "/" + pool + "/.well-known/jwks.json")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var set struct{ Keys []struct{ Kid string } }
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, k := range set.Keys {
		ids[k.Kid] = true
	}
	return ids
}

// kid is the key id in a token's header.
func kid(t *testing.T, token *string) string {
	t.Helper()
	head, _, _ := strings.Cut(*token, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Kid string }
	if err := json.Unmarshal(text, &header); err != nil {
		t.Fatal(err)
	}
	return header.Kid
}

// rotate gives a pool new keys, as `cognate keys rotate` does.
func rotate(t *testing.T, s *servertest.Server, pool string, compromised bool) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"pool": pool, "compromised": compromised})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/_cognate/v1/keys", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Cognate-Control", "1")
	s.Sign(t, r, string(body))
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", answer.Status, text)
	}
}

// While keys are replaced, users sign in, and every token is signed with a key that
// a verifier has seen before; tokens of the old keys are good to their end.
func TestS035KeysAreRotatedUnderLoad(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := newApp(t, s, nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	old := a.signIn(t, "ana", goodPassword)
	before := keySet(t, s, a.pool)

	var wg sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				got := a.signIn(t, "ana", goodPassword)
				if !before[kid(t, got.AccessToken)] || !before[kid(t, got.IdToken)] {
					t.Error("a token was signed with a key that was not published before")
				}
			}
		})
	}
	rotate(t, s, a.pool, false)
	published := keySet(t, s, a.pool)
	close(done)
	wg.Wait()
	if len(published) != 4 {
		t.Fatalf("after the rotation %d keys are published", len(published))
	}

	s.Advance(time.Hour + time.Minute)
	fresh := a.signIn(t, "ana", goodPassword)
	for _, token := range []*string{fresh.AccessToken, fresh.IdToken} {
		if id := kid(t, token); before[id] || !published[id] {
			t.Errorf("an hour later %s signs", id)
		}
	}
	refreshed, err := a.refresh(t, old.RefreshToken)
	wantOK(t, err)
	if before[kid(t, refreshed.AccessToken)] {
		t.Error("a refresh signs with the old key")
	}
	s.Advance(25 * time.Hour)
	if left := keySet(t, s, a.pool); len(left) != 2 {
		t.Errorf("after the last old token %d keys are published", len(left))
	}
}

func TestS035CompromisedKeysAreForgottenAtOnce(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t)
	a := newApp(t, s, nil, nil)
	a.s.CreateUser(t, a.pool, "ana", goodPassword)
	old := a.signIn(t, "ana", goodPassword)
	wantOK(t, a.getUser(t.Context(), old.AccessToken))
	before := keySet(t, s, a.pool)

	rotate(t, s, a.pool, true)
	wantError(t, a.getUser(t.Context(), old.AccessToken), "NotAuthorizedException", "Could not verify signature for Access Token")
	for id := range keySet(t, s, a.pool) {
		if before[id] {
			t.Errorf("key %s is still published", id)
		}
	}
	fresh := a.signIn(t, "ana", goodPassword)
	wantOK(t, a.getUser(t.Context(), fresh.AccessToken))
}
