package limits

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

// shards is over how many rows a counter is spread that many requests change:
// one hexadecimal digit.
const shards = 1

// Message is what CountMessage counts.
type Message struct {
	PoolID  string
	Medium  api.DeliveryMediumType
	Address string
	// Nobody is the subject of somebody who only seems to get the message: it
	// is counted in the place of the address, and for no country.
	Nobody string
}

// errRecipient marks refusals that depend on who would get the message.
var errRecipient = errors.New("refused for the recipient's sake")

// AboutRecipient reports whether an error depends on who would get a message,
// so that it must not be told to a caller who is not to learn whether a user
// exists. Everybody meets the other limits alike.
func AboutRecipient(err error) bool { return errors.Is(err, errRecipient) }

// Deliverable answers CodeDeliveryFailureException for text messages to
// countries that are not among those allowed.
func (s SelfService) Deliverable(medium api.DeliveryMediumType, number string) error {
	if medium != api.DeliveryMediumTypeSms || len(s.Countries) == 0 {
		return nil
	}
	if slices.ContainsFunc(s.Countries, func(code string) bool { return strings.HasPrefix(number, code) }) {
		return nil
	}
	return api.CodeDeliveryFailureException("Unable to deliver message to user").Because(errRecipient)
}

// CountMessage counts one message, whoever asked for it, so that nobody is
// flooded through many accounts and nobody runs up a bill. Beyond a limit it
// answers LimitExceededException, see AboutRecipient. The caller keeps what was
// counted also when it goes on without the message.
func (s SelfService) CountMessage(ctx context.Context, tx *store.Tx, m Message) error {
	recipient := m.Address
	if m.Nobody != "" {
		recipient = "nobody " + m.Nobody
	}
	if err := s.countToday(ctx, tx, today{m.PoolID, "source", Source(ctx), s.Rates.Source, recipient}); err != nil {
		return err
	}
	if err := s.countToday(ctx, tx, today{m.PoolID, "pool", "all", s.Rates.Pool, recipient}); err != nil {
		return err
	}
	err := s.countRecipient(ctx, tx, m, recipient)
	if refused, ok := errors.AsType[*api.Error](err); ok {
		return refused.Because(errRecipient)
	}
	return err
}

func (s SelfService) countRecipient(ctx context.Context, tx *store.Tx, m Message, recipient string) error {
	if m.Nobody == "" && m.Medium == api.DeliveryMediumTypeSms {
		if err := s.Deliverable(m.Medium, m.Address); err != nil {
			return err
		}
		if err := s.countToday(ctx, tx, today{m.PoolID, "country", callingCode(m.Address), s.Rates.Country, recipient}); err != nil {
			return err
		}
	}
	if s.Rates.Address == 0 {
		return nil
	}
	return s.count(ctx, tx, m.PoolID, digest("destination", recipient), destination, s.Rates.Address)
}

// CheckSignUps answers LimitExceededException when enough users have been made
// from where the request comes from.
func (s SelfService) CheckSignUps(ctx context.Context, tx *store.Tx, poolID string) error {
	_, err := s.room(ctx, tx, s.signUps(ctx, poolID, ""))
	return err
}

// CountSignUp counts a sign-up, also one that was refused.
func (s SelfService) CountSignUp(ctx context.Context, tx *store.Tx, poolID, username string) error {
	c := s.signUps(ctx, poolID, username)
	if !c.counts() {
		return nil
	}
	return s.add(ctx, tx, c, s.subject(c))
}

// CountRegistration counts a client that registers itself (S026). Beyond the limit
// it answers LimitExceededException.
func (s SelfService) CountRegistration(ctx context.Context, tx *store.Tx, poolID string) error {
	return s.countToday(ctx, tx, today{poolID, "clients", Source(ctx), s.Rates.Clients, ""})
}

func (s SelfService) signUps(ctx context.Context, poolID, username string) today {
	return today{poolID, "sign-ups", Source(ctx), s.Rates.SignUps, username}
}

// today is a counter of one day. Its name says what is counted and its value
// for whom; requests with different spread seldom meet in one row.
type today struct {
	poolID, name, value string
	limit               int
	spread              string
}

func (c today) counts() bool { return c.limit > 0 && c.value != "" }

// countToday counts one unless the limit is reached. Requests at the same time
// do not see one another, so a few more than the limit may pass.
func (s SelfService) countToday(ctx context.Context, tx *store.Tx, c today) error {
	subject, err := s.room(ctx, tx, c)
	if err != nil || subject == "" {
		return err
	}
	return s.add(ctx, tx, c, subject)
}

// room gives the subject of a counter that has not reached its limit, and none
// for what is not counted.
func (s SelfService) room(ctx context.Context, tx *store.Tx, c today) (string, error) {
	if !c.counts() {
		return "", nil
	}
	subject := s.subject(c)
	n, err := tx.SumAttempts(ctx, c.poolID, subject)
	if err != nil {
		return "", err
	}
	if n >= c.limit {
		return "", tooMany()
	}
	return subject, nil
}

func (s SelfService) add(ctx context.Context, tx *store.Tx, c today, subject string) error {
	kind := "day:" + c.name + ":" + digest("shard", c.spread)[:shards]
	_, err := tx.IncrementAttempts(ctx, store.AttemptsKey{PoolID: c.poolID, Subject: subject, Kind: kind}, s.Now())
	return err
}

func (s SelfService) subject(c today) string {
	return digest(c.name, s.Now().UTC().Format(time.DateOnly)+" "+c.value)
}

func tooMany() *api.Error {
	return api.LimitExceededException("Attempt limit exceeded, please try after some time.")
}
