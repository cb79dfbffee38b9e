package security_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"cognate/internal/freeport"
	"cognate/internal/server"
)

// limit is how long the servers of these tests wait for a slow client.
const limit = time.Second

// wire is a server with its real listeners, spoken to byte by byte.
type wire struct{ address, metrics string }

func startWire(t *testing.T, change ...func(*server.Config)) wire {
	t.Helper()
	cfg := server.Config{Mode: server.Dev, Memory: true, HeaderTimeout: limit, ReadTimeout: 2 * limit, MetricsListen: freeAddress(t)}
	listener := listen(t)
	cfg.PublicURL = "http://" + listener.Addr().String()
	for _, c := range change {
		c(&cfg)
	}
	running, err := server.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- running.RunOn(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, running.Close()); err != nil {
			t.Error(err)
		}
	})
	return wire{address: listener.Addr().String(), metrics: cfg.MetricsListen}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := freeport.Pick(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("127.0.0.1:", port)
}

// dial opens a connection that gives up long after the server should have.
func (w wire) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := new(net.Dialer).DialContext(t.Context(), "tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// say sends bytes and reads answers until the server closes the connection.
func (w wire) say(t *testing.T, raw string) (answers []*http.Response, closed bool) {
	t.Helper()
	c := w.dial(t)
	go func() { _, _ = io.Copy(c, strings.NewReader(raw)) }() // the server may close before the end
	r := bufio.NewReader(c)
	for {
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			return answers, !isTimeout(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return answers, !isTimeout(err)
		}
		answer.Body = io.NopCloser(bytes.NewReader(body))
		answers = append(answers, answer)
	}
}

func isTimeout(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

const (
	lines  = "POST / HTTP/1.1\r\nHost: localhost\r\n"
	target = "X-Amz-Target: AWSCognitoIdentityProviderService."
)

// call is a whole request; headers end with line breaks.
func call(operation, body, headers string) string {
	return lines + target + operation + "\r\n" + headers + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

// smuggled is a request that must never be carried out.
var smuggled = call("CreateUserPool", `{"PoolName":"smuggled"}`, "")

const lastRequest = "Connection: close\r\n"

// pools counts the pools of a server.
func (w wire) pools(t *testing.T) int {
	t.Helper()
	answers, _ := w.say(t, call("ListUserPools", `{"MaxResults":60}`, lastRequest))
	if len(answers) != 1 || answers[0].StatusCode != http.StatusOK {
		t.Fatalf("the server does not answer any more: %v", answers)
	}
	body, err := io.ReadAll(answers[0].Body)
	if err != nil {
		t.Fatal(err)
	}
	return len(decode(t, string(body))["UserPools"].([]any))
}

func TestS175SlowClientsAreCutOff(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	for name, start := range map[string]string{
		"nothing":          "",
		"half a line":      "POST / HT",
		"half a handshake": "\x16\x03\x01\x02\x00\x01",
		"headers, no end":  lines + "X-A: b\r\n",
		"body, no end":     lines + target + "ListUserPools\r\nContent-Length: 100\r\n\r\n{",
		"chunk, no end":    lines + target + "ListUserPools\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
		"unread, no end":   "POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
		"expects continue": lines + target + "ListUserPools\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := w.dial(t)
			if _, err := io.WriteString(c, start); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(c); err != nil && isTimeout(err) {
				t.Error("the connection stays open")
			}
		})
	}
}

func TestS175DrippingClientsAreCutOff(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	for name, head := range map[string]string{
		"headers": lines + "X-A: ",
		"body":    lines + target + "ListUserPools\r\nContent-Length: 1000\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := w.dial(t)
			if _, err := io.WriteString(c, head); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() { defer close(ended); _, _ = io.Copy(io.Discard, c) }()
			drip := time.NewTicker(limit / 10)
			defer drip.Stop()
			for range 300 {
				select {
				case <-ended:
					return
				case <-drip.C:
					_, _ = io.WriteString(c, " ") // fails once the server has closed
				}
			}
			t.Error("a byte now and then keeps the connection open")
		})
	}
}

