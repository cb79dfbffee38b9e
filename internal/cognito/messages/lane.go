package messages

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
)

const (
	// parallel is how many messages of one medium a node delivers at a time.
	parallel = 16
	// attemptTime bounds one delivery; the lease outlives it, so a message that
	// is being delivered is nobody else's.
	attemptTime = 45 * time.Second
	leaseTime   = time.Minute
	// pollEvery finds what no signal announced: retries that came due, and
	// messages of nodes that died.
	pollEvery = time.Second
	// stopGrace is how long deliveries may go on after Run was told to end, and
	// how long writing down a result may take.
	stopGrace = 5 * time.Second

	// Time between attempts doubles from the first to the last of these
	// (spec/reliability.md §2); after giveUpAfter a message is dropped.
	firstPause  = time.Second
	lastPause   = time.Hour
	giveUpAfter = 24 * time.Hour
)

// lane delivers the messages of one medium. Lanes share nothing, so that a
// mail server which hangs does not hold up text messages.
type lane struct {
	Config
	medium    api.DeliveryMediumType
	transport Transport
	wake      chan struct{}
	slots     chan struct{}
	poll      time.Duration
	grace     time.Duration

	delivered, failed, dropped atomic.Int64
}

func newLane(c Config, medium api.DeliveryMediumType, transport Transport) *lane {
	return &lane{
		Config: c, medium: medium, transport: transport,
		wake: make(chan struct{}, 1), slots: make(chan struct{}, parallel), poll: pollEvery, grace: stopGrace,
	}
}

// signal says that there is something to deliver. It never blocks.
func (l *lane) signal() {
	select {
	case l.wake <- struct{}{}:
	default: // it has been told already
	}
}

// run delivers until ctx ends, and returns when the deliveries that were under
// way have ended too.
func (l *lane) run(ctx context.Context) {
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(l.grace, stop) })()
	var running sync.WaitGroup
	defer running.Wait()
	ticker := time.NewTicker(l.poll)
	defer ticker.Stop()
	for more, failing := true, false; ; {
		if !more {
			select {
			case <-ctx.Done():
				return
			case <-l.wake:
			case <-ticker.C:
			}
		}
		n, free := l.acquire(ctx)
		if n == 0 {
			return
		}
		leased, err := l.lease(ctx, n)
		if err != nil && !failing && ctx.Err() == nil { // once, until it works again
			l.Log.LogAttrs(ctx, slog.LevelError, "messages could not be fetched for delivery", slog.String("medium", string(l.medium)), slog.Any("error", err))
		}
		failing = err != nil
		free(n - len(leased))
		for _, row := range leased {
			running.Go(func() {
				defer free(1)
				l.deliver(working, row)
			})
		}
		more = len(leased) == n
	}
}

// acquire waits for one free slot and takes all that are free then. It gives
// 0 when ctx ends first.
func (l *lane) acquire(ctx context.Context) (n int, free func(int)) {
	free = func(n int) {
		for range n {
			<-l.slots
		}
	}
	select {
	case <-ctx.Done():
		return 0, free
	case l.slots <- struct{}{}:
	}
	for n = 1; n < parallel; n++ {
		select {
		case l.slots <- struct{}{}:
		default:
			return n, free
		}
	}
	return n, free
}

// lease takes up to limit messages that are due. The writer of the database is
// bothered only if there are any.
func (l *lane) lease(ctx context.Context, limit int) ([]store.OutboxMessage, error) {
	now := l.Now()
	due, err := store.Read(ctx, l.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.MessagesDue(ctx, string(l.medium), now)
	})
	if err != nil || !due {
		return nil, err
	}
	return store.Write(ctx, l.DB, func(ctx context.Context, tx *store.Tx) ([]store.OutboxMessage, error) {
		return tx.LeaseDue(ctx, string(l.medium), now, limit, leaseTime)
	})
}

// deliver makes one attempt and writes down how it went.
func (l *lane) deliver(ctx context.Context, row store.OutboxMessage) {
	err := l.attempt(ctx, row)
	// The result must be written even when the time for deliveries is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopGrace)
	defer cancel()
	line := []slog.Attr{
		slog.String("pool", row.PoolID), slog.String("message", row.ID), slog.String("medium", row.Medium),
		slog.String("destination", row.Destination), slog.Int("attempt", row.Attempts), slog.Any("error", err),
	}
	if err != nil {
		l.Logs.NotDelivered(row.PoolID, fmt.Sprintf("The %s message to %s could not be delivered (attempt %d): %s", row.Medium, row.Destination, row.Attempts, err))
	}
	next := row.CreatedAt.Add(giveUpAfter)
	switch now := l.Now(); {
	case err == nil:
		l.delivered.Add(1)
		err = l.done(ctx, row)
	case permanent(err) || !now.Before(next):
		l.dropped.Add(1)
		l.Log.LogAttrs(ctx, slog.LevelError, "message given up", line...)
		err = l.done(ctx, row)
	default:
		l.failed.Add(1)
		l.Log.LogAttrs(ctx, slog.LevelWarn, "message not delivered, will be tried again", line...)
		if t := now.Add(pause(row.Attempts)); t.Before(next) {
			next = t
		}
		err = l.retry(ctx, row, next)
	}
	if err != nil {
		// The lease runs out and the message is delivered once more.
		l.Log.LogAttrs(ctx, slog.LevelError, "result of a delivery not stored", slog.String("message", row.ID), slog.Any("error", err))
	}
}

func (l *lane) attempt(ctx context.Context, row store.OutboxMessage) (err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil { // one message must not end the server
			err = fmt.Errorf("deliver message: panic: %v", p)
		}
	}()
	m, err := open(row)
	if err != nil {
		return err
	}
	return l.transport.Deliver(ctx, m)
}

func (l *lane) done(ctx context.Context, row store.OutboxMessage) error {
	_, err := store.Write(ctx, l.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.Done(ctx, row.PoolID, row.ID)
	})
	return err
}

func (l *lane) retry(ctx context.Context, row store.OutboxMessage, next time.Time) error {
	_, err := store.Write(ctx, l.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.Retry(ctx, row, next)
	})
	return err
}

// permanent reports whether an error says that trying again is of no use.
func permanent(err error) bool {
	var p interface{ Permanent() bool }
	return errors.As(err, &p) && p.Permanent()
}

// pause is the time after the given attempt, counted from 1: doubled each
// time, and up to a quarter shorter by chance, so that messages which failed
// together do not come back together.
func pause(attempt int) time.Duration {
	d := lastPause
	if shift := attempt - 1; shift >= 0 && shift < 12 { // 2^12 s is more than an hour
		d = min(firstPause<<shift, lastPause)
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	return d - time.Duration(binary.BigEndian.Uint64(random[:])%uint64(d/4))
}
