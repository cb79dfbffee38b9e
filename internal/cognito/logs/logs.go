package logs

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"cognate/internal/api"
	"cognate/internal/outbound/logsinks"
	"cognate/internal/store"
)

const (
	// queued bounds what waits for the delivering goroutine.
	queued = 10_000
	// flushEvery is how long an entry waits for others to go with it.
	flushEvery = time.Second
	// batchSize and waiting bound, for each destination, what goes at once and what
	// waits for its turn.
	batchSize = 500
	waiting   = 10_000
	// attempts and writeTime are what one batch has.
	attempts  = 6
	writeTime = 20 * time.Second
	// stopGrace is how long the last batches may take.
	stopGrace = 5 * time.Second
)

// Config is what New needs. All fields are set.
type Config struct {
	// Wanted gives what a pool wants to have delivered. Of a pool that is gone
	// nobody wants anything.
	Wanted func(ctx context.Context, poolID string) ([]api.LogConfigurationType, error)
	Now    func() time.Time
	Log    *slog.Logger
	// Open gives the sink of a destination.
	Open func(logsinks.Destination) (logsinks.Sink, error)
}

// Logs takes entries and delivers them; nil takes them and does nothing.
type Logs struct {
	Config
	queue              chan record
	delivered, dropped atomic.Int64
}

// record is what was told, before anybody knows whether it is wanted.
type record struct {
	poolID  string
	source  api.EventSourceName
	at      time.Time
	message any
}

// New prepares a Logs. Nothing is delivered before Run.
func New(c Config) *Logs { return &Logs{Config: c, queue: make(chan record, queued)} }

// Counts tells how many entries were delivered and how many were dropped.
func (l *Logs) Counts() (delivered, dropped int64) { return l.delivered.Load(), l.dropped.Load() }

// NotDelivered tells that a message did not reach a user. details has no contents
// of the message and no full address.
func (l *Logs) NotDelivered(poolID, details string) {
	if l != nil {
		l.tell(record{poolID, api.EventSourceNameUserNotification, l.Now(), notification{details}})
	}
}

// Happened tells what a user did, or somebody in the user's name.
func (l *Logs) Happened(e *store.AuthEvent, username, requestID string) {
	if l != nil {
		l.tell(record{e.PoolID, api.EventSourceNameUserAuthEvents, l.Now(), activityOf(e, username, requestID)})
	}
}

func (l *Logs) tell(r record) {
	select {
	case l.queue <- r:
	default:
		l.dropped.Add(1)
	}
}

// Run delivers until ctx ends, and what there is then within a few seconds.
func (l *Logs) Run(ctx context.Context) error {
	d := newDelivery(ctx, l)
	defer d.stop()
	ticker := time.NewTicker(flushEvery)
	defer ticker.Stop()
	for {
		select {
		case r := <-l.queue:
			d.add(r)
		case <-ticker.C:
			d.flush()
		case r := <-d.done:
			d.finish(r)
		case <-ctx.Done():
			d.drain()
			return nil
		}
	}
}

// wanted finds where a pool wants entries of a source to go; empty for nowhere.
func (l *Logs) wanted(ctx context.Context, poolID string, source api.EventSourceName) (arn string) {
	list, err := l.Wanted(ctx, poolID)
	if err != nil && !api.HasCode(err, "ResourceNotFoundException") {
		l.Log.Error("settings of logs could not be read", "pool", poolID, "error", err)
	}
	for _, c := range list {
		if c.EventSource == source {
			return ARNOf(&c)
		}
	}
	return ""
}

// ARNOf is the destination of a configuration; empty where it has none.
func ARNOf(c *api.LogConfigurationType) string {
	switch {
	case c.CloudWatchLogsConfiguration != nil:
		return c.CloudWatchLogsConfiguration.LogGroupArn
	case c.S3Configuration != nil:
		return c.S3Configuration.BucketArn
	case c.FirehoseConfiguration != nil:
		return c.FirehoseConfiguration.StreamArn
	}
	return ""
}
