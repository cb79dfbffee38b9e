package upstream

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

// Settings say how applications are reached.
type Settings struct {
	// Roots are the authorities that applications may have their certificates
	// from. With none any certificate will do, as behind the original.
	Roots *x509.CertPool
	// Connect bounds connecting, with the handshake.
	Connect time.Duration
	// Answer bounds the wait for the head of an answer; zero: none.
	Answer time.Duration
	// HTTP2 has HTTP/2 spoken and nothing else, without TLS too. Otherwise it is
	// HTTP/1.1.
	HTTP2 bool
}

// pingTime is after how much silence a connection of HTTP/2 is tried: all requests
// go over one, and would wait for it when it is dead.
const pingTime = 15 * time.Second

// Transport makes a pool of connections. It follows no redirect, asks no proxy
// and leaves the compression of answers as it is.
func Transport(s Settings) *http.Transport {
	dialer := &net.Dialer{Timeout: s.Connect}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!s.HTTP2)
	protocols.SetHTTP2(s.HTTP2)
	protocols.SetUnencryptedHTTP2(s.HTTP2)
	return &http.Transport{
		Protocols:   protocols,
		HTTP2:       &http.HTTP2Config{SendPingTimeout: pingTime, PingTimeout: s.Connect},
		DialContext: dialer.DialContext,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: s.Roots,
			InsecureSkipVerify: s.Roots == nil, //nolint:gosec // the operator's choice, see Settings
		},
		TLSHandshakeTimeout:    s.Connect,
		ResponseHeaderTimeout:  s.Answer,
		MaxResponseHeaderBytes: 256 << 10,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    128,
		IdleConnTimeout:        time.Minute,
		DisableCompression:     true,
		WriteBufferSize:        16 << 10,
		ReadBufferSize:         16 << 10,
	}
}

// Client makes a client that asks each time anew, for health checks.
func Client(s Settings) *http.Client {
	transport := Transport(s)
	transport.DisableKeepAlives = true
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
