package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// ErrForbidden is wrapped by the errors about addresses that are not to be
// called.
var ErrForbidden = errors.New("address is not allowed")

// ErrTooLarge is wrapped by the error of reading past the limit of an answer.
var ErrTooLarge = errors.New("answer is too large")

// Policy says where a client may connect to and what it puts up with.
type Policy struct {
	// Allow lists networks that may be called although they are not public.
	Allow []netip.Prefix
	// Ports are those that may be called outside the networks of Allow; none
	// allows all.
	Ports []uint16
	// Roots are the authorities that servers may have their certificates from;
	// nil means those of the system.
	Roots *x509.CertPool
	// Limit is the size of an answer, in bytes. It counts what was
	// decompressed.
	Limit int64
	// Timeout bounds connecting, and the wait for the first byte of an answer.
	// The whole call is bounded by its context.
	Timeout time.Duration
}

// Permits reports whether the policy lets connect to an address.
func (p Policy) Permits(a netip.Addr) bool {
	return Public(a) || within(a.Unmap(), p.Allow)
}

// Client makes a client that keeps to a policy.
func Client(p Policy) *http.Client {
	dialer := &net.Dialer{
		Timeout: p.Timeout,
		// Called with the address that is about to be connected to, after the
		// name was resolved.
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error { return p.check(address) },
	}
	return &http.Client{
		Transport: &limited{limit: p.Limit, next: &http.Transport{
			DialContext:            local(dialer),
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: p.Roots},
			TLSHandshakeTimeout:    p.Timeout,
			ResponseHeaderTimeout:  p.Timeout,
			MaxResponseHeaderBytes: 64 << 10,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        time.Minute,
			ForceAttemptHTTP2:      true,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (p Policy) check(address string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("connect to %q: %w", address, ErrForbidden)
	}
	switch {
	case !p.Permits(to.Addr()):
		return fmt.Errorf("connect to %s: %w", to.Addr(), ErrForbidden)
	case len(p.Ports) > 0 && !slices.Contains(p.Ports, to.Port()) && !within(to.Addr().Unmap(), p.Allow):
		return fmt.Errorf("connect to %s: port %w", to, ErrForbidden)
	}
	return nil
}

// local connects to names below localhost, which are this machine whatever the
// name system says (RFC 6761 §6.3).
func local(dialer *net.Dialer) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if _, numeric := netip.ParseAddr(host); err == nil && numeric != nil && LoopbackName(host) {
			address = net.JoinHostPort("localhost", port)
		}
		return dialer.DialContext(ctx, network, address)
	}
}

// Limited cuts the answers of next off at a size, in bytes.
func Limited(limit int64, next http.RoundTripper) http.RoundTripper {
	return &limited{limit: limit, next: next}
}

// limited cuts answers off at a size.
type limited struct {
	limit int64
	next  http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (l *limited) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.ContentLength > l.limit {
		return nil, errors.Join(fmt.Errorf("%d bytes: %w", answer.ContentLength, ErrTooLarge), answer.Body.Close())
	}
	answer.Body = &limitedBody{ReadCloser: answer.Body, left: l.limit}
	return answer, nil
}

type limitedBody struct {
	io.ReadCloser
	left int64
	over bool // the limit was passed
}

// Read gives an error instead of the first byte past the limit.
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.over { // whatever has become of the connection since
		return 0, ErrTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n, b.over = int(b.left), true
		return n, ErrTooLarge
	}
	b.left -= int64(n)
	return n, err
}
