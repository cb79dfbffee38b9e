package messages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/logs"
	"cognate/internal/outbound/mail"
	"cognate/internal/outbound/sms"
	"cognate/internal/store"
)

// Transport delivers messages of one medium. Deliver returns nil once somebody
// else has taken responsibility for the message. An error with a method
// Permanent() bool that answers true means that trying again is of no use. It
// may be called for the same message more than once, and by many goroutines.
type Transport interface {
	Deliver(ctx context.Context, m *Message) error
}

// Config is what New needs.
type Config struct {
	DB  *store.DB
	Now func() time.Time
	// Log gets a line for each message that is given up. Nil means none.
	Log *slog.Logger
	// Logs is told of messages that did not arrive; nil: nobody is.
	Logs *logs.Logs
	// DomainURL gives the address of a domain, where links lead to.
	DomainURL func(*store.Domain) string
	// Mail and SMS deliver the two media; nil means that the medium is not
	// available.
	Mail, SMS Transport
	// Functions delivers the messages that functions send; nil: there are none.
	Functions Transport
}

// Messages renders and queues messages; its Worker delivers them.
type Messages struct {
	Config
	worker *Worker
}

// New makes a Messages. Nothing is delivered before its Worker runs.
func New(c Config) *Messages {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	w := &Worker{db: c.DB, lanes: map[api.DeliveryMediumType]*lane{}}
	for medium, transport := range map[api.DeliveryMediumType]Transport{
		api.DeliveryMediumTypeEmail: c.Mail, api.DeliveryMediumTypeSms: c.SMS, Function: c.Functions,
	} {
		if transport != nil {
			w.lanes[medium] = newLane(c, medium, transport)
		}
	}
	return &Messages{Config: c, worker: w}
}

// Worker gives what delivers the messages.
func (m *Messages) Worker() *Worker { return m.worker }

// Available answers CodeDeliveryFailureException when messages of a medium
// cannot be delivered at all.
func (m *Messages) Available(medium api.DeliveryMediumType) error {
	if m.worker.lanes[medium] == nil {
		return api.CodeDeliveryFailureException("Unable to deliver message to user")
	}
	return nil
}

// render is Render with links to the pool's domain.
func (m *Messages) render(ctx context.Context, tx *store.Tx, r Request) (Message, error) {
	if r.ByLink() && r.LinkBase == "" {
		domains, err := tx.DomainsOfPool(ctx, r.Pool.Id)
		if err != nil {
			return Message{}, err
		}
		if len(domains) > 0 {
			r.LinkBase = m.DomainURL(domains[0])
		}
	}
	return Render(r)
}

// Enqueue puts a message into the outbox. It is delivered soon after tx
// commits, and never if it does not. It gives the message its ID and time.
func (m *Messages) Enqueue(ctx context.Context, tx *store.Tx, msg *Message) error {
	if err := m.Available(msg.Medium); err != nil {
		return err
	}
	msg.Time = m.Now()
	body, err := json.Marshal(msg)
	if err != nil {
		return fmt.Errorf("enqueue message: %w", err)
	}
	row := store.OutboxMessage{
		PoolID: msg.PoolID, Medium: string(msg.Medium), Destination: Mask(msg.Medium, msg.Destination),
		Body: body, NextAt: msg.Time, CreatedAt: msg.Time,
	}
	if err := tx.Enqueue(ctx, &row); err != nil {
		return err
	}
	msg.ID = row.ID
	tx.AfterCommit(m.worker.lanes[msg.Medium].signal)
	return nil
}

// Send renders a message and enqueues it.
func (m *Messages) Send(ctx context.Context, tx *store.Tx, r Request) error {
	msg, err := m.render(ctx, tx, r)
	if err != nil {
		return err
	}
	return m.Enqueue(ctx, tx, &msg)
}

// Pretend does the work of Send and leaves nothing behind, so that an answer
// which must not tell whether a user exists takes as long with as without one.
func (m *Messages) Pretend(ctx context.Context, tx *store.Tx, r Request) error {
	msg, err := m.render(ctx, tx, r)
	if err != nil {
		return err
	}
	if err := m.Enqueue(ctx, tx, &msg); err != nil {
		return err
	}
	return tx.Done(ctx, msg.PoolID, msg.ID)
}

// open is the reverse of what Enqueue does to a message.
func open(row store.OutboxMessage) (*Message, error) {
	var m Message
	if err := json.Unmarshal(row.Body, &m); err != nil {
		return nil, fmt.Errorf("read message %s: %w", row.ID, err)
	}
	m.ID = row.ID
	return &m, nil
}

// OverSMTP delivers e-mail through an SMTP server.
func OverSMTP(s *mail.Sender) Transport {
	return transportFunc(func(ctx context.Context, m *Message) error { return s.Send(ctx, m.Mail()) })
}

// OverWebhook delivers text messages through an HTTP webhook.
func OverWebhook(w *sms.Webhook) Transport {
	return transportFunc(func(ctx context.Context, m *Message) error {
		return w.Send(ctx, sms.Message{ID: m.ID, PoolID: m.PoolID, To: m.Destination, Text: m.Body, SenderID: m.SenderID})
	})
}

// OverFunctions delivers by having functions called. One delivery makes all the
// attempts that there will be.
func OverFunctions(call func(ctx context.Context, e *Errand) error) Transport {
	return transportFunc(func(ctx context.Context, m *Message) error {
		if m.Errand == nil {
			return hopeless{errors.New("message is no errand")}
		}
		if err := call(ctx, m.Errand); err != nil {
			return hopeless{err}
		}
		return nil
	})
}

// hopeless is an error that another delivery would not mend.
type hopeless struct{ error }

func (hopeless) Permanent() bool { return true }
func (f hopeless) Unwrap() error { return f.error }

type transportFunc func(ctx context.Context, m *Message) error

// Deliver implements Transport.
func (f transportFunc) Deliver(ctx context.Context, m *Message) error { return f(ctx, m) }
