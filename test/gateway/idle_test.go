package gateway_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"cognate/internal/gateway/auth"
)

// upgraded asks for a WebSocket. The gateway of behind lets connections be idle for
// two seconds.
func (w *stand) upgraded(t *testing.T, path string) (*tls.Conn, *bufio.Reader) {
	t.Helper()
	connection, err := tls.Dial("tcp", w.address, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.s.CertPool(), ServerName: host})
	wantOK(t, err)
	t.Cleanup(func() { connection.Close() })
	wantOK(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
	_, err = io.WriteString(connection, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Amzn-Oidc-Identity: forged\r\n\r\n")
	wantOK(t, err)
	reader := bufio.NewReader(connection)
	answer, err := http.ReadResponse(reader, nil)
	wantOK(t, err)
	if answer.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(answer.Status)
	}
	return connection, reader
}

// webSocket upgrades the connection and gives it to talk, which ends it.
func webSocket(talk func(*bufio.ReadWriter)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "websocket" || r.Header.Get(auth.IdentityHeader) != "" {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		connection, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		_, _ = buffered.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
		_ = buffered.Flush()
		talk(buffered)
	}
}

func echo(c *bufio.ReadWriter) {
	for {
		line, err := c.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = c.WriteString("echo " + line)
		_ = c.Flush()
	}
}

func TestWebSocket(t *testing.T) {
	t.Parallel()
	w := behind(t, toApp, nil, webSocket(echo))
	connection, reader := w.upgraded(t, "/ws")
	for range 2 {
		_, err := io.WriteString(connection, "hello\n")
		wantOK(t, err)
		if line, err := reader.ReadString('\n'); err != nil || line != "echo hello\n" {
			t.Errorf("%q %v", line, err)
		}
	}
	wantOK(t, connection.Close())
	log := w.logged(t)
	if !regexp.MustCompile(`^wss .* 101 101 12 22 "GET https://shop.localhost:443/ws HTTP/1.1" `).MatchString(log) {
		t.Errorf("the access log has %s", log)
	}
}

// logged waits for a line of the access log.
func (w *stand) logged(t *testing.T) string {
	t.Helper()
	for t.Context().Err() == nil {
		if text := w.access.String(); text != "" {
			return text
		}
		time.Sleep(time.Millisecond) // another goroutine writes it
	}
	return ""
}

// Silence in both directions ends a WebSocket on both sides; a word in either keeps
// it (idle_timeout).
func TestSilentWebSocket(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 5 seconds")
	}
	ended := make(chan error, 3)
	w := behind(t, toApp, nil, func(w http.ResponseWriter, r *http.Request) {
		webSocket(func(c *bufio.ReadWriter) {
			for r.URL.Path == "/talks" {
				if _, err := c.WriteString("word\n"); err != nil || c.Flush() != nil {
					break
				}
				time.Sleep(200 * time.Millisecond) // the pauses are what is tested
			}
			_, err := c.ReadByte()
			ended <- err
		})(w, r)
	})
	talking, words := w.upgraded(t, "/talks")
	_, nothing := w.upgraded(t, "/silent")
	half, rest := w.upgraded(t, "/half")
	wantOK(t, half.CloseWrite()) // the target may still answer, but not for ever
	began := time.Now()
	for name, reader := range map[string]*bufio.Reader{"silent": nothing, "half closed": rest} {
		if got, err := io.ReadAll(reader); len(got) > 0 {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if took := time.Since(began); took < time.Second || took > 10*time.Second {
		t.Errorf("the silent ones ended after %v, want 2s", took)
	}
	for range 2 {
		if <-ended == nil {
			t.Error("the target heard a byte")
		}
	}
	for range 20 {
		if line, err := words.ReadString('\n'); err != nil || line != "word\n" {
			t.Fatalf("the one that talks: %q %v", line, err)
		}
	}
	wantOK(t, talking.Close())
}

// A stream may pause, also for longer in all than a connection may be idle. One
// that the target forgets is ended, and not as if it were whole.
func TestStreamsThatPause(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 5 seconds")
	}
	w := behind(t, toApp, nil, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		for range 15 {
			_, _ = io.WriteString(w, "word ")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(200 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
		if r.URL.Path == "/forgotten" {
			<-r.Context().Done()
		}
	})
	for _, protocol := range []int{1, 2} {
		for path, whole := range map[string]bool{"/paused": true, "/forgotten": false} {
			t.Run(fmt.Sprintf("HTTP %d %s", protocol, path[1:]), func(t *testing.T) {
				t.Parallel()
				transport := w.transport(w.address)
				transport.ForceAttemptHTTP2 = protocol == 2
				got, err := (&http.Client{Transport: transport, Timeout: 20 * time.Second}).Post(origin+path, "text/plain", strings.NewReader("x"))
				wantOK(t, err)
				defer got.Body.Close()
				body, err := io.ReadAll(got.Body)
				if got.ProtoMajor != protocol || string(body) != strings.Repeat("word ", 15) || (err == nil) != whole {
					t.Errorf("%s: %q %v", got.Proto, body, err)
				}
			})
		}
	}
}

// A client that takes nothing of an answer, and one that stops in the middle of a
// body, are cut off, whatever they speak (S175).
func TestS175SlowClients(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes 2 seconds")
	}
	over := make(chan string, 4)
	w := behind(t, toApp, nil, func(w http.ResponseWriter, r *http.Request) {
		var err error
		if r.Method == http.MethodPost {
			_, err = io.Copy(io.Discard, r.Body)
		} else {
			for piece := make([]byte, 64<<10); err == nil; {
				_, err = w.Write(piece)
			}
		}
		over <- fmt.Sprint(r.Method, " ", r.URL.Path, " ", err != nil)
	})
	want := map[string]bool{}
	for _, protocol := range []int{1, 2} {
		transport := w.transport(w.address)
		transport.ForceAttemptHTTP2 = protocol == 2
		path := fmt.Sprintf("/%d", protocol)
		want["GET "+path+" true"], want["POST "+path+" true"] = true, true
		unread, err := (&http.Client{Transport: transport}).Get(origin + path)
		wantOK(t, err)
		defer unread.Body.Close()
		body, send := io.Pipe()
		defer send.Close()
		go func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, origin+path, body)
			if err != nil {
				return
			}
			r.ContentLength = 10
			if got, err := transport.RoundTrip(r); err == nil {
				got.Body.Close()
			}
		}()
		_, err = io.WriteString(send, "abc")
		wantOK(t, err)
	}
	late := time.After(15 * time.Second)
	for len(want) > 0 {
		select {
		case one := <-over:
			if !want[one] {
				t.Errorf("the application says %q", one)
			}
			delete(want, one)
		case <-late:
			t.Fatalf("not cut off: %v", want)
		}
	}
}
