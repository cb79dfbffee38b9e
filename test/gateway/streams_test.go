package gateway_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

// A call that streams both ways and ends with trailers, as gRPC does, over HTTP/2 and
// whatever the target speaks.
func TestStreamsBothWays(t *testing.T) {
	t.Parallel()
	called := func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex() // it may be one already
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Trailer", "Grpc-Status")
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			_, _ = fmt.Fprintf(w, "echo %s\n", lines.Text())
			_ = http.NewResponseController(w).Flush()
		}
		w.Header().Set("Grpc-Status", "0")
		w.Header().Set(http.TrailerPrefix+"Grpc-Message", fmt.Sprint("by ", r.Proto, " ", r.Header.Get("Te")))
	}
	both := new(http.Protocols)
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	for version, message := range map[string]string{"HTTP1": "by HTTP/1.1 trailers", "HTTP2": "by HTTP/2.0 trailers"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			target := httptest.NewUnstartedServer(http.HandlerFunc(called))
			target.Config.Protocols = both
			target.Start()
			t.Cleanup(target.Close)
			w := &stand{s: servertest.Shared(t), access: &testlog.Log{}, app: &application{Server: target}}
			w.open(t, strings.Replace(w.file("{Type: forward, TargetGroupArn: app}"), "Name: app", "Name: app\n    ProtocolVersion: "+version, 1))
			w.streamBothWays(t, message)
		})
	}
}

// streamBothWays makes a call that echoes lines and ends with a message.
func (w *stand) streamBothWays(t *testing.T, message string) {
	t.Helper()
	body, send := io.Pipe()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, origin+"/", body)
	wantOK(t, err)
	r.Header.Set("Te", "trailers")
	got, err := w.transport(w.address).RoundTrip(r)
	wantOK(t, err)
	defer got.Body.Close()
	lines := bufio.NewReader(got.Body)
	for i := range 3 {
		_, err = fmt.Fprintf(send, "%d\n", i)
		wantOK(t, err)
		if line, err := lines.ReadString('\n'); err != nil || line != fmt.Sprintf("echo %d\n", i) {
			t.Fatalf("%q %v", line, err)
		}
	}
	wantOK(t, send.Close())
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 || got.Trailer.Get("Grpc-Status") != "0" || got.Trailer.Get("Grpc-Message") != message {
		t.Errorf("%q %v, trailers %v", rest, err, got.Trailer)
	}
}

// Answers that announce others come through (RFC 9110 §15.2), and a client that
// waits to be asked for its body is asked, unless nobody wants it.
func TestInterimAnswers(t *testing.T) {
	t.Parallel()
	w := behind(t, toApp, []string{
		rule(1, "/refused", "{Type: fixed-response, FixedResponseConfig: {StatusCode: 403}}"),
	}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Del("Link")
		_, _ = io.Copy(w, r.Body)
	})
	for _, protocol := range []int{1, 2} {
		transport := w.transport(w.address)
		transport.ForceAttemptHTTP2, transport.ExpectContinueTimeout = protocol == 2, 20*time.Second
		var hints []string
		trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			hints = append(hints, fmt.Sprint(code, h.Get("Link")))
			return nil
		}}
		for path, status := range map[string]int{"/": http.StatusOK, "/refused": http.StatusForbidden} {
			hints = nil
			r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodPost, origin+path, strings.NewReader("body"))
			wantOK(t, err)
			r.Header.Set("Expect", "100-continue")
			got, err := transport.RoundTrip(r)
			wantOK(t, err)
			text, err := io.ReadAll(got.Body)
			got.Body.Close()
			if err != nil || got.StatusCode != status || status == http.StatusOK && (string(text) != "body" || !strings.Contains(strings.Join(hints, " "), "103</style.css>")) {
				t.Errorf("%s %s: %d %q %v, before it %q", got.Proto, path, got.StatusCode, text, err, hints)
			}
		}
	}
	// Other expectations cannot be met (RFC 9110 §10.1.1).
	if got := w.raw(t, "POST / HTTP/1.1\r\nHost: "+host+"\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\nx"); !strings.HasPrefix(got, "417 ") {
		t.Errorf("another expectation: %s", got)
	}
}

// Targets that reset the connection or stop in the middle are not taken for whole.
func TestTargetsThatStopInTheMiddle(t *testing.T) {
	t.Parallel()
	w := behind(t, toApp, nil, func(w http.ResponseWriter, r *http.Request) {
		connection, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		switch r.URL.Path {
		case "/head":
			_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nContent-Le")
		case "/length":
			_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
		case "/chunks":
			_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
		case "/long":
			_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("a", 300<<10) + "\r\n\r\n")
		case "/twice":
			_, _ = buffered.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")
		}
		_ = buffered.Flush()
	})
	for path, status := range map[string]int{"/": 502, "/head": 502, "/long": 502, "/twice": 502, "/length": 0, "/chunks": 0} {
		connection, err := tls.Dial("tcp", w.address, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.s.CertPool(), ServerName: host})
		wantOK(t, err)
		wantOK(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
		_, err = io.WriteString(connection, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		wantOK(t, err)
		got, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err == nil {
			_, err = io.ReadAll(got.Body)
			got.Body.Close()
		}
		connection.Close()
		if cut := status == 0; (err != nil) != cut || !cut && got.StatusCode != status {
			t.Errorf("%s: %v %v", path, got, err)
		}
	}
}
