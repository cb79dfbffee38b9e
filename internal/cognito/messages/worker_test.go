package messages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/outbound/mail"
	"cognate/internal/outbound/mail/mailtest"
	"cognate/internal/store"
	"cognate/internal/store/pgtest"
	"cognate/internal/store/storetest"
)

// clock is a time that tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// recorder is a Transport that keeps what it gets and answers as told.
type recorder struct {
	mu     sync.Mutex
	got    []Message
	answer func(m *Message) error
	signal chan struct{} // one for each delivery, if not nil
}

func (r *recorder) Deliver(_ context.Context, m *Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, *m)
	if r.signal != nil {
		r.signal <- struct{}{}
	}
	if r.answer != nil {
		return r.answer(m)
	}
	return nil
}

func (r *recorder) ids() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for _, m := range r.got {
		ids = append(ids, m.ID)
	}
	return ids
}

// openStore gives a database in memory with one pool.
func openStore(t *testing.T, now func() time.Time) *store.DB {
	t.Helper()
	db := storetest.Open(t, now)
	addPool(t, db, now())
	return db
}

func addPool(t *testing.T, db *store.DB, now time.Time) {
	t.Helper()
	inTx(t, db, func(ctx context.Context, tx *store.Tx) error {
		pool := &store.Pool{ID: "us-east-1_abc", Region: "us-east-1", Name: "p", CreatedAt: now, ModifiedAt: now}
		return tx.InsertPool(ctx, pool, nil)
	})
}

func inTx(t *testing.T, db *store.DB, body func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, body(ctx, tx) })
	if err != nil {
		t.Fatal(err)
	}
}

func send(t *testing.T, m *Messages, requests ...Request) {
	t.Helper()
	inTx(t, m.DB, func(ctx context.Context, tx *store.Tx) error {
		for _, r := range requests {
			if err := m.Send(ctx, tx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// deliver runs what is due and checks how much that was.
func deliver(t *testing.T, m *Messages, want int) {
	t.Helper()
	got, err := m.Worker().DeliverDue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Fatalf("%d attempts, want %d", got, want)
	}
}

func wantPending(t *testing.T, m *Messages, want int64) {
	t.Helper()
	if got, err := m.Worker().Pending(t.Context()); err != nil || got != want {
		t.Errorf("%d messages wait (%v), want %d", got, err, want)
	}
}

func TestDeliversByMedium(t *testing.T) {
	t.Parallel()
	c, mails, texts := newClock(), &recorder{}, &recorder{}
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: mails, SMS: texts})
	send(t, m, request(SignUp, email), request(ForgotPassword, text))
	deliver(t, m, 2)
	wantPending(t, m, 0)
	if len(mails.got) != 1 || len(texts.got) != 1 {
		t.Fatalf("%d mails, %d texts", len(mails.got), len(texts.got))
	}
	got := mails.got[0]
	want := Message{
		ID: got.ID, PoolID: "us-east-1_abc", ClientID: "client1", Sub: "sub-1", Username: "ana", Purpose: SignUp, Medium: email, Destination: "ana@example.com",
		From: "no-reply@verificationemail.com", Subject: "Your verification code", Body: "Your verification code is 123456. ", Code: "123456", Time: c.now(),
	}
	if got != want || got.ID == "" {
		t.Errorf("delivered %+v, want %+v", got, want)
	}
	if m.Worker().Counts(email) != (Counts{Delivered: 1}) {
		t.Errorf("counts = %+v", m.Worker().Counts(email))
	}
}

func TestNoTransport(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: &recorder{}})
	if err := m.Available(email); err != nil {
		t.Error(err)
	}
	if err := m.Available(text); !api.HasCode(err, "CodeDeliveryFailureException") {
		t.Errorf("error = %v", err)
	}
	_, err := store.Write(t.Context(), m.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, m.Send(ctx, tx, request(SignUp, text))
	})
	if !api.HasCode(err, "CodeDeliveryFailureException") {
		t.Errorf("error = %v", err)
	}
	wantPending(t, m, 0)
}

func TestRolledBackMessagesAreNotSent(t *testing.T) {
	t.Parallel()
	c, mails := newClock(), &recorder{}
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: mails})
	failed := errors.New("no")
	_, err := store.Write(t.Context(), m.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, errors.Join(m.Send(ctx, tx, request(SignUp, email)), failed)
	})
	if !errors.Is(err, failed) {
		t.Fatal(err)
	}
	deliver(t, m, 0)
	if len(m.worker.lanes[email].wake) != 0 {
		t.Error("the worker was woken")
	}
}

func TestPretendLeavesNothing(t *testing.T) {
	t.Parallel()
	c, mails := newClock(), &recorder{}
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: mails})
	inTx(t, m.DB, func(ctx context.Context, tx *store.Tx) error {
		return m.Pretend(ctx, tx, request(ForgotPassword, email))
	})
	deliver(t, m, 0)
	wantPending(t, m, 0)
}

