package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/textproto"
	"net/url"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// Error is a failed Send. Its text never contains the password, even if the
// server repeats it in an answer; for that reason it wraps no other error.
type Error struct {
	// Code is the SMTP reply code, 0 when the server did not answer.
	Code      int
	permanent bool
	text      string
}

// Error implements error.
func (e *Error) Error() string { return e.text }

// Permanent reports whether the same message will be refused again, as for an
// address that does not exist. Failures of the connection, of TLS and of
// authentication are not permanent: an operator can mend them.
func (e *Error) Permanent() bool { return e.permanent }

// refused is a message that must not be sent at all.
func refused(format string, args ...any) *Error {
	return &Error{permanent: true, text: "send mail: " + fmt.Sprintf(format, args...)}
}

// failed describes err, which came from the SMTP conversation.
func (s *Sender) failed(err error) *Error {
	e := &Error{text: "send mail through " + s.String() + ": " + s.redact(err.Error())}
	var sending *gomail.SendError
	var reply *textproto.Error
	switch {
	case errors.As(err, &sending):
		e.Code = sending.ErrorCode()
		switch sending.Reason {
		case gomail.ErrSMTPRcptTo, gomail.ErrSMTPDataClose:
			e.permanent = e.Code >= 500
		}
	case errors.As(err, &reply):
		e.Code = reply.Code
	}
	return e
}

// redact removes the password in each form in which it crosses the wire or
// stands in a URL, and makes one line of several.
func (s *Sender) redact(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if s.password == "" {
		return text
	}
	return strings.NewReplacer(
		base64.StdEncoding.EncodeToString([]byte("\x00"+s.user+"\x00"+s.password)), "***",
		base64.StdEncoding.EncodeToString([]byte(s.password)), "***",
		url.QueryEscape(s.password), "***",
		url.PathEscape(s.password), "***",
		s.password, "***",
	).Replace(text)
}
