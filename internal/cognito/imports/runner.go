package imports

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/importfiles"
	"cognate/internal/store"
)

const (
	// longBatch is how many records one transaction has where nobody waits for it,
	// because writers do not wait for one another or because there have been no
	// requests for the length of calm; shortBatch is for where somebody may come, and
	// politeBatch while there are requests. Almost every record changes a page of each
	// index, and the page is written once for each transaction.
	longBatch   = 1024
	shortBatch  = 128
	politeBatch = 16
	calm        = 2 * time.Second
	// longestRest bounds what an import leaves to requests between two batches.
	longestRest = 100 * time.Millisecond
	// batchBytes bounds a batch of long records.
	batchBytes = 256 << 10
	// leaseTime is how long a job waits for a node that died.
	leaseTime = 15 * time.Second
	// pollEvery finds jobs that other nodes started or left.
	pollEvery = time.Second
	// voidTime bounds ending a lease.
	voidTime = 10 * time.Second
	// giveUpAfter is how many times in a row a job may fail at one place.
	giveUpAfter = 10
	// maxRows is how many records a file may have (spec/users-and-pools.md §19).
	maxRows = 500_000
)

// Config is what a runner works with. All fields but the last three are set.
type Config struct {
	DB        *store.DB
	Directory *directory.Directory
	Now       func() time.Time
	Log       *slog.Logger
	Lines     Log // of the jobs' records

	// Alone says that no other process works on the database, so that a lease can
	// only be one of a process that died, and that writers work one at a time.
	Alone bool
	// Served counts the requests that this process has had so far. While others come
	// in, an import steps back; without Served it never does.
	Served func() int64
	// MaxRows replaces the service's limit when it is not 0.
	MaxRows int64
}

// Runner runs the jobs that were started. Any number of nodes may have one.
type Runner struct {
	Config
	owner string
	wake  chan struct{}
	stuck stuck     // of Work
	seen  int64     // of Served, by Work
	met   time.Time // when Work noticed requests last
}

// NewRunner makes a runner; Run makes it work.
func NewRunner(c Config) *Runner {
	if c.MaxRows == 0 {
		c.MaxRows = maxRows
	}
	return &Runner{Config: c, owner: uuid.NewString(), wake: make(chan struct{}, 1)}
}

// signal says that there is something to do. It never blocks.
func (r *Runner) signal() {
	select {
	case r.wake <- struct{}{}:
	default: // it has been told already
	}
}

// Run runs jobs and delivers their logs until ctx ends. It gives back what it was
// working on, for others to go on with.
func (r *Runner) Run(ctx context.Context) error {
	if r.Alone {
		if err := r.void(ctx, ""); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var delivering sync.WaitGroup
	var failed error
	delivering.Go(func() {
		defer cancel()
		failed = r.deliver(ctx)
	})
	err := r.work(ctx)
	cancel()
	delivering.Wait()
	return errors.Join(err, failed, r.void(context.WithoutCancel(ctx), r.owner))
}

// void ends a lease.
func (r *Runner) void(ctx context.Context, owner string) error {
	ctx, cancel := context.WithTimeout(ctx, voidTime)
	defer cancel()
	held, err := store.Read(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.ImportDue(ctx, owner, time.Unix(1<<40, 0))
	})
	if err != nil || !held {
		return err
	}
	_, err = store.Write(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.VoidImportLease(ctx, owner)
	})
	return err
}

func (r *Runner) work(ctx context.Context) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for failing := false; ctx.Err() == nil; {
		err := r.Work(ctx)
		if err != nil && !failing && ctx.Err() == nil { // once, until it works again
			r.Log.LogAttrs(ctx, slog.LevelError, "user imports are interrupted, will go on", slog.Any("error", err))
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-ticker.C:
		}
	}
	return nil
}

// Work does what there is to do, and returns: a job that was started is brought to
// its end, those that were not started in time expire. One goroutine calls it.
func (r *Runner) Work(ctx context.Context) error {
	if err := r.expire(ctx); err != nil {
		return err
	}
	for {
		job, err := r.take(ctx)
		if err != nil || job == nil {
			return err
		}
		if err := r.run(ctx, job); err != nil {
			return r.failed(ctx, job, err)
		}
	}
}

