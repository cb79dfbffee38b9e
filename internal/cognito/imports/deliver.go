package imports

import (
	"context"
	"log/slog"
	"time"

	"cognate/internal/store"
)

const (
	// logsAtOnce is how many parts of logs a node takes at a time.
	logsAtOnce = 16
	// logLease is how long a part waits to be tried again, after an error or the
	// end of its node.
	logLease = time.Minute
	// logTime bounds one attempt; the lease outlives it.
	logTime = 45 * time.Second
)

// deliver hands the logs of jobs over until ctx ends.
func (r *Runner) deliver(ctx context.Context) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for failing := false; ctx.Err() == nil; {
		err := r.DeliverLogs(ctx)
		if err != nil && !failing && ctx.Err() == nil { // once, until it works again
			r.Log.LogAttrs(ctx, slog.LevelError, "logs of user imports could not be read", slog.Any("error", err))
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return nil
}

// DeliverLogs hands over the parts of logs that wait, in order. What a Log does not
// take stays for later, with all that follows in the same log.
func (r *Runner) DeliverLogs(ctx context.Context) error {
	failing := map[string]bool{} // jobs whose lines are not taken
	for {
		due, err := store.Read(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
			return tx.ImportLogsDue(ctx, r.Now())
		})
		if err != nil || !due {
			return err
		}
		leased, err := store.Write(ctx, r.DB, func(ctx context.Context, tx *store.Tx) ([]store.ImportLog, error) {
			return tx.LeaseImportLogs(ctx, r.Now(), logLease, logsAtOnce)
		})
		if err != nil || len(leased) == 0 {
			return err
		}
		delivered := leased[:0]
		for _, l := range leased {
			if failing[l.JobID] { // what comes later waits with what failed
				continue
			}
			if err := r.append(ctx, l); err != nil {
				failing[l.JobID] = true
				r.Log.LogAttrs(ctx, slog.LevelWarn, "log of a user import not delivered, will be tried again",
					slog.String("job", l.JobID), slog.Any("error", err))
				continue
			}
			delivered = append(delivered, l)
		}
		if err := r.delivered(ctx, delivered); err != nil {
			return err
		}
	}
}

func (r *Runner) delivered(ctx context.Context, logs []store.ImportLog) error {
	if len(logs) == 0 {
		return nil
	}
	_, err := store.Write(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		for _, l := range logs {
			if err := tx.DropImportLog(ctx, l); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	return err
}

func (r *Runner) append(ctx context.Context, l store.ImportLog) error {
	type source struct {
		job  *store.ImportJob
		pool *store.Pool
	}
	from, err := store.Read(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (s source, err error) {
		if s.job, err = tx.ImportJob(ctx, l.PoolID, l.JobID); err != nil {
			return s, err
		}
		s.pool, err = tx.PoolByID(ctx, l.PoolID)
		return s, err
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, logTime)
	defer cancel()
	return r.Lines.Append(ctx, Stream{
		PoolID: l.PoolID, JobID: l.JobID, Name: l.JobID, RoleARN: from.job.Details.LogsRoleARN,
		Group: groupOf(l.PoolID, from.pool.Name),
	}, toLines(l))
}