func TestS175HeaderFloodsAreRefused(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	for name, head := range map[string]string{
		"one long header":   lines + "X-A: " + strings.Repeat("a", 64<<10) + "\r\n\r\n",
		"many headers":      lines + strings.Repeat("X-A: b\r\n", 20_000) + "\r\n",
		"different headers": lines + "X-" + strings.Join(numbered("A: b\r\nX-", 10_000), "") + "A: c\r\n\r\n",
		"endless name":      lines + "X-" + strings.Repeat("a", 1<<20),
		"long cookie":       lines + "Cookie: " + strings.Repeat("a=b;", 20_000) + "\r\n\r\n",
		"long path":         "GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		answers, closed := w.say(t, head)
		if len(answers) > 1 || len(answers) == 1 && answers[0].StatusCode != 431 || !closed {
			t.Errorf("%s: %v, closed %v", name, answers, closed)
		}
	}
	w.pools(t)
}

func TestS175FaultyFramingIsRefused(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	const body = `{"MaxResults":1}`
	for name, headers := range map[string]string{
		"two lengths":            "Content-Length: 16\r\nContent-Length: 0\r\n",
		"two lengths in a line":  "Content-Length: 16, 0\r\n",
		"signed length":          "Content-Length: +16\r\n",
		"negative length":        "Content-Length: -16\r\n",
		"hexadecimal length":     "Content-Length: 0x10\r\n",
		"length with a space":    "Content-Length: 1 6\r\n",
		"length out of range":    "Content-Length: 99999999999999999999\r\n",
		"empty length":           "Content-Length: \r\nContent-Length: 16\r\n",
		"unknown coding":         "Content-Length: 16\r\nTransfer-Encoding: xchunked\r\n",
		"identity":               "Content-Length: 16\r\nTransfer-Encoding: identity\r\n",
		"coding list":            "Content-Length: 16\r\nTransfer-Encoding: identity, chunked\r\n",
		"coding twice":           "Content-Length: 16\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
		"coding with tab":        "Content-Length: 16\r\nTransfer-Encoding: \x0bchunked\r\n",
		"space before the colon": "Content-Length : 16\r\n",
		"coding and space":       "Content-Length: 16\r\nTransfer-Encoding : chunked\r\n",
		"NUL in a value":         "Content-Length: 16\r\nX-A: a\x00b\r\n",
		"line without colon":     "Content-Length: 16\r\nX-A\r\n",
		"empty name":             "Content-Length: 16\r\n: x\r\n",
		"second host":            "Content-Length: 16\r\nHost: evil.example\r\n",
	} {
		answers, closed := w.say(t, lines+target+"ListUserPools\r\n"+headers+"\r\n"+body+smuggled)
		if len(answers) != 1 || answers[0].StatusCode != 400 && answers[0].StatusCode != 501 || !closed {
			t.Errorf("%s: %v, closed %v", name, answers, closed)
		}
	}
	if n := w.pools(t); n != 0 {
		t.Errorf("%d smuggled requests were carried out", n)
	}
}

func TestS175OtherProtocolsAreRefused(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	for name, raw := range map[string]string{
		"no host":        "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
		"host of spaces": "POST / HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\n\r\n",
		"version 0.9":    "GET /\r\n\r\n",
		"version 3":      "GET / HTTP/3.0\r\nHost: localhost\r\n\r\n",
		"HTTP/2":         "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
		"TLS":            "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
		"long method":    strings.Repeat("A", 64<<10) + " / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"tabs":           "POST\t/\tHTTP/1.1\r\nHost: localhost\r\n\r\n",
		"no slash":       "POST x HTTP/1.1\r\nHost: localhost\r\n\r\n",
	} {
		answers, closed := w.say(t, raw+smuggled)
		if len(answers) > 1 || len(answers) == 1 && answers[0].StatusCode < 400 || !closed {
			t.Errorf("%s: %v, closed %v", name, answers, closed)
		}
	}
	if n := w.pools(t); n != 0 {
		t.Errorf("%d smuggled requests were carried out", n)
	}
}

