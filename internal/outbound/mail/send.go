package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"

	gomail "github.com/wneessen/go-mail"
)

// ErrInWrite is returned when Send is called inside a store transaction.
var ErrInWrite = errors.New("send mail: called inside a store transaction")

// Send delivers one message to the server. It returns nil once the server has
// taken responsibility for the message, and an *Error otherwise.
func (s *Sender) Send(ctx context.Context, m Message) error {
	if s.InWrite != nil && s.InWrite(ctx) {
		return ErrInWrite
	}
	msg, err := m.build()
	if err != nil {
		return err
	}
	timeout := s.Timeout
	if timeout == 0 {
		timeout = defaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	// The library sets deadlines of its own but does not watch the context, and
	// leaves the connection open when the greeting, STARTTLS or authentication
	// fails: closing the connection from here ends both.
	release := func() {}
	defer func() { release() }()
	dial := func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := s.dial(dialing, network, address)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		release = func() { stop(); conn.Close() }
		return conn, nil
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(timeout), gomail.WithDialContextFunc(dial),
		gomail.WithTLSConfig(s.tlsConfig()), gomail.WithTLSPolicy(s.policy()), gomail.WithoutNoop(),
	}
	if s.user != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&auth{user: s.user, password: s.password, host: s.host, loopback: s.loopback()}))
	}
	client, err := gomail.NewClient(s.host, options...)
	if err != nil {
		return s.failed(err)
	}
	// After the final dot was answered the mail is the server's, whatever
	// happens to the rest of the conversation.
	if err := client.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() {
		return s.failed(errors.Join(err, ctx.Err()))
	}
	return nil
}

// dial opens the connection, private from its first byte for smtps.
func (s *Sender) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if s.mode == tlsImplicit {
		private := tls.Client(conn, s.tlsConfig())
		if err := private.HandshakeContext(ctx); err != nil {
			conn.Close()
			return nil, err
		}
		conn = private
	}
	return conn, nil
}

func (s *Sender) policy() gomail.TLSPolicy {
	switch s.mode {
	case tlsImplicit:
		return gomail.NoTLS // the connection is private before SMTP begins
	case tlsRequired:
		return gomail.TLSMandatory
	default:
		return gomail.TLSOpportunistic
	}
}

func (s *Sender) tlsConfig() *tls.Config {
	return &tls.Config{
		ServerName: s.host,
		RootCAs:    s.RootCAs,
		MinVersion: tls.VersionTLS12,
		// A mail catcher on this machine offers STARTTLS with a certificate of
		// its own making. A plain connection would do there, so an unverified
		// one does too; whoever asks for TLS by name gets it verified.
		InsecureSkipVerify: s.mode == tlsWhenOffered && s.loopback(), //nolint:gosec // G402: loopback only, see above
	}
}
