package server

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"cognate/internal/cognito/quotas"
	"cognate/internal/store"
)

// purgeEvery is how often expired rows are removed.
const purgeEvery = 10 * time.Minute

// jobs is the background work.
type jobs struct {
	work, last group
}

// group is work that ends together.
type group struct {
	ctx    context.Context //nolint:containedctx // of the work
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (g *group) open() { g.ctx, g.cancel = context.WithCancel(context.Background()) }

func (g *group) stop() {
	g.cancel()
	g.done.Wait()
}

// startJobs starts the background work of a server.
func startJobs(db *store.DB, p *parts, nodes *quotas.Nodes, cfg Config) *jobs {
	j := &jobs{}
	j.work.open()
	j.last.open()
	for name, work := range map[string]func(context.Context) error{
		"deliver messages":        p.messages.Worker().Run,
		"note uses of sessions":   p.tracker.Run,
		"refresh SAML metadata":   p.saml.Run,
		"exchange request counts": nodes.Run,
		"import users":            p.importer.Run,
		"purge expired rows":      func(ctx context.Context) error { return purge(ctx, db, cfg) },
	} {
		j.work.start(cfg.Log, name, work)
	}
	j.last.start(cfg.Log, "deliver logs of pools", p.logs.Run) // the others have something to tell until they end
	return j
}

// The pauses between failures of a job, which grow while it fails at once.
const (
	shortPause = time.Second
	longPause  = time.Minute
)

// start runs work until it ends, again and again until ctx ends: a panic or
// an error costs a pause, not the job.
func (g *group) start(log *slog.Logger, name string, work func(context.Context) error) {
	ctx := g.ctx
	g.done.Go(func() {
		for pause := shortPause; ctx.Err() == nil; pause = min(2*pause, longPause) {
			began := time.Now()
			if err := guarded(ctx, log, name, work); err != nil && ctx.Err() == nil {
				log.Error("background work failed", "job", name, "error", err)
			}
			if time.Since(began) >= longPause { // it had worked
				pause = shortPause
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	})
}

func guarded(ctx context.Context, log *slog.Logger, name string, work func(context.Context) error) error {
	defer func() {
		if p := recover(); p != nil {
			log.Error("background work panicked", "job", name, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	return work(ctx)
}

func purge(ctx context.Context, db *store.DB, cfg Config) error {
	ticker := time.NewTicker(purgeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if _, err := db.Purge(ctx, cfg.Now()); err != nil {
			return err
		}
	}
}

func (j *jobs) stop() {
	j.work.stop()
	j.last.stop()
}
