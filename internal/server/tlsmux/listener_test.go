package tlsmux_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"cognate/internal/server/localca"
	"cognate/internal/server/tlsmux"
)

// port is a web server behind the listener under test.
type port struct {
	address   string
	authority *localca.Authority
	server    *http.Server
	listener  net.Listener
}

func open(t *testing.T, patience time.Duration) *port {
	t.Helper()
	authority, err := localca.New(nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &port{address: inner.Addr().String(), authority: authority}
	p.listener = tlsmux.New(inner, &tls.Config{GetCertificate: authority.GetCertificate, NextProtos: []string{"h2", "http/1.1"}}, patience)
	p.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			_, _ = io.WriteString(w, r.Proto+" over TLS for "+r.TLS.ServerName)
			return
		}
		_, _ = io.WriteString(w, r.Proto+" in the clear")
	})}
	go func() { _ = p.server.Serve(p.listener) }()
	t.Cleanup(func() { _ = p.server.Close() })
	return p
}

func (p *port) get(t *testing.T, url string, http2 bool) string {
	t.Helper()
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, p.address)
		},
		TLSClientConfig:   &tls.Config{RootCAs: p.authority.Pool()},
		ForceAttemptHTTP2: http2,
	}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestOnePortSpeaksEverything(t *testing.T) {
	t.Parallel()
	p := open(t, 5*time.Second)
	for _, test := range []struct {
		url   string
		http2 bool
		want  string
	}{
		{"http://localhost/", false, "HTTP/1.1 in the clear"},
		{"https://shop.auth.localhost/", false, "HTTP/1.1 over TLS for shop.auth.localhost"},
		{"https://localhost/", true, "HTTP/2.0 over TLS for localhost"},
		{"https://127.0.0.1/", true, "HTTP/2.0 over TLS for "},
	} {
		if got := p.get(t, test.url, test.http2); got != test.want {
			t.Errorf("%s: %q, want %q", test.url, got, test.want)
		}
	}
}

func (p *port) dial(t *testing.T) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// Clients that connect and say nothing keep nobody waiting, and are cut off.
func TestS175SilentClientsHoldNobodyUp(t *testing.T) {
	t.Parallel()
	p := open(t, 300*time.Millisecond)
	var silent []net.Conn
	for range 50 {
		silent = append(silent, p.dial(t))
	}
	if got := p.get(t, "http://localhost/", false); got != "HTTP/1.1 in the clear" {
		t.Errorf("answer %q", got)
	}
	for _, c := range silent {
		if _, err := c.Read(make([]byte, 1)); !ended(err) {
			t.Fatalf("a silent client is not cut off: %v", err)
		}
	}
}

// pipes is a listener within the process, whose deadlines go by the clock of
// the test.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if c, ok := <-p; ok {
		return c, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { close(p); return nil }
func (p pipes) Addr() net.Addr { return nil }

// A client that speaks in time is not cut off by the patience with silence.
func TestPatienceEndsWithTheFirstByte(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := make(pipes)
		l := tlsmux.New(inner, nil, time.Second)
		defer l.Close()
		client, server := net.Pipe()
		inner <- server
		time.Sleep(time.Second - 1)
		if _, err := client.Write([]byte("G")); err != nil {
			t.Fatal(err)
		}
		heard, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Hour)
			_, _ = client.Write([]byte("ET"))
			_ = client.Close()
		}()
		if got, err := io.ReadAll(heard); string(got) != "GET" || err != nil {
			t.Errorf("heard %q, %v", got, err)
		}
	})
}

func TestCloseEndsWhatWasNotGivenOut(t *testing.T) {
	t.Parallel()
	p := open(t, time.Minute)
	c := p.dial(t)
	p.get(t, "http://localhost/", false) // by now the silent one was accepted
	if err := p.listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.listener.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("second Close: %v", err)
	}
	if _, err := c.Read(make([]byte, 1)); !ended(err) {
		t.Errorf("the silent client stays: %v", err)
	}
	if _, err := p.listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	if _, err := net.Dial("tcp", p.address); err == nil {
		t.Error("the port is still open")
	}
}

// ended reports whether reading ended because the other side did.
func ended(err error) bool {
	var e net.Error
	return err != nil && (!errors.As(err, &e) || !e.Timeout())
}