// expire writes down which jobs were not started in time.
func (r *Runner) expire(ctx context.Context) error {
	before := r.Now().Add(-startWithin)
	stale, err := store.Read(ctx, r.DB, func(ctx context.Context, tx *store.Tx) ([]*store.ImportJob, error) {
		return tx.StaleImportJobs(ctx, before)
	})
	if err != nil {
		return err
	}
	for _, s := range stale {
		_, err := store.Write(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			j, err := tx.LockImportJob(ctx, s.PoolID, s.ID)
			if err != nil || !expire(j, r.Now()) {
				return struct{}{}, err
			}
			return struct{}{}, tx.SaveImportJob(ctx, j)
		})
		if err == nil {
			err = importfiles.Drop(ctx, r.DB, s, s.Details.Upload)
		}
		if err != nil && !api.HasCode(err, "ResourceNotFoundException") { // went with its pool
			return err
		}
	}
	return nil
}

// take leases the job that runs; nil when there is none for this node.
func (r *Runner) take(ctx context.Context) (*store.ImportJob, error) {
	due, err := store.Read(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.ImportDue(ctx, r.owner, r.Now())
	})
	if err != nil || !due {
		return nil, err
	}
	return store.Write(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (*store.ImportJob, error) {
		job, err := tx.LeaseImport(ctx, r.owner, r.Now(), leaseTime)
		if err != nil || job == nil {
			return nil, err
		}
		if job.Status == api.UserImportJobStatusTypePending {
			job.Status = api.UserImportJobStatusTypeInProgress
		}
		return job, tx.SaveImportJob(ctx, job)
	})
}

// run reads the file of a job from where it was left to its end, and ends the job.
// It returns without an error also when the job is no longer this node's.
func (r *Runner) run(ctx context.Context, job *store.ImportJob) error {
	if job.Status == api.UserImportJobStatusTypeStopping {
		return r.end(ctx, job, nil)
	}
	reader, reason, err := r.open(ctx, job)
	switch {
	case err != nil:
		return err
	case reason != "":
		return r.end(ctx, job, func(j *store.ImportJob) []store.ImportEntry {
			j.Details.Message = reason
			return []store.ImportEntry{entry(Failed, 1, reason)}
		})
	}
	done, err := r.DB.Loading(ctx, store.SmallLoad)
	if err != nil {
		return err
	}
	defer done()
	for ctx.Err() == nil {
		busy, began := r.busy(), r.Now()
		b, err := reader.read(r.batchRows(busy))
		if err != nil {
			return err
		}
		if b.last && b.empty() {
			return r.end(ctx, job, nil)
		}
		if mine, err := r.write(ctx, job, b); err != nil || !mine {
			return err
		}
		if busy {
			rest(ctx, r.Now().Sub(began))
		}
	}
	return nil
}

// busy reports whether requests came in since it was asked last.
func (r *Runner) busy() bool {
	if r.Served == nil {
		return false
	}
	before := r.seen
	if r.seen = r.Served(); r.seen == before {
		return false
	}
	r.met = r.Now()
	return true
}

func (r *Runner) batchRows(busy bool) int {
	switch {
	case busy:
		return politeBatch
	case r.Alone && r.Now().Sub(r.met) < calm:
		return shortBatch
	}
	return longBatch
}

