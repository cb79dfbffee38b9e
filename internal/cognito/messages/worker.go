package messages

import (
	"context"
	"errors"
	"sync"

	"cognate/internal/api"
	"cognate/internal/store"
)

// Worker delivers the messages of the outbox. Any number of nodes may run one
// on the same database.
type Worker struct {
	db    *store.DB
	lanes map[api.DeliveryMediumType]*lane
}

// Run delivers messages until ctx ends. Deliveries under way are then given
// five seconds; what they do not finish stays in the outbox. It returns nil.
func (w *Worker) Run(ctx context.Context) error {
	var lanes sync.WaitGroup
	for _, l := range w.lanes {
		lanes.Go(func() { l.run(ctx) })
	}
	lanes.Wait()
	return nil
}

// DeliverDue makes one attempt for each message that is due by the injected
// clock, and returns how many attempts there were once they ended. It is Run
// for those who move the clock by hand.
func (w *Worker) DeliverDue(ctx context.Context) (int, error) {
	var total int
	var failures []error
	for _, l := range w.lanes {
		for {
			leased, err := l.lease(ctx, parallel)
			if err != nil {
				failures = append(failures, err)
			}
			if len(leased) == 0 {
				break
			}
			var running sync.WaitGroup
			for _, row := range leased {
				running.Go(func() { l.deliver(ctx, row) })
			}
			running.Wait()
			total += len(leased)
		}
	}
	return total, errors.Join(failures...)
}

// Counts are the deliveries of this process for one medium since it started.
type Counts struct {
	Delivered int64 // taken by the transport
	Failed    int64 // attempts that will be repeated
	Dropped   int64 // messages given up
}

// Counts gives the counters of a medium.
func (w *Worker) Counts(medium api.DeliveryMediumType) Counts {
	l := w.lanes[medium]
	if l == nil {
		return Counts{}
	}
	return Counts{Delivered: l.delivered.Load(), Failed: l.failed.Load(), Dropped: l.dropped.Load()}
}

// Pending is how many messages wait in the outbox, all nodes together.
func (w *Worker) Pending(ctx context.Context) (int64, error) {
	return store.Read(ctx, w.db, func(ctx context.Context, tx *store.Tx) (int64, error) {
		return tx.PendingMessages(ctx)
	})
}
