package gateway_test

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Under load, with a WebSocket and a stream open, rules change and come back, and
// files are refused: no request fails and no connection ends.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	word := make(chan struct{})
	ws := webSocket(echo)
	app := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/ws":
				ws(w, r)
			case "/stream":
				for range 2 {
					_, _ = io.WriteString(w, "word\n")
					_ = http.NewResponseController(w).Flush()
					<-word
				}
			default:
				_, _ = io.Copy(io.Discard, r.Body)
				_, _ = io.WriteString(w, name)
			}
		}
	}
	w := behind(t, toApp, nil, app("one"), app("two"))
	connection, reader := w.upgraded(t, "/ws")
	stream, err := (&http.Client{Transport: w.transport(w.address)}).Get(origin + "/stream")
	wantOK(t, err)
	defer stream.Body.Close()
	lines := bufio.NewReader(stream.Body)
	wantLine := func(from *bufio.Reader, want string) {
		t.Helper()
		if line, err := from.ReadString('\n'); err != nil || line != want {
			t.Errorf("%q %v, want %q", line, err, want)
		}
	}
	wantLine(lines, "word\n")

	var done atomic.Bool
	var seen [2]atomic.Int64
	var clients sync.WaitGroup
	for i := range 4 {
		transport := w.transport(w.address)
		transport.ForceAttemptHTTP2 = i%2 == 0
		client := &http.Client{Transport: transport}
		clients.Go(func() {
			for !done.Load() {
				got, err := client.Post(origin+"/", "text/plain", strings.NewReader(strings.Repeat("x", 10_000)))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(got.Body)
				got.Body.Close()
				switch {
				case err == nil && string(body) == "one":
					seen[0].Add(1)
				case err == nil && string(body) == "two":
					seen[1].Add(1)
				default:
					t.Errorf("%d %q %v", got.StatusCode, body, err)
					return
				}
			}
		})
	}
	text, err := os.ReadFile(w.rules)
	wantOK(t, err)
	first := string(text)
	second := strings.Replace(first, "DefaultActions: ["+toApp, "DefaultActions: ["+strings.Replace(toApp, ": app", ": app2", 1), 1)
	second = strings.Replace(second, "Name: app,", "Name: app, HealthCheckPath: /other,", 1) // the group is another
	for i := range 20 {
		before := [2]int64{seen[0].Load(), seen[1].Load()}
		next := i % 2
		wantOK(t, os.WriteFile(w.rules, []byte([]string{second, first}[next]), 0o600))
		wantOK(t, w.gateway.Reload(t.Context()))
		for answering := 1 - next; seen[answering].Load() < before[answering]+4 && !t.Failed(); {
			wantOK(t, os.WriteFile(w.rules, []byte("Listeners: [{}]"), 0o600))
			if w.gateway.Reload(t.Context()) == nil {
				t.Error("a bad file is taken")
			}
		}
	}
	done.Store(true)
	clients.Wait()
	word <- struct{}{}
	wantLine(lines, "word\n")
	close(word)
	_, err = io.WriteString(connection, "still here\n")
	wantOK(t, err)
	wantLine(reader, "echo still here\n")
}
