package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"cognate/internal/gateway/auth"
)

// errNoTarget says that a target group is empty.
var errNoTarget = errors.New("the target group has no targets")

// forward passes a request on to a target and the answer back.
func (g *Gateway) forward(e *exchange, to *split, w http.ResponseWriter, r *http.Request) {
	e.group = g.groupFor(e, to, w, r)
	if e.target = g.targetFor(e, w, r); e.target == nil {
		g.cfg.Log.Warn("no target", "group", e.group.Name, "error", errNoTarget)
		g.page(e, w, http.StatusServiceUnavailable)
		return
	}
	e.passed = g.cfg.Now()
	defer e.unlimit()
	g.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, e)))
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	e, _ := ctx.Value(exchangeKey{}).(*exchange)
	return e
}

// byGroup sends each request over the connections of its target group.
type byGroup struct{}

// RoundTrip implements http.RoundTripper.
func (byGroup) RoundTrip(r *http.Request) (*http.Response, error) {
	return exchangeOf(r.Context()).group.transport.RoundTrip(r)
}

func (g *Gateway) newProxy() *httputil.ReverseProxy {
	return &httputil.ReverseProxy{
		Rewrite:   rewrite,
		Transport: byGroup{},
		BufferPool: &buffers{sync.Pool{New: func() any {
			buffer := make([]byte, 32<<10)
			return &buffer
		}}},
		ModifyResponse: func(answer *http.Response) error {
			e := exchangeOf(answer.Request.Context())
			e.targetStatus, e.answered = answer.StatusCode, g.cfg.Now()
			answer.Body = e.limited(answer.Body)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			g.unreached(exchangeOf(r.Context()), w, r, err)
		},
		ErrorLog: log.New(connectionLog{g}, "", 0),
	}
}

// rewrite makes the request for the target. The identity of the user is put in
// last, when the headers that the client listed in Connection are gone.
func rewrite(p *httputil.ProxyRequest) {
	e := exchangeOf(p.In.Context())
	p.Out.URL.Scheme, p.Out.URL.Host = e.group.scheme(), e.target.address
	p.Out.Host = p.In.Host
	// As it came, also where net/url would read it otherwise than the application.
	p.Out.URL.RawQuery = p.In.URL.RawQuery
	h := p.Out.Header
	keepWebSockets(h)
	removeForwarded(h)
	h["X-Forwarded-For"] = p.In.Header["X-Forwarded-For"]
	p.SetXForwarded() // adds the client to X-Forwarded-For
	h.Del("X-Forwarded-Host")
	h.Set("X-Forwarded-Port", strconv.Itoa(e.listener.Port))
	auth.RemoveIdentity(h)
	auth.RemoveIdentity(p.Out.Trailer)
	if e.identity != nil {
		e.identity.Set(h)
	}
}

// keepWebSockets takes any other upgrade off a request. What follows one goes to the
// target unread: over HTTP/2 in plain text (h2c) that would be further requests, which
// no rule has seen and from which no header of identity was removed. Load balancers
// know WebSockets alone.
func keepWebSockets(h http.Header) {
	if upgrade := h["Upgrade"]; upgrade != nil && (len(upgrade) != 1 || !strings.EqualFold(upgrade[0], "websocket")) {
		delete(h, "Upgrade")
		delete(h, "Connection")
	}
	delete(h, "Http2-Settings")
}

// removeForwarded takes away what some servers cannot tell from headers of proxies.
// Those that are spelled well are the gateway's to say, or pass as at the original.
func removeForwarded(h http.Header) {
	for name := range h {
		if auth.Spells(name, "x-forwarded-") && !strings.HasPrefix(name, "X-Forwarded-") {
			delete(h, name)
		}
	}
}

// unreached answers for a target that could not.
func (g *Gateway) unreached(e *exchange, w http.ResponseWriter, r *http.Request, err error) {
	if e.stalled.Load() {
		g.page(e, w, http.StatusRequestTimeout)
		return
	}
	if r.Context().Err() != nil { // the client is gone: an answer would be taken for success
		e.status = statusClientGone
		panic(http.ErrAbortHandler)
	}
	status := http.StatusBadGateway
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		status = http.StatusGatewayTimeout
	}
	var unverified *tls.CertificateVerificationError
	if errors.As(err, &unverified) || !errors.Is(err, io.EOF) {
		g.cfg.Log.Warn("target cannot be asked", "group", e.group.Name, "target", e.target.address, "error", err)
	}
	g.page(e, w, status)
}

// statusClientGone is what the access log says of clients that did not wait.
const statusClientGone = 460

// buffers lends the proxy what it copies with.
type buffers struct{ sync.Pool }

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte { return *b.Pool.Get().(*[]byte) } // there is nothing else in the pool

// Put implements httputil.BufferPool.
func (b *buffers) Put(buffer []byte) { b.Pool.Put(&buffer) }

// patientBody lets a client take as long as it likes for a body, if only something
// comes all the time.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	e       *exchange
	now     func() time.Time
}

// wait sets how long the client may be silent from now on.
func (b *patientBody) wait() {
	_ = b.control.SetReadDeadline(b.now().Add(b.e.listener.idle)) // a connection without deadlines has none to keep
}

// Read gives up when nothing comes for too long. At the end there is no deadline
// any more: it would end the wait for the target as well. After a failure it stays,
// because net/http reads the rest of a body before it sends an answer.
func (b *patientBody) Read(p []byte) (int, error) {
	b.wait()
	n, err := b.ReadCloser.Read(p)
	b.e.moved(n)
	b.e.received.Add(int64(n))
	switch {
	case errors.Is(err, io.EOF):
		b.e.unread.Store(false)
		_ = b.control.SetReadDeadline(time.Time{}) // see wait
	case errors.Is(err, os.ErrDeadlineExceeded):
		b.e.stalled.Store(true)
	}
	return n, err
}
