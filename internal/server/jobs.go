package server

import (
	"context"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"cognate/internal/cognito/idp"
	"cognate/internal/cognito/imports"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/quotas"
	"cognate/internal/cognito/tracking"
	"cognate/internal/store"
)

// purgeEvery is how often expired rows are removed.
const purgeEvery = 10 * time.Minute

// jobs is the background work.
type jobs struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func startJobs(db *store.DB, w *messages.Worker, t *tracking.Tracker, providers *idp.SAML, nodes *quotas.Nodes, importer *imports.Runner, cfg Config) *jobs {
	ctx, cancel := context.WithCancel(context.Background())
	j := &jobs{cancel: cancel}
	j.start(ctx, cfg.Log, "deliver messages", w.Run)
	j.start(ctx, cfg.Log, "note uses of sessions", t.Run)
	j.start(ctx, cfg.Log, "refresh SAML metadata", providers.Run)
	j.start(ctx, cfg.Log, "exchange request counts", nodes.Run)
	j.start(ctx, cfg.Log, "import users", importer.Run)
	j.start(ctx, cfg.Log, "purge expired rows", func(ctx context.Context) error { return purge(ctx, db, cfg) })
	return j
}

// start runs work until it ends, again and again until ctx ends: a panic or
// an error costs a pause, not the job.
func (j *jobs) start(ctx context.Context, log *slog.Logger, name string, work func(context.Context) error) {
	j.done.Go(func() {
		for pause := time.Second; ctx.Err() == nil; pause = min(2*pause, time.Minute) {
			if err := guarded(ctx, log, name, work); err != nil && ctx.Err() == nil {
				log.Error("background work failed", "job", name, "error", err)
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
	j.cancel()
	j.done.Wait()
}