// Attempts come after 1, 2, 4 … seconds up to an hour, each up to a quarter
// sooner, and end after a day (reliability.md §2).
func TestRetriesWithBackoffAndGivesUpAfterADay(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := newClock()
	mails := &recorder{answer: func(*Message) error { return errors.New("server is down") }}
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: mails, Log: slog.New(slog.NewTextHandler(&log, nil))})
	send(t, m, request(SignUp, email))
	deliver(t, m, 1)
	var elapsed time.Duration
	attempts := 1
	for elapsed < 24*time.Hour {
		longest := min(time.Second<<min(attempts-1, 20), time.Hour)
		early := longest*3/4 - time.Millisecond
		if elapsed+longest >= 24*time.Hour {
			break
		}
		c.advance(early)
		deliver(t, m, 0)
		c.advance(longest - early)
		deliver(t, m, 1)
		elapsed += longest
		attempts++
	}
	if attempts < 30 || attempts > 40 {
		t.Errorf("%d attempts in a day", attempts) // 12 that double, then one an hour
	}
	wantPending(t, m, 1)
	c.advance(24*time.Hour - elapsed)
	deliver(t, m, 1)
	wantPending(t, m, 0)
	counts := m.Worker().Counts(email)
	if counts.Delivered != 0 || counts.Dropped != 1 || counts.Failed != int64(attempts) {
		t.Errorf("counts = %+v after %d attempts", counts, attempts)
	}
	if !strings.Contains(log.String(), `msg="message given up"`) {
		t.Error("giving up was not logged")
	}
	for _, hidden := range []string{"123456", "ana@example.com"} {
		if strings.Contains(log.String(), hidden) {
			t.Errorf("S183: the log shows %s", hidden)
		}
	}
	for _, id := range mails.ids() {
		if id != mails.ids()[0] {
			t.Fatal("the id changed between attempts")
		}
	}
}

type final struct{}

func (final) Error() string   { return "no such address" }
func (final) Permanent() bool { return true }

func TestPermanentFailureIsNotRepeated(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: &recorder{answer: func(*Message) error { return fmt.Errorf("deliver: %w", final{}) }}})
	send(t, m, request(SignUp, email))
	deliver(t, m, 1)
	wantPending(t, m, 0)
	if m.Worker().Counts(email) != (Counts{Dropped: 1}) {
		t.Errorf("counts = %+v", m.Worker().Counts(email))
	}
}

func TestPanicOfATransportIsAFailedAttempt(t *testing.T) {
	t.Parallel()
	c := newClock()
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: &recorder{answer: func(*Message) error { panic("oh") }}})
	send(t, m, request(SignUp, email))
	deliver(t, m, 1)
	wantPending(t, m, 1)
}

// A node that died in the middle of a delivery: another one takes the message
// over when the lease has run out, not before.
func TestMessageOfADeadNodeIsTakenOver(t *testing.T) {
	t.Parallel()
	c, mails := newClock(), &recorder{}
	db := openStore(t, c.now)
	dead := New(Config{DB: db, Now: c.now, Mail: &recorder{}})
	send(t, dead, request(SignUp, email))
	leased, err := dead.worker.lanes[email].lease(t.Context(), 10)
	if err != nil || len(leased) != 1 {
		t.Fatal(leased, err)
	}
	alive := New(Config{DB: db, Now: c.now, Mail: mails})
	c.advance(leaseTime - time.Second)
	deliver(t, alive, 0)
	c.advance(time.Second)
	deliver(t, alive, 1)
	wantPending(t, alive, 0)
	if len(mails.got) != 1 || mails.got[0].ID != leased[0].ID {
		t.Errorf("delivered %v", mails.ids())
	}
}

// Two nodes run on one database: each message is delivered once.
func TestTwoWorkersDeliverOnce(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			c := newClock()
			nodes := twoNodes(t, engine, c.now)
			const each = 60
			mails := &recorder{signal: make(chan struct{}, 4*each)}
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			var both []*Messages
			for _, db := range nodes {
				m := New(Config{DB: db, Now: c.now, Mail: mails})
				both = append(both, m)
				running.Go(func() { _ = m.Worker().Run(ctx) })
			}
			for _, m := range both {
				running.Go(func() {
					for range each {
						send(t, m, request(SignUp, email))
					}
				})
			}
			for range 2 * each {
				receive(t, mails.signal)
			}
			cancel()
			running.Wait()
			seen := map[string]bool{}
			for _, id := range mails.ids() {
				if seen[id] {
					t.Errorf("%s was delivered twice", id)
				}
				seen[id] = true
			}
			wantPending(t, both[0], 0)
		})
	}
}

