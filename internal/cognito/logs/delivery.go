package logs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cognate/internal/outbound/logsinks"
)

// delivery is the state of Run. It belongs to that one goroutine; those that write
// batches get and give everything by value.
type delivery struct {
	*Logs
	lanes   map[logsinks.Destination]*lane
	done    chan result
	working context.Context //nolint:containedctx // of the writes, which outlive that of Run a little
	stop    context.CancelFunc
}

func newDelivery(ctx context.Context, l *Logs) *delivery {
	d := &delivery{Logs: l, lanes: map[logsinks.Destination]*lane{}, done: make(chan result)}
	d.working, d.stop = context.WithCancel(context.WithoutCancel(ctx))
	return d
}

// lane is what waits for one destination.
type lane struct {
	sink    logsinks.Sink
	entries []logsinks.Entry
	busy    int // how many entries, the first ones, are being written
	failed  int // attempts at them
	next    time.Time
}

// result is how the writing of a batch went.
type result struct {
	to  logsinks.Destination
	err error
}

// add puts what was told into the lane of where it is wanted.
func (d *delivery) add(r record) {
	arn := d.wanted(d.working, r.poolID, r.source)
	if arn == "" {
		return
	}
	to := logsinks.Destination{ARN: arn, Stream: r.poolID}
	l, err := d.lane(to)
	var entry logsinks.Entry
	if err == nil {
		entry, err = encode(r)
	}
	switch {
	case err != nil:
		d.dropped.Add(1)
		d.Log.Error("log entry of a user pool could not be delivered", "pool", r.poolID, "destination", arn, "error", err)
	case len(l.entries) >= waiting:
		d.dropped.Add(1)
	default:
		l.entries = append(l.entries, entry)
		if len(l.entries) == batchSize {
			d.write(to, l)
		}
	}
}

func (d *delivery) lane(to logsinks.Destination) (*lane, error) {
	if l := d.lanes[to]; l != nil {
		return l, nil
	}
	sink, err := d.Open(to)
	if err != nil {
		return nil, err
	}
	l := &lane{sink: sink}
	d.lanes[to] = l
	return l, nil
}

// flush begins to write what waits, and forgets lanes with nothing to do.
func (d *delivery) flush() {
	for to, l := range d.lanes {
		if len(l.entries) == 0 {
			delete(d.lanes, to)
			continue
		}
		d.write(to, l)
	}
}

// write hands the first entries of a lane to its sink, unless that is being done or
// has just failed.
func (d *delivery) write(to logsinks.Destination, l *lane) {
	if l.busy > 0 || len(l.entries) == 0 || d.Now().Before(l.next) {
		return
	}
	l.busy = min(len(l.entries), batchSize)
	batch, sink := slices.Clone(l.entries[:l.busy]), l.sink
	go func() { d.done <- result{to, attempt(d.working, sink, batch)} }()
}

func attempt(ctx context.Context, sink logsinks.Sink, batch []logsinks.Entry) (err error) {
	defer func() {
		if p := recover(); p != nil { // one destination must not end the others
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	return sink.Write(ctx, batch)
}

// finish takes away what was written, or says when to try again.
func (d *delivery) finish(r result) {
	l := d.lanes[r.to]
	n := l.busy
	l.busy = 0
	if r.err != nil {
		l.failed++
		line := []any{"destination", r.to.ARN, "stream", r.to.Stream, "entries", n, "attempt", l.failed, "error", r.err}
		if l.failed < attempts {
			l.next = d.Now().Add(time.Second << (l.failed - 1))
			d.Log.Warn("logs of a user pool not delivered, will be tried again", line...)
			return
		}
		d.Log.Error("logs of a user pool given up", line...)
		d.dropped.Add(int64(n))
	} else {
		d.delivered.Add(int64(n))
	}
	l.entries = slices.Delete(l.entries, 0, n)
	l.failed, l.next = 0, time.Time{}
	if len(l.entries) >= batchSize {
		d.write(r.to, l)
	}
}

// drain delivers what is there when Run has to end, as far as it goes in time.
func (d *delivery) drain() {
	for more := true; more; {
		select {
		case r := <-d.queue:
			d.add(r)
		default:
			more = false
		}
	}
	for _, l := range d.lanes {
		l.failed, l.next = 0, time.Time{} // one more attempt each
	}
	timer := time.AfterFunc(stopGrace, d.stop)
	defer timer.Stop()
	for d.writing() {
		d.finish(<-d.done)
	}
	for to, l := range d.lanes {
		if n := len(l.entries); n > 0 {
			d.dropped.Add(int64(n))
			d.Log.Error("logs of a user pool given up at the end of the process", "destination", to.ARN, "stream", to.Stream, "entries", n)
		}
	}
}

// writing hands out whatever may still go, and reports whether anything is on its
// way. What has just failed would fail again.
func (d *delivery) writing() (busy bool) {
	for to, l := range d.lanes {
		if l.failed == 0 {
			d.write(to, l)
		}
		busy = busy || l.busy > 0
	}
	return busy
}
