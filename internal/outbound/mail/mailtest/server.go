// Package mailtest runs a real SMTP server inside a test and keeps what it
// receives. It is for tests only and never part of the program.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Config says how the server behaves. The zero value takes any mail over a
// plain connection.
type Config struct {
	StartTLS    bool // offer STARTTLS
	ImplicitTLS bool // TLS from the first byte
	// User and Password, when set, are required before a mail is taken.
	User, Password string
	// Refuse, when set, is asked for each recipient; what it returns is the answer.
	Refuse func(to string) error
	// RefuseAuth, when set, is the answer to every authentication.
	RefuseAuth error
	// Hang accepts connections and never says a word.
	Hang bool
}

// Mail is one received message.
type Mail struct {
	From string
	To   []string
	// Data is the message as it crossed the wire.
	Data string
	// TLS tells whether it came over a private connection.
	TLS bool
	// User is the authenticated user, empty without authentication.
	User string
}

// Server is a running SMTP server.
type Server struct {
	// Addr is host:port, the host being 127.0.0.1.
	Addr string
	// Roots verify the certificate of the server, which is for 127.0.0.1,
	// localhost and mail.example.test.
	Roots *x509.CertPool

	config   Config
	received chan Mail
}

// Start runs a server until the test ends.
func Start(t testing.TB, config Config) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: listener.Addr().String(), config: config, received: make(chan Mail, 1000)}
	if config.Hang {
		hang(t, listener)
		return s
	}
	certificate, roots := newCertificate(t)
	s.Roots = roots
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	server.Domain = "mail.example.test"
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = true
	server.ErrorLog = silent{}
	settings := &tls.Config{Certificates: []tls.Certificate{certificate}}
	if config.StartTLS {
		server.TLSConfig = settings
	}
	if config.ImplicitTLS {
		listener = tls.NewListener(listener, settings)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with an error when the listener closes
	}()
	t.Cleanup(func() {
		listener.Close() // the server knows its listener only once Serve runs
		server.Close()
		<-done
	})
	return s
}

// Wait returns the next mail in the order of arrival, or fails the test after
// a minute.
func (s *Server) Wait(t testing.TB) Mail {
	t.Helper()
	select {
	case m := <-s.received:
		return m
	case <-time.After(time.Minute):
		t.Fatal("no mail arrived within a minute")
		return Mail{}
	}
}

// Count is the number of mails that arrived and were not waited for.
func (s *Server) Count() int { return len(s.received) }

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

// hang keeps each connection open without a greeting.
func hang(t testing.TB, listener net.Listener) {
	var mu sync.Mutex
	var open []net.Conn
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		mu.Lock()
		defer mu.Unlock()
		for _, conn := range open {
			conn.Close()
		}
	})
}

type session struct {
	server *Server
	conn   *smtp.Conn
	mail   Mail
}

func (s *session) Reset() { s.mail = Mail{User: s.mail.User} }

func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if s.server.config.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	config := s.server.config
	return sasl.NewPlainServer(func(_, user, password string) error {
		if config.RefuseAuth != nil {
			return config.RefuseAuth
		}
		if user != config.User || password != config.Password {
			return smtp.ErrAuthFailed
		}
		s.mail.User = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.config.User != "" && s.mail.User == "" {
		return smtp.ErrAuthRequired
	}
	s.mail.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if refuse := s.server.config.Refuse; refuse != nil {
		if err := refuse(to); err != nil {
			return err
		}
	}
	s.mail.To = append(s.mail.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Data = string(data)
	_, s.mail.TLS = s.conn.TLSConnectionState()
	s.server.received <- s.mail
	return nil
}

// newCertificate makes a self-signed certificate and the pool that trusts it.
func newCertificate(t testing.TB) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "mailtest"},
		NotBefore:    time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC),
		DNSNames:     []string{"localhost", "mail.example.test"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:         true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
