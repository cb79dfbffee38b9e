package servertest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/cognito/messages"
)

// Mailbox takes the messages of a server.
type Mailbox struct {
	mu       sync.Mutex
	messages []messages.Message
	arrived  chan struct{} // closed and replaced at every arrival
	refuse   error
}

func newMailbox() *Mailbox { return &Mailbox{arrived: make(chan struct{})} }

// Deliver implements messages.Transport.
func (b *Mailbox) Deliver(_ context.Context, m *messages.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse != nil {
		return b.refuse
	}
	// A message may be delivered twice, as when a test advances the clock beyond the
	// time that a delivery was given.
	if slices.ContainsFunc(b.messages, func(old messages.Message) bool { return old.ID == m.ID }) {
		return nil
	}
	b.messages = append(b.messages, *m)
	close(b.arrived)
	b.arrived = make(chan struct{})
	return nil
}

// Refuse makes every delivery fail with err from now on; nil ends that.
func (b *Mailbox) Refuse(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = err
}

// patience bounds the wait for a message that does not come.
const patience = time.Minute

// Wait gives the nth message (from 1) to a user of a pool, by user name, sub
// or destination, in the order in which they were made; it waits until there are as
// many. Whoever wants an earlier one than the last asks for it before the next is
// made.
func (b *Mailbox) Wait(t testing.TB, poolID, user string, n int) messages.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		found, arrived := b.find(poolID, user)
		if len(found) >= n {
			return found[n-1]
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			t.Fatalf("%d messages came for %s, want %d", len(found), user, n)
		}
	}
}

// Count tells how many messages have come for a user so far.
func (b *Mailbox) Count(poolID, user string) int {
	found, _ := b.find(poolID, user)
	return len(found)
}

func (b *Mailbox) find(poolID, user string) (found []messages.Message, arrived <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.messages {
		if m.PoolID == poolID && (m.Username == user || m.Sub == user || m.Destination == user) {
			found = append(found, m)
		}
	}
	// Messages on their way together may pass one another; their ids tell the order in
	// which they were made.
	slices.SortStableFunc(found, func(a, b messages.Message) int { return strings.Compare(a.ID, b.ID) })
	return found, b.arrived
}

// Code gives the code in the first message to a user. Where more messages are
// expected, use Mailbox.Wait.
func (s *Server) Code(t testing.TB, poolID, user string) string {
	t.Helper()
	return s.Mailbox.Wait(t, poolID, user, 1).Code
}
