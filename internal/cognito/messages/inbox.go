package messages

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"cognate/internal/api"
)

// inboxSize is how many messages an Inbox keeps; the oldest go first.
const inboxSize = 1000

// Inbox keeps messages in memory for people and tests to look at. It exists in
// dev mode only, where it is the Transport of both media. The zero value is
// ready to use.
type Inbox struct {
	// Log, when set, gets a line with the code of each message: a developer
	// reads it there.
	Log *slog.Logger

	mu      sync.Mutex
	entries []Entry // oldest first
	last    int64
	known   map[string]bool // IDs of the messages in entries
	changed chan struct{}   // closed and replaced when a message arrives
}

// Entry is one message in an Inbox.
type Entry struct {
	// Number counts messages in the order of arrival, from 1. Clear does not
	// set it back.
	Number int64
	Message
}

// Filter selects entries; empty members select everything.
type Filter struct {
	// User is a user name, a sub or a destination; case does not matter.
	User        string
	Destination string
	PoolID      string
	Medium      api.DeliveryMediumType
	Purpose     Purpose
	// After selects entries with greater numbers.
	After int64
	// WithCode selects messages with a code or temporary password in them.
	WithCode bool
}

func (f Filter) match(e *Entry) bool {
	user := f.User == "" || strings.EqualFold(f.User, e.Username) || strings.EqualFold(f.User, e.Sub) || strings.EqualFold(f.User, e.Destination)
	return user && e.Number > f.After && (!f.WithCode || e.Code != "") &&
		(f.Destination == "" || strings.EqualFold(f.Destination, e.Destination)) &&
		(f.PoolID == "" || f.PoolID == e.PoolID) &&
		(f.Medium == "" || f.Medium == e.Medium) &&
		(f.Purpose == "" || f.Purpose == e.Purpose)
}

// Deliver implements Transport. A message that is delivered again, because its
// next transport failed or a node died, is kept once.
func (b *Inbox) Deliver(ctx context.Context, m *Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known[m.ID] {
		return nil
	}
	if b.known == nil {
		b.known = map[string]bool{}
	}
	if len(b.entries) == inboxSize {
		delete(b.known, b.entries[0].ID)
		b.entries = append(b.entries[:0:0], b.entries[1:]...)
	}
	b.last++
	b.known[m.ID] = true
	b.entries = append(b.entries, Entry{Number: b.last, Message: *m})
	if b.changed != nil {
		close(b.changed)
		b.changed = nil
	}
	if b.Log != nil {
		b.Log.LogAttrs(ctx, slog.LevelInfo, "message", slog.String("purpose", string(m.Purpose)), slog.String("pool", m.PoolID),
			slog.String("user", m.Username), slog.String("destination", m.Destination), slog.String("code", m.Code))
	}
	return nil
}

// Before gives a Transport that keeps a copy of each message and then has next
// deliver it.
func (b *Inbox) Before(next Transport) Transport {
	return transportFunc(func(ctx context.Context, m *Message) error {
		if err := b.Deliver(ctx, m); err != nil {
			return err
		}
		return next.Deliver(ctx, m)
	})
}

// List gives the entries that match, newest first.
func (b *Inbox) List(f Filter) []Entry {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.list(f)
}

func (b *Inbox) list(f Filter) []Entry {
	if f.After > b.last { // a number from before a restart of the process
		f.After = 0
	}
	var found []Entry
	for i := len(b.entries) - 1; i >= 0; i-- {
		if f.match(&b.entries[i]) {
			found = append(found, b.entries[i])
		}
	}
	return found
}

// Next waits for a message. With f.After it gives the first match after that
// number, so that nobody who asks again and again misses one; without, the
// newest match. It reports false when ctx ends first.
func (b *Inbox) Next(ctx context.Context, f Filter) (Entry, bool) {
	for {
		b.mu.Lock()
		found := b.list(f)
		if b.changed == nil {
			b.changed = make(chan struct{})
		}
		changed := b.changed
		b.mu.Unlock()
		switch {
		case len(found) > 0 && f.After > 0:
			return found[len(found)-1], true
		case len(found) > 0:
			return found[0], true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Entry{}, false
		}
	}
}

// Get gives the entry of a number.
func (b *Inbox) Get(number int64) (Entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.entries {
		if e.Number == number {
			return e, true
		}
	}
	return Entry{}, false
}

// Clear removes the entries that match and returns how many there were.
func (b *Inbox) Clear(f Filter) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	var kept []Entry
	for _, e := range b.entries {
		if !f.match(&e) {
			kept = append(kept, e)
		}
	}
	n := len(b.entries) - len(kept)
	b.entries = kept
	// Their IDs stay known: a cleared message that is delivered once more
	// must not come back. The map is trimmed only when it has grown large.
	if len(b.known) > 8*inboxSize {
		b.known = map[string]bool{}
		for _, e := range kept {
			b.known[e.ID] = true
		}
	}
	return n
}
