package mail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"time"

	"cognate/internal/outbound/fetch"
)

// defaultTimeout bounds one Send from dialling to QUIT.
const defaultTimeout = 30 * time.Second

// tlsMode says how a connection becomes private.
type tlsMode int

const (
	tlsWhenOffered tlsMode = iota // STARTTLS if the server announces it
	tlsRequired                   // STARTTLS or no mail
	tlsImplicit                   // TLS from the first byte
)

// Sender sends mail through one SMTP server. It is safe for concurrent use.
// Fields may be set between Parse and the first Send.
type Sender struct {
	// InWrite reports whether ctx belongs to a running store transaction; Send
	// refuses such a context. Nil means that there are no transactions.
	InWrite func(ctx context.Context) bool
	// RootCAs are the authorities a server certificate may come from; nil means
	// those of the system.
	RootCAs *x509.CertPool
	// Timeout bounds one Send; 0 means 30 seconds.
	Timeout time.Duration

	host     string
	port     int
	user     string
	password string
	mode     tlsMode
}

// Parse reads the address of a mail server (DESIGN.md §3, --smtp-url):
//
//	smtp://user:password@host:587                STARTTLS when the server offers it
//	smtp://user:password@host:587?tls=required   no mail without STARTTLS
//	smtps://user:password@host:465               TLS from the start
//
// The default ports are 587 and 465. Errors never contain the password.
func Parse(address string) (*Sender, error) {
	u, err := url.Parse(address)
	if err != nil {
		// The error of url.Parse quotes its input, password included.
		return nil, errors.New("mail server address is not a URL (characters such as / @ : # in a user name or password must be percent-encoded)")
	}
	s := &Sender{host: u.Hostname()}
	switch u.Scheme {
	case "smtp":
		s.port = 587
	case "smtps":
		s.port, s.mode = 465, tlsImplicit
	default:
		return nil, fmt.Errorf("mail server address has scheme %q, want smtp or smtps", u.Scheme)
	}
	if s.host == "" {
		return nil, errors.New("mail server address has no host")
	}
	if u.Path != "" && u.Path != "/" || u.Fragment != "" {
		return nil, errors.New("mail server address has a path or fragment (percent-encode / and # in the password)")
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errors.New("mail server address has a port outside 1 to 65535")
		}
	}
	if u.User != nil {
		s.user = u.User.Username()
		s.password, _ = u.User.Password()
		if s.user == "" {
			return nil, errors.New("mail server address has a password but no user name")
		}
	}
	return s, s.options(u)
}

// options applies the query part; an unknown option is an error, since a
// misspelled tls=required must not go unnoticed.
func (s *Sender) options(u *url.URL) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("mail server address has a malformed query")
	}
	for name, values := range query {
		if name != "tls" || len(values) != 1 {
			return fmt.Errorf("mail server address has unknown or repeated option %q, only tls is known", name)
		}
		switch {
		case values[0] != "required":
			return fmt.Errorf("mail server address has tls=%q, the only value is required", values[0])
		case s.mode == tlsWhenOffered:
			s.mode = tlsRequired
		}
	}
	return nil
}

// String is the address without the password.
func (s *Sender) String() string {
	scheme, option := "smtp", ""
	switch s.mode {
	case tlsImplicit:
		scheme = "smtps"
	case tlsRequired:
		option = "?tls=required"
	}
	user := ""
	if s.user != "" {
		user = url.User(s.user).String() + "@"
	}
	return scheme + "://" + user + net.JoinHostPort(s.host, strconv.Itoa(s.port)) + option
}

// GoString keeps the password out of %#v.
func (s *Sender) GoString() string { return "mail.Sender(" + s.String() + ")" }

// LogValue keeps the password out of logs.
func (s *Sender) LogValue() slog.Value { return slog.StringValue(s.String()) }

// loopback reports whether the server is on this machine, where a plain
// connection shows nothing to anyone.
func (s *Sender) loopback() bool { return fetch.LoopbackName(s.host) }