// rest leaves requests as much time as a batch took from them.
func rest(ctx context.Context, took time.Duration) {
	timer := time.NewTimer(min(took, longestRest))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// stuck is where a job failed, and how many times in a row.
type stuck struct {
	jobID  string
	offset int64
	times  int
}

// failed counts a failure of a job at one place. A job that does not get any
// further is ended, so that others can run.
func (r *Runner) failed(ctx context.Context, job *store.ImportJob, err error) error {
	if ctx.Err() != nil {
		return err
	}
	if r.stuck.jobID != job.ID || r.stuck.offset != job.Details.Offset {
		r.stuck = stuck{jobID: job.ID, offset: job.Details.Offset}
	}
	if r.stuck.times++; r.stuck.times < giveUpAfter {
		return err
	}
	return errors.Join(err, r.end(ctx, job, func(j *store.ImportJob) []store.ImportEntry {
		j.Details.Message = messageInternal
		return nil
	}))
}

// errNotMine rolls back a batch of a job that another node has.
var errNotMine = errors.New("the import job is another node's")

// write adds the users of a batch and writes down how far the job is, in one
// transaction. A job that is to stop, or is no longer this node's, gets nothing.
func (r *Runner) write(ctx context.Context, job *store.ImportJob, b *batch) (mine bool, err error) {
	write := store.Write[*store.ImportJob]
	if len(b.users) > shortBatch {
		write = store.WriteMuch
	}
	after, err := write(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (*store.ImportJob, error) {
		j, err := r.hold(ctx, tx, job)
		if err != nil || j.Status == api.UserImportJobStatusTypeStopping {
			return j, err
		}
		taken, err := tx.InsertUsers(ctx, j.PoolID, b.users)
		if err != nil {
			return nil, err
		}
		entries := b.outcome(&j.Details, taken)
		if err := tx.AddImportLog(ctx, j, entries); err != nil {
			return nil, err
		}
		return j, tx.SaveImportJob(ctx, j)
	})
	switch {
	case errors.Is(err, errNotMine):
		return false, nil
	case err != nil:
		return false, err
	}
	*job = *after
	if after.Status == api.UserImportJobStatusTypeStopping {
		return false, r.end(ctx, job, nil)
	}
	return true, nil
}

// hold keeps the lease of a job, and answers it locked; errNotMine when it went to
// somebody else, or goes on elsewhere than here.
func (r *Runner) hold(ctx context.Context, tx *store.Tx, job *store.ImportJob) (*store.ImportJob, error) {
	j, err := tx.LeaseImport(ctx, r.owner, r.Now(), leaseTime)
	switch {
	case err != nil:
		return nil, err
	case j == nil || j.ID != job.ID || j.Details.Offset != job.Details.Offset:
		return nil, errNotMine
	}
	return j, nil
}

// end ends a job, with the message that why sets or with that of its counts, and
// lets the next one begin. The file goes.
func (r *Runner) end(ctx context.Context, job *store.ImportJob, why func(*store.ImportJob) []store.ImportEntry) error {
	_, err := store.Write(ctx, r.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		j, err := r.hold(ctx, tx, job)
		if err != nil {
			return struct{}{}, err
		}
		switch {
		case j.Status == api.UserImportJobStatusTypeStopping:
			j.Status, j.Details.Message = api.UserImportJobStatusTypeStopped, messageStopped
		case why != nil:
			j.Status = api.UserImportJobStatusTypeFailed
			if err := tx.AddImportLog(ctx, j, why(j)); err != nil {
				return struct{}{}, err
			}
		default:
			conclude(j)
		}
		j.Details.CompletedAt = r.Now()
		if err := tx.EndImport(ctx, j.PoolID, j.ID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.SaveImportJob(ctx, j)
	})
	switch {
	case errors.Is(err, errNotMine):
		return nil
	case err != nil:
		return err
	}
	return importfiles.Drop(ctx, r.DB, job, job.Details.Upload)
}

// conclude judges a job whose file was read to its end. One that brought nobody
// has failed.
func conclude(j *store.ImportJob) {
	d := &j.Details
	j.Status, d.Message = api.UserImportJobStatusTypeSucceeded, messageSucceeded
	if d.Imported == 0 && d.Failed+d.Skipped > 0 {
		j.Status, d.Message = api.UserImportJobStatusTypeFailed, messageTooMany
	}
}

// open finds out how to read the file of a job; the reason says why it cannot be.
func (r *Runner) open(ctx context.Context, job *store.ImportJob) (b *reader, reason string, err error) {
	r.Directory.Forget(job.PoolID) // another node may have changed it just before the start
	pool, err := r.Directory.Pool(ctx, job.PoolID)
	if err != nil {
		return nil, "", err
	}
	d := &job.Details
	if d.Lines > r.MaxRows+1 {
		return nil, "The file has more than " + number(int(r.MaxRows)) + " records.", nil
	}
	first := newLines(importfiles.Reader(ctx, r.DB, job, 0), 0, 0)
	line, tooLong, err := first.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, "The file is empty.", nil
	case err != nil:
		return nil, "", err
	case tooLong:
		return nil, "The header is too long.", nil
	}
	columns, reason := parseHeader(pool, line, d.Algorithm != "")
	if reason != "" {
		return nil, reason, nil
	}
	rest := first
	if d.Line > 0 {
		rest = newLines(importfiles.Reader(ctx, r.DB, job, d.Offset), d.Offset, d.Line)
	}
	return &reader{lines: rest, sheet: sheet{pool: pool, columns: columns, algorithm: d.Algorithm}, now: r.Now}, "", nil
}
