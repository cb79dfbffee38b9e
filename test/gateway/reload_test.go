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
	app := func(name string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/ws":
				webSocket(echo)(w, r)
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
	text, err := os.ReadFile(w.rules)
	wantOK(t, err)
	first := strings.Replace(string(text), "timeout_seconds, Value: 2", "timeout_seconds, Value: 60", 1)
	wantOK(t, os.WriteFile(w.rules, []byte(first), 0o600))
	wantOK(t, w.gateway.Reload(t.Context()))
	connection, replies := w.upgraded(t, "/ws")
	stream, err := (&http.Client{Transport: w.transport(w.address)}).Get(origin + "/stream")
	wantOK(t, err)
	defer stream.Body.Close()
	words := bufio.NewReader(stream.Body)
	wantLine(t, words, "word\n")

	l := w.load(t, "one", "two")
	second := strings.Replace(first, "DefaultActions: ["+toApp, "DefaultActions: ["+strings.Replace(toApp, ": app", ": app2", 1), 1)
	second = strings.Replace(second, "Name: app,", "Name: app, HealthCheckPath: /other,", 1) // the group is another
	for i := range 20 {
		rules, answering := second, "two"
		if i%2 == 1 {
			rules, answering = first, "one"
		}
		wantOK(t, os.WriteFile(w.rules, []byte(rules), 0o600))
		wantOK(t, w.gateway.Reload(t.Context()))
		for enough := l.answers[answering].Load() + 4; l.answers[answering].Load() < enough && !t.Failed(); {
			wantOK(t, os.WriteFile(w.rules, []byte("Listeners: [{}]"), 0o600))
			if w.gateway.Reload(t.Context()) == nil {
				t.Error("a bad file is taken")
			}
		}
	}
	l.stop()
	word <- struct{}{}
	wantLine(t, words, "word\n")
	close(word)
	_, err = io.WriteString(connection, "still here\n")
	wantOK(t, err)
	wantLine(t, replies, "echo still here\n")
}

func wantLine(t *testing.T, from *bufio.Reader, want string) {
	t.Helper()
	if line, err := from.ReadString('\n'); err != nil || line != want {
		t.Errorf("%q %v, want %q", line, err, want)
	}
}

// load is clients that send requests until they are stopped.
type load struct {
	answers map[string]*atomic.Int64 // those that may come, counted
	over    atomic.Bool
	clients sync.WaitGroup
}

func (l *load) stop() {
	l.over.Store(true)
	l.clients.Wait()
}

// load has clients of HTTP/1.1 and HTTP/2 send requests, each of which has to be
// answered with one of some texts.
func (w *stand) load(t *testing.T, answers ...string) *load {
	l := &load{answers: map[string]*atomic.Int64{}}
	for _, answer := range answers {
		l.answers[answer] = new(atomic.Int64)
	}
	for i := range 4 {
		transport := w.transport(w.address)
		transport.ForceAttemptHTTP2 = i%2 == 0
		client := &http.Client{Transport: transport}
		l.clients.Go(func() {
			for !l.over.Load() {
				got, err := client.Post(origin+"/", "text/plain", strings.NewReader(strings.Repeat("x", 10_000)))
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(got.Body)
				got.Body.Close()
				count := l.answers[string(body)]
				if err != nil || count == nil {
					t.Errorf("%d %q %v", got.StatusCode, body, err)
					return
				}
				count.Add(1)
			}
		})
	}
	return l
}