// What follows a body of doubtful length is never another request.
func TestS175NothingIsSmuggledBehindABody(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	const (
		chunked = "Transfer-Encoding: chunked\r\n"
		end     = "0\r\n\r\n"
	)
	for name, raw := range map[string]string{
		"length and coding":           lines + "Content-Length: 4\r\n" + chunked + "\r\n" + end,
		"coding and length":           lines + chunked + "Content-Length: 400\r\n\r\n" + end,
		"coding in capitals":          lines + "TRANSFER-ENCODING: CHUNKED\r\nContent-Length: 400\r\n\r\n" + end,
		"coding in HTTP/1.0":          "POST / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n" + chunked + "Content-Length: 5\r\n\r\n" + end,
		"HTTP/1.0":                    "POST / HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n",
		"coding, other path":          "POST /nothing HTTP/1.1\r\nHost: localhost\r\n" + chunked + "Content-Length: 5\r\n\r\n" + end,
		"coding of a GET":             "GET /health/live HTTP/1.1\r\nHost: localhost\r\n" + chunked + "Content-Length: 5\r\n\r\n" + end,
		"signed chunk size":           lines + chunked + "\r\n+0\r\n\r\n",
		"chunk size with a prefix":    lines + chunked + "\r\n0x0\r\n\r\n",
		"chunk size out of range":     lines + chunked + "\r\nfffffffffffffffff\r\n\r\n",
		"negative chunk size":         lines + chunked + "\r\n-1\r\n\r\n",
		"chunk longer than it says":   lines + chunked + "\r\n1\r\nab\r\n" + end,
		"trailers with another host":  lines + chunked + "\r\n0\r\nHost: evil.example\r\nContent-Length: 5\r\n\r\n",
		"body larger than is read":    lines + target + "ListUserPools\r\nContent-Length: 9999999\r\n\r\n",
		"chunks larger than are read": lines + target + "ListUserPools\r\n" + chunked + "\r\n200000\r\n" + strings.Repeat(" ", 2<<20) + "\r\n" + end,
	} {
		answers, closed := w.say(t, raw+smuggled)
		if len(answers) > 1 || !closed {
			t.Errorf("%s: %d answers, closed %v", name, len(answers), closed)
		}
	}
	if n := w.pools(t); n != 0 {
		t.Errorf("%d smuggled requests were carried out", n)
	}
	list := call("ListUserPools", `{"MaxResults":1}`, "")
	if answers, _ := w.say(t, list+list+call("ListUserPools", `{"MaxResults":1}`, lastRequest)); len(answers) != 3 {
		t.Errorf("%d answers to three honest requests on one connection", len(answers))
	}
}

// The host of a request line counts, not the one of a header beside it.
func TestS175AbsoluteTargetsNameTheHost(t *testing.T) {
	t.Parallel()
	w := startWire(t)
	for address, want := range map[string]int{
		"http://evil.example/": 404, "http://evil.example/_cognate/v1/inbox": 404, "http://localhost/_cognate/v1/inbox": 200,
	} {
		answers, _ := w.say(t, "GET "+address+" HTTP/1.1\r\nHost: localhost\r\n"+lastRequest+"\r\n")
		if len(answers) != 1 || answers[0].StatusCode != want {
			t.Errorf("%s: %v, want %d", address, answers, want)
		}
	}
	for _, method := range []string{"TRACE", "CONNECT", "PROPFIND", "post"} {
		answers, _ := w.say(t, method+" / HTTP/1.1\r\nHost: localhost\r\nX-Secret: s3cr3t\r\n"+lastRequest+"\r\n")
		for _, answer := range answers {
			body, err := io.ReadAll(answer.Body)
			if err != nil || answer.StatusCode < 400 || strings.Contains(string(body), "s3cr3t") {
				t.Errorf("%s: %s %s, %v", method, answer.Status, body, err)
			}
		}
	}
}
