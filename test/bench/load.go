package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// flow is one thing that clients do again and again.
type flow struct {
	name string
	// prepare makes a client's own state; do runs once with it.
	prepare func(ctx context.Context, client int) (state any, err error)
	do      func(ctx context.Context, state any, n int64) error
	// floor is the cryptography in one operation; nil: the goal is in signatures.
	floor func(f *floor) time.Duration
	goal  string
}

// cost prints the CPU time of an operation: in milliseconds, in signatures,
// and as a multiple of the flow's floor.
func (f flow) cost(r *result, by *floor) string {
	cpu := r.cpuPerOp().Seconds()
	text := fmt.Sprintf("%.2f ms = %.2f sig", cpu*1000, cpu/by.signature.Seconds())
	if f.floor != nil {
		text += fmt.Sprintf(" = %.2f × floor", cpu/f.floor(by).Seconds())
	}
	return text
}

// result is what one run of a flow gave.
type result struct {
	operations int64
	elapsed    time.Duration
	cpu        time.Duration // of the server process
	latency    *hdrhistogram.Histogram
}

func (r *result) perSecond() float64 { return float64(r.operations) / r.elapsed.Seconds() }

func (r *result) cpuPerOp() time.Duration {
	if r.operations == 0 {
		return 0
	}
	return r.cpu / time.Duration(r.operations)
}

// sequence numbers operations over all runs, so that names are never reused.
var sequence atomic.Int64

// run lets clients repeat a flow for a while. The first operations of each
// client warm it up and do not count.
func (w *world) run(ctx context.Context, f flow, clients int, duration time.Duration) (*result, error) {
	states := make([]any, clients)
	for i := range clients {
		state, err := f.prepare(ctx, i)
		if err != nil {
			return nil, fmt.Errorf("prepare: %w", err)
		}
		states[i] = state
		for range 3 {
			if err := f.do(ctx, state, sequence.Add(1)); err != nil {
				return nil, fmt.Errorf("warm up: %w", err)
			}
		}
	}
	before, err := w.server.cpu()
	if err != nil {
		return nil, err
	}
	total := &result{latency: newHistogram()}
	start := time.Now()
	ctx, cancel := context.WithDeadline(ctx, start.Add(duration))
	defer cancel()
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		failed error
	)
	for _, state := range states {
		wg.Go(func() {
			latency, err := repeat(ctx, f, state)
			mu.Lock()
			defer mu.Unlock()
			total.latency.Merge(latency)
			if err != nil && failed == nil {
				failed = err
			}
		})
	}
	wg.Wait()
	total.elapsed = time.Since(start)
	total.operations = total.latency.TotalCount()
	after, err := w.server.cpu()
	total.cpu = after - before
	if failed != nil {
		err = failed
	}
	return total, err
}

func repeat(ctx context.Context, f flow, state any) (*hdrhistogram.Histogram, error) {
	latency := newHistogram()
	for ctx.Err() == nil {
		start := time.Now()
		if err := f.do(context.WithoutCancel(ctx), state, sequence.Add(1)); err != nil {
			return latency, err
		}
		_ = latency.RecordValue(time.Since(start).Microseconds()) // out of range means over a minute
	}
	return latency, nil
}

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, 60_000_000, 3) }