// twoNodes opens one database twice: PostgreSQL for real, SQLite, which has
// one process only, as two workers on one handle.
func twoNodes(t *testing.T, engine string, now func() time.Time) []*store.DB {
	t.Helper()
	if engine == "sqlite" {
		db := openStore(t, now)
		return []*store.DB{db, db}
	}
	url, schema := pgtest.Schema(t)
	var nodes []*store.DB
	for range 2 {
		db, err := store.Open(t.Context(), store.Config{URL: url, Schema: schema, MasterKey: bytes.Repeat([]byte{7}, 32), Now: now})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		nodes = append(nodes, db)
	}
	addPool(t, nodes[0], now())
	return nodes
}

func receive(t *testing.T, from <-chan struct{}) {
	t.Helper()
	select {
	case <-from:
	case <-time.After(20 * time.Second):
		t.Fatal("nothing was delivered within twenty seconds")
	}
}

// The commit wakes the worker: here it would poll only once an hour.
func TestCommitWakesTheWorker(t *testing.T) {
	t.Parallel()
	c, mails := newClock(), &recorder{signal: make(chan struct{}, 10)}
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: mails})
	m.worker.lanes[email].poll = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Worker().Run(ctx) })
	for range 3 {
		send(t, m, request(SignUp, email))
		receive(t, mails.signal)
	}
	cancel()
	running.Wait()
	wantPending(t, m, 0)
}

// What no signal announces is found by looking.
func TestPollingFindsRetries(t *testing.T) {
	t.Parallel()
	c := newClock()
	mails := &recorder{signal: make(chan struct{}, 10), answer: func(*Message) error { return errors.New("down") }}
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: mails})
	m.worker.lanes[email].poll = 10 * time.Millisecond
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = m.Worker().Run(ctx) })
	send(t, m, request(SignUp, email))
	receive(t, mails.signal)
	c.advance(time.Minute)
	// The first result may be written after the clock moved, which puts its
	// retry a second later.
	c.advance(time.Minute)
	receive(t, mails.signal)
	cancel()
	running.Wait()
}

// A mail server that hangs holds up neither text messages nor the end of Run.
func TestHungMailServerDoesNotBlockTextMessages(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{Hang: true})
	sender, err := mail.Parse("smtp://" + server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	c, texts := newClock(), &recorder{signal: make(chan struct{}, 100)}
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: OverSMTP(sender), SMS: texts})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	m.worker.lanes[email].grace = 10 * time.Millisecond
	running.Go(func() { _ = m.Worker().Run(ctx) })
	for range 2 * parallel {
		send(t, m, request(SignUp, email))
	}
	send(t, m, request(SignUp, text))
	receive(t, texts.signal)
	cancel()
	running.Wait()
	wantPending(t, m, 2*parallel)
}

// Through a real SMTP server, with TLS and authentication.
func TestOverSMTP(t *testing.T) {
	t.Parallel()
	server := mailtest.Start(t, mailtest.Config{StartTLS: true, User: "u", Password: "p"})
	sender, err := mail.Parse("smtp://u:p@" + server.Addr + "?tls=required")
	if err != nil {
		t.Fatal(err)
	}
	sender.RootCAs = server.Roots
	c, inbox := newClock(), &Inbox{}
	m := New(Config{DB: openStore(t, c.now), Now: c.now, Mail: inbox.Before(OverSMTP(sender))})
	send(t, m, request(SignUp, email))
	deliver(t, m, 1)
	got := server.Wait(t)
	if !got.TLS || len(got.To) != 1 || got.To[0] != "ana@example.com" || got.From != "no-reply@verificationemail.com" || !strings.Contains(got.Data, "Your verification code is 123456.") {
		t.Errorf("received %+v", got)
	}
	if kept := inbox.List(Filter{User: "ana"}); len(kept) != 1 || kept[0].Code != "123456" || !strings.Contains(got.Data, "Message-ID: <"+kept[0].ID+"@verificationemail.com>") {
		t.Errorf("inbox keeps %+v", kept)
	}
}

// A database that is away for an hour is one line of the log, not thousands.
func TestADatabaseThatIsAwayIsLoggedOnce(t *testing.T) {
	t.Parallel()
	db := openStore(t, newClock().now)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	attempts := 0
	var log bytes.Buffer
	l := newLane(Config{DB: db, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time {
		if attempts++; attempts == 5 {
			cancel()
		}
		return time.Time{}
	}}, api.DeliveryMediumTypeEmail, &recorder{})
	l.poll = time.Millisecond
	l.run(ctx)
	if lines := strings.Count(log.String(), "\n"); lines != 1 || attempts < 5 {
		t.Errorf("%d lines after %d attempts:\n%s", lines, attempts, &log)
	}
}
