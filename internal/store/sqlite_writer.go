package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
)

// maxBatch bounds how many transactions share one commit, and so how long
// the first of them waits for the last.
const maxBatch = 128

// writerCacheKiB is the writer's page cache: what sign-ins and sign-ups touch
// again and again.
const writerCacheKiB = 16 << 10

// errClosed is the answer to work given to a closed database.
var errClosed = errors.New("database is closed")

// writer runs all write transactions of an SQLite database, one after the
// other, and commits those that came together with one flush of the disk.
// Each has a savepoint of its own, so it can fail alone.
type writer struct {
	conn *sqliteConn
	jobs chan *job
	// held is a job that came while a transaction was open, and begins the next
	// one. Only the goroutine knows it.
	held *job
	// turns is held while a transaction is open, for readers in memory.
	turns *sync.RWMutex

	stopped chan struct{} // closed to make the goroutine end
	done    chan struct{} // closed when it has
	once    sync.Once
}

// job is one transaction. It starts when the writer claims it, unless its
// caller gave up first.
type job struct {
	ctx      context.Context //nolint:containedctx // the caller's, while it waits
	body     func(conn) error
	large    bool // is the first of its transaction, which needs no savepoint
	claimed  atomic.Bool
	result   chan error
	err      error
	panicked any
}

func newWriter(c *sqliteConn, turns *sync.RWMutex) *writer {
	w := &writer{conn: c, jobs: make(chan *job, 1024), turns: turns, stopped: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

// do runs a job and answers after the commit. A panic in its body is raised here.
func (w *writer) do(j *job) error {
	ctx := j.ctx
	j.result = make(chan error, 1)
	select {
	case <-w.stopped:
		return errClosed
	default:
	}
	select {
	case w.jobs <- j:
	case <-w.stopped:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-j.result:
		return j.answer(err)
	case <-ctx.Done():
	case <-w.done:
	}
	if j.claimed.CompareAndSwap(false, true) {
		if err := ctx.Err(); err != nil {
			return err
		}
		return errClosed
	}
	select {
	case err := <-j.result:
		return j.answer(err)
	case <-w.done:
	}
	select {
	case err := <-j.result: // it ended together with the writer
		return j.answer(err)
	default:
		return errClosed
	}
}

func (j *job) answer(err error) error {
	if j.panicked != nil {
		panic(j.panicked)
	}
	return err
}

// stop ends the goroutine after the work already given to it.
func (w *writer) stop() {
	w.once.Do(func() { close(w.stopped) })
	<-w.done
}

func (w *writer) run() {
	defer close(w.done)
	for {
		if j := w.held; j != nil {
			w.held = nil
			w.batch(j)
			continue
		}
		select {
		case j := <-w.jobs:
			w.batch(j)
			continue
		default:
		}
		select {
		case j := <-w.jobs:
			w.batch(j)
		case <-w.stopped:
			if len(w.jobs) == 0 {
				return
			}
		}
	}
}

// batch runs first and whatever else waits in one transaction.
func (w *writer) batch(first *job) {
	w.turns.Lock()
	defer w.turns.Unlock()
	ran := make([]*job, 0, maxBatch)
	err := w.exec("BEGIN IMMEDIATE")
	begun := err == nil
	for j := first; j != nil; j = w.next(len(ran)) {
		if !j.claimed.CompareAndSwap(false, true) {
			continue
		}
		ran = append(ran, j)
		switch {
		case err != nil:
		case len(ran) == 1:
			err = w.runFirst(j)
		default:
			err = w.runNext(j)
		}
	}
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		err = fmt.Errorf("write to database: %w", err)
		if begun {
			// SQLite may have rolled back by itself; then this fails, and
			// nothing is left to do.
			_ = w.exec("ROLLBACK")
		}
	}
	for _, j := range ran {
		if j.err == nil && j.panicked == nil {
			j.err = err
		}
		j.result <- j.err
	}
}

// next is a job that waits already; nil when there is none, when it is to begin a
// transaction, and when the batch is full.
func (w *writer) next(ran int) *job {
	if ran >= maxBatch {
		return nil
	}
	select {
	case j := <-w.jobs:
		if j.large && ran > 0 {
			w.held = j
			return nil
		}
		return j
	default:
		return nil
	}
}

// runFirst runs the first job of the open transaction: when it fails there is
// nothing else to keep, and the transaction begins anew. Its error is one of
// the transaction as a whole; the job's own is kept in the job.
func (w *writer) runFirst(j *job) error {
	w.call(j)
	if j.err == nil && j.panicked == nil {
		return nil
	}
	if err := w.exec("ROLLBACK"); err != nil {
		return err
	}
	return w.exec("BEGIN IMMEDIATE")
}

// runNext is runFirst for a job that has others before it in the transaction.
func (w *writer) runNext(j *job) error {
	if err := w.exec("SAVEPOINT job"); err != nil {
		return err
	}
	w.call(j)
	if j.err != nil || j.panicked != nil {
		if err := w.exec("ROLLBACK TO job"); err != nil {
			return err
		}
	}
	return w.exec("RELEASE job")
}

func (w *writer) call(j *job) {
	defer func() {
		if p := recover(); p != nil {
			j.panicked = p
		}
	}()
	if j.err = j.ctx.Err(); j.err == nil {
		j.err = j.body(w.conn)
	}
}

func (w *writer) exec(statement string) error {
	_, err := w.conn.exec(context.Background(), statement, nil)
	return err
}

// cache sets the size of the page cache. Whoever holds the connection may call
// it: a job, and the opener before there are jobs.
func (w *writer) cache(kib int) error {
	return w.conn.pragma(context.Background(), "cache_size = -"+strconv.Itoa(kib))
}
