package gateway_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognate/internal/gateway/auth"
	"cognate/internal/servertest"
	"cognate/internal/testlog"
)

// An upgrade to anything but a WebSocket would be a tunnel to the target, through
// which requests go that no rule has seen: with h2c as many as the client likes, and
// with headers of identity that it makes up.
func TestUpgradesThatAreNoWebSockets(t *testing.T) {
	t.Parallel()
	tunnel := func(w http.ResponseWriter, r *http.Request) {
		protocol := r.Header.Get("Upgrade")
		if protocol == "" {
			_, _ = io.WriteString(w, "no upgrade, settings "+r.Header.Get("Http2-Settings"))
			return
		}
		connection, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer connection.Close()
		_, _ = buffered.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: " + protocol + "\r\n\r\n")
		_ = buffered.Flush()
		echo(buffered)
	}
	w := behind(t, toApp, nil, tunnel)
	for _, asked := range []string{
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
		"Connection: Upgrade\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
		"Connection: upgrade\r\nUpgrade: H2C",
		"Connection: Upgrade\r\nUpgrade: h2c, websocket",
		"Connection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket",
		"Connection: Upgrade\r\nUpgrade: TLS/1.2",
		"Connection: Upgrade\r\nUpgrade: anything",
	} {
		connection, err := tls.Dial("tcp", w.address, &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: w.s.CertPool(), ServerName: host})
		wantOK(t, err)
		defer connection.Close()
		wantOK(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
		_, err = io.WriteString(connection, "GET /a HTTP/1.1\r\nHost: "+host+"\r\n"+asked+"\r\n\r\n")
		wantOK(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
		wantOK(t, err)
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%q is answered %s", asked, answer.Status)
			continue
		}
		if body, err := io.ReadAll(answer.Body); err != nil || string(body) != "no upgrade, settings " {
			t.Errorf("%q: %q %v", asked, body, err)
		}
	}
}

// Servers that cut parameters off path segments, as those of Java do, take these for
// paths of another rule than the one that the whole text leads to.
func TestPathParametersLeadToNoOtherRule(t *testing.T) {
	t.Parallel()
	deny := func(w *stand) string { return w.cognito("OnUnauthenticatedRequest: deny") }
	w := shared(t, func(*stand) string { return toApp },
		func(w *stand) string { return rule(1, "/admin/*", deny(w), toApp) },
		func(*stand) string { return rule(2, "*.css", toApp) },
		func(w *stand) string { return rule(3, "/inner*", deny(w), toApp) },
		func(w *stand) string { return rule(4, "/inner/free", toApp) })
	for path, want := range map[string]string{
		"/admin/users":             "401",
		"/admin;x/users":           "400",
		"/admin%3bx/users":         "400",
		"/;x/admin/users":          "400",
		"/inner/x;.css":            "400",
		"/admin\\users":            "400",
		"/admin%5cusers":           "400",
		"/admin/users;v=1":         "401", // the same rule by either
		"/shop;jsessionid=1/a;b=2": "200",
		"/a.css;v=2":               "400",
		"/a.css":                   "200",
		"/a%3b.css":                "400",
		"/a;b.css":                 "400",
		"/semi;colon":              "200",
	} {
		got := w.raw(t, "GET "+path+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n")
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s is answered %q, want %s", path, got, want)
		}
	}
}

// What one server reads up to the first space, another reads up to the last. HTTP/2
// has a field for the address, which is made a line for the target.
func TestSpacesInRequestTargets(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	wantOK(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() { // a target that takes every line
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			connection.Close()
		}
	}()
	w := &stand{s: servertest.Shared(t), access: &testlog.Log{}, app: &application{Server: &httptest.Server{URL: "http://" + listener.Addr().String()}}}
	w.open(t, w.file("{Type: forward, TargetGroupArn: app}"))
	for _, target := range []string{"/a b", "/a?b c", "/a?role=user HTTP/1.1 "} {
		if got := w.raw(t, "GET "+target+" HTTP/1.1\r\nHost: "+host+"\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "400") {
			t.Errorf("%q is answered %q", target, got)
		}
	}
	for _, path := range []string{"/a?b c", "/a?role=user HTTP/1.1"} {
		if got := w.over2(t, host, path); got != "400" {
			t.Errorf("%q over HTTP/2 is answered %q", path, got)
		}
	}
	if got := w.over2(t, host, "/a?b"); got != "200" && got != "502" { // it may hang up too early
		t.Errorf("an ordinary request is answered %q", got)
	}
}

// A port is digits: what else stands behind a known name would lead elsewhere.
func TestS022PortsOfHosts(t *testing.T) {
	t.Parallel()
	w := shared(t, pool())
	for _, port := range []string{"443@evil.example.com", "x", "443:80", "8443@evil.example.com", "@evil.example.com"} {
		got := w.raw(t, fmt.Sprintf("GET /a HTTP/1.1\r\nHost: %s:%s\r\nConnection: close\r\n\r\n", host, port))
		if !strings.HasPrefix(got, "400 ") && !strings.HasPrefix(got, "401 ") || strings.Contains(got, "evil") || strings.Contains(got, auth.CallbackPath) {
			t.Errorf("the port %s is answered %s", port, got)
		}
	}
}
