package mail

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"strings"
	"time"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// DefaultFrom is the sender of pools that name none (users-and-pools.md §2.4).
const DefaultFrom = "no-reply@verificationemail.com"

// Message is one mail to one recipient.
type Message struct {
	// ID becomes the Message-ID. It must be the same in each attempt, so that a
	// message delivered twice can be recognised.
	ID string
	// From is an address, with or without a display name; empty means DefaultFrom.
	From string
	// To is the bare address of the recipient.
	To string
	// ReplyTo is an address, with or without a display name; empty means none.
	ReplyTo string
	Subject string
	// HTML is the body. A plain-text alternative is derived from it.
	HTML string
	// Date is when the message was made.
	Date time.Time
}

// MIME renders the message as it is handed to the server. An error means that
// the message must not be sent: a header field with a line break, or text which
// is not exactly one address.
func (m Message) MIME() ([]byte, error) {
	msg, err := m.build()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, fmt.Errorf("render mail: %w", err)
	}
	return b.Bytes(), nil
}

func (m Message) build() (*gomail.Msg, error) {
	for field, value := range map[string]string{"ID": m.ID, "From": m.From, "To": m.To, "ReplyTo": m.ReplyTo, "Subject": m.Subject} {
		if strings.ContainsAny(value, "\r\n\x00") || !utf8.ValidString(value) {
			return nil, refused("%s has a line break, a NUL or malformed UTF-8", field)
		}
	}
	if m.From == "" {
		m.From = DefaultFrom
	}
	from, err := netmail.ParseAddress(m.From)
	if err != nil {
		return nil, refused("the sender is not an address")
	}
	// The parser also takes "Name <other@address>": what it read must be what
	// was given, or the mail would go elsewhere than the checked address.
	to, err := netmail.ParseAddress(m.To)
	if err != nil || to.Address != m.To {
		return nil, refused("the recipient is not an address")
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent(), gomail.WithEncoding(gomail.EncodingQP))
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	if m.ReplyTo != "" {
		reply, err := netmail.ParseAddress(m.ReplyTo)
		if err != nil {
			return nil, refused("the reply address is not an address")
		}
		msg.ReplyToMailAddress(reply)
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.Date)
	_, domain, _ := strings.Cut(from.Address, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5: no answers from out-of-office robots
	msg.SetBodyString(gomail.TypeTextPlain, PlainText(m.HTML))
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg, nil
}
