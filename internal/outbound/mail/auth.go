package mail

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// auth picks the mechanism once the server has said which it knows. The
// password itself is shown only to a server on this machine or through TLS;
// otherwise SCRAM, which does not reveal it, or nothing.
type auth struct {
	user, password, host string
	loopback             bool
	chosen               smtp.Auth
}

var (
	errNoAuth    = errors.New("the server offers no authentication that we know, but the address has a user name")
	errPlainAuth = errors.New("the server wants the password over a connection without TLS")
)

// Start implements smtp.Auth.
func (a *auth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	offers := func(mechanism string) bool { return slices.Contains(server.Auth, mechanism) }
	private := server.TLS || a.loopback
	switch {
	case private && offers("PLAIN"):
		a.chosen = smtp.PlainAuth("", a.user, a.password, a.host, true)
	case private && offers("LOGIN"):
		a.chosen = smtp.LoginAuth(a.user, a.password, a.host, true)
	case offers("SCRAM-SHA-256"):
		a.chosen = smtp.ScramSHA256Auth(a.user, a.password)
	case offers("PLAIN") || offers("LOGIN"):
		return "", nil, errPlainAuth
	default:
		return "", nil, errNoAuth
	}
	return a.chosen.Start(server)
}

// Next implements smtp.Auth.
func (a *auth) Next(fromServer []byte, more bool) ([]byte, error) {
	return a.chosen.Next(fromServer, more)
}
