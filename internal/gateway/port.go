package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"cognate/internal/gateway/rules"
)

// Bounds on connections (security.md S175).
const (
	headerTime  = 10 * time.Second // for the head of a request, and a handshake
	keepAlive   = 60 * time.Second // between requests
	connectTime = 5 * time.Second
	drainTime   = 20 * time.Second
	// maxHeader leaves room for four cookies of a session beside an application's
	// own.
	maxHeader  = 60 << 10
	maxStreams = 250 // of HTTP/2 in one connection
)

// everywhere is every network.
var everywhere = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}

// suites are those of TLS 1.2 that encrypt and authenticate in one and keep past
// connections secret. TLS 1.3 has no others.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// port is an open port. What it serves changes with the rules, the port does not.
type port struct {
	protocol rules.Protocol
	listener net.Listener
	server   *http.Server
	current  atomic.Pointer[listener]
}

func (g *Gateway) newPort(open net.Listener, l *listener) *port {
	p := &port{protocol: l.Protocol, listener: open}
	p.current.Store(l)
	p.server = &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.answer(p.current.Load(), w, r) }),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       keepAlive,
		MaxHeaderBytes:    maxHeader,
		// OPTIONS * is refused with the other requests that no rule is for.
		DisableGeneralOptionsHandler: true,
		HTTP2:                        &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:                     log.New(connectionLog{g}, "", 0),
	}
	if l.Protocol == rules.HTTPS {
		p.server.TLSConfig = &tls.Config{
			MinVersion: tls.VersionTLS12, CipherSuites: suites, NextProtos: []string{"h2", "http/1.1"},
			GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
				return p.current.Load().certificates.GetCertificate(hello)
			},
		}
	}
	return p
}

// serve answers connections until the port is closed.
func (g *Gateway) serve(p *port) {
	var err error
	if p.protocol == rules.HTTPS {
		err = p.server.ServeTLS(p.listener, "", "")
	} else {
		err = p.server.Serve(p.listener)
	}
	if !errors.Is(err, http.ErrServerClosed) {
		select {
		case g.failed <- fmt.Errorf("serve %s: %w", p.listener.Addr(), err):
		default: // one error ends the gateway
		}
	}
}

// drain closes the port and lets the requests that are in flight finish.
func (p *port) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if p.server.Shutdown(ctx) != nil {
		p.server.Close()
	}
}

// connectionLog takes what net/http says of connections: mostly of clients that go
// away, so it is for those who look closely.
type connectionLog struct{ g *Gateway }

// Write implements io.Writer.
func (c connectionLog) Write(line []byte) (int, error) {
	c.g.cfg.Log.Debug("connection", "message", strings.TrimSpace(string(line)))
	return len(line), nil
}
