package api_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognate/internal/outbound/hook"
	"cognate/internal/server"
	"cognate/internal/servertest"
)

// TestS164ReceiversCanTellCallsFromForgedOnes checks the signature of calls as a
// receiver would, with the secrets that the operator is shown.
func TestS164ReceiversCanTellCallsFromForgedOnes(t *testing.T) {
	t.Parallel()
	signatures := make(chan [2]string, 10)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		signatures <- [2]string{r.Header.Get("X-Cognate-Signature"), string(body)}
		_, _ = w.Write(body)
	}))
	defer target.Close()
	h := &host{}
	h.s = servertest.Start(t, inDev, func(c *server.Config) { c.Functions = []string{"all=" + target.URL} })
	w := h.world(t)
	type shown struct {
		Secrets []struct {
			Secret string
			Until  time.Time
		}
	}
	check := func(want int, method string) {
		t.Helper()
		var known shown
		if status := h.controlCall(t, method, "/_cognate/v1/functions/secrets", "", &known); status != http.StatusOK || len(known.Secrets) != want {
			t.Fatalf("%d: %d secrets, want %d", status, len(known.Secrets), want)
		}
		keys := make([][]byte, want)
		for i, s := range known.Secrets {
			keys[i] = []byte(s.Secret)
			if current := s.Until.IsZero(); current != (i == 0) {
				t.Errorf("secret %d is the current one: %t", i, current)
			}
		}
		_, _ = w.tryPassword(t, "nobody", goodPassword)
		got := <-signatures
		seconds, err := strconv.ParseInt(strings.TrimPrefix(got[0][:strings.IndexByte(got[0], ',')], "t="), 10, 64)
		wantOK(t, err)
		at := time.Unix(seconds, 0)
		if want := hook.Sign(keys, at, []byte(got[1])); got[0] != want || h.s.Now().Sub(at).Abs() > time.Minute {
			t.Errorf("signature %s, want %s", got[0], want)
		}
	}
	check(1, http.MethodGet)
	check(2, http.MethodPost)
	h.s.Advance(25 * time.Hour)
	check(1, http.MethodGet)
}
