package triggers

import (
	"context"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/messages"
	"cognate/internal/store"
)

// Limits on the texts of functions, in characters (triggers.md §3).
const (
	smsLimit     = 140
	emailLimit   = 20_000
	subjectLimit = 140
)

// What stands in texts for values that functions do not get to see.
const (
	codeMark = "{####}"
	linkMark = "{##Click Here##}"
	userMark = "{username}"
)

// Sender is the trigger that sends messages of a medium instead of the service.
func Sender(medium api.DeliveryMediumType) Name {
	if medium == api.DeliveryMediumTypeSms {
		return CustomSMSSender
	}
	return CustomEmailSender
}

// Takes reports whether a function of the pool has a part in messages of a
// medium, so that Compose has to be asked.
func Takes(p *directory.Pool, medium api.DeliveryMediumType) bool {
	return Has(p, CustomMessage) || Has(p, Sender(medium))
}

// Compose lets the pool's functions take part in a message: one may change the
// texts, another sends it instead of the service. It belongs outside of
// transactions.
func (t *Triggers) Compose(ctx context.Context, on Occasion, r *messages.Request) error {
	if Has(on.Pool, Sender(r.Medium)) {
		return t.instruct(ctx, on, r)
	}
	if !Has(on.Pool, CustomMessage) {
		return nil
	}
	type request struct {
		Attributes object            `json:"userAttributes"`
		Code       string            `json:"codeParameter"`
		Link       string            `json:"linkParameter"`
		Username   *string           `json:"usernameParameter"`
		Metadata   map[string]string `json:"clientMetadata,omitzero"`
	}
	type response struct {
		SMS     *string `json:"smsMessage"`
		Email   *string `json:"emailMessage"`
		Subject *string `json:"emailSubject"`
	}
	q := request{Attributes: on.userAttributes(), Code: codeMark, Link: linkMark, Metadata: on.Metadata}
	if r.Purpose == messages.AdminCreateUser {
		q.Username = new(userMark)
	}
	f, err := t.call(ctx, on, message{
		name: CustomMessage, source: "CustomMessage_" + string(r.Purpose), request: q, response: response{},
	})
	if err != nil {
		return err
	}
	sms, email, subject := f.limited("smsMessage", smsLimit), f.limited("emailMessage", emailLimit), f.limited("emailSubject", subjectLimit)
	if f.err != nil {
		return f.err
	}
	r.Texts = messages.Texts{SMS: usable(sms, r), Email: usable(email, r), Subject: subject}
	return nil
}

// limited reads a text that must not be longer than limit characters; empty when
// there is none.
func (f *fields) limited(name string, limit int) string {
	value := f.textOrEmpty(name)
	if utf8.RuneCountInString(value) > limit {
		f.fail(errTooLong)
	}
	return value
}

// usable gives a text if the reader would learn from it what the message is for;
// else the pool's own is used.
func usable(text string, r *messages.Request) string {
	tells := strings.Contains(text, codeMark) || r.ByLink() && strings.Contains(text, "{##") && strings.Contains(text, "##}")
	if !tells || r.Purpose == messages.AdminCreateUser && !strings.Contains(text, userMark) {
		return ""
	}
	return text
}

// Post collects the messages of one transaction that functions have to see, for
// they may be called after it only.
type Post struct{ letters []Letter }

// Letter is a message and its occasion.
type Letter struct {
	On      Occasion
	Request messages.Request
}

// Mailer sends messages with the functions of the pools taking part.
type Mailer struct {
	DB       *store.DB
	Messages *messages.Messages
	Triggers *Triggers
}

// Available answers CodeDeliveryFailureException when the pool has no way to
// deliver messages of a medium.
func (m *Mailer) Available(p *directory.Pool, medium api.DeliveryMediumType) error {
	if Has(p, Sender(medium)) {
		return nil
	}
	return m.Messages.Available(medium)
}

// Send queues a message in the transaction where nobody has to be asked. Else it
// is put into the post, which Flush sends when the transaction has committed.
func (m *Mailer) Send(ctx context.Context, tx *store.Tx, post *Post, l Letter) error {
	if !Takes(l.On.Pool, l.Request.Medium) {
		return m.Messages.Send(ctx, tx, l.Request)
	}
	tx.AfterCommit(func() { post.letters = append(post.letters, l) })
	return nil
}

// Flush sends the messages of a post.
func (m *Mailer) Flush(ctx context.Context, post *Post) error {
	for _, l := range post.letters {
		if err := m.Triggers.Compose(ctx, l.On, &l.Request); err != nil {
			return err
		}
		_, err := store.Write(ctx, m.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, m.Messages.Send(ctx, tx, l.Request)
		})
		if err != nil {
			return err
		}
	}
	post.letters = nil
	return nil
}
