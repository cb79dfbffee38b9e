package imports

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/importfiles"
	"cognate/internal/cognito/paging"
	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const poolID = "us-east-1_AbCdEf123"

// world is a database with a pool, and what runs imports into it.
type world struct {
	*Operations
	lines *recorder
	clock atomic.Int64 // milliseconds after noon
}

// recorder is a Log that keeps what it is given, but nothing of a job that it is
// told to refuse.
type recorder struct {
	mu      sync.Mutex
	refuse  string
	refused int
	stream  Stream
	texts   []string
}

func (r *recorder) Append(_ context.Context, s Stream, lines []Line) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.JobID == r.refuse {
		r.refused++
		return errors.New("no such group")
	}
	r.stream = s
	for _, l := range lines {
		r.texts = append(r.texts, l.Text)
	}
	return nil
}

func plainPool() api.UserPoolType {
	return api.UserPoolType{
		AutoVerifiedAttributes: []api.VerifiedAttributeType{api.VerifiedAttributeTypeEmail}, SchemaAttributes: attributes.Standard(),
		MfaConfiguration: api.UserPoolMfaTypeOff,
	}
}

// newWorld opens a database of an engine: "memory", "sqlite" or "postgres".
func newWorld(t testing.TB, engine string, pool api.UserPoolType) *world {
	t.Helper()
	w := &world{lines: &recorder{}}
	now := func() time.Time { return noon.Add(time.Duration(w.clock.Load()) * time.Millisecond) }
	cfg := store.Config{Now: now, MasterKey: make([]byte, store.MasterKeySize)}
	switch engine {
	case "sqlite":
		cfg.Path = t.TempDir()
	case "postgres":
		cfg.URL, cfg.Schema = pgtest.Schema(t)
	default:
		cfg.Memory = true
	}
	db, err := store.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	change(t, db, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertPool(ctx, &store.Pool{ID: poolID, Region: "us-east-1", Name: "shop", Settings: store.PoolSettings{Pool: pool}}, nil)
	})
	w.Operations = &Operations{
		DB: db, Directory: directory.New(db, now), Now: now, Paging: paging.Paging{Key: make([]byte, 32)},
		Uploads: &importfiles.Uploads{DB: db, Now: now, Key: []byte("key"), PublicURL: "http://localhost:7665"},
	}
	w.Runner = w.runner()
	w.Runner.Alone = engine != "postgres"
	return w
}

// runner is one more node.
func (w *world) runner() *Runner {
	return NewRunner(Config{DB: w.DB, Directory: w.Directory, Now: w.Now, Log: slog.New(slog.DiscardHandler), Lines: w.lines})
}

func (w *world) advance(d time.Duration) { w.clock.Add(d.Milliseconds()) }

func change(t testing.TB, db *store.DB, body func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, body(ctx, tx) })
	if err != nil {
		t.Fatal(err)
	}
}

// begin makes a job, gives it a file and starts it.
func (w *world) begin(t testing.TB, algorithm api.PasswordHashingAlgorithmType, file io.Reader) string {
	t.Helper()
	made, err := w.CreateUserImportJob(t.Context(), &api.CreateUserImportJobRequest{
		UserPoolId: poolID, JobName: "move", CloudWatchLogsRoleArn: "arn:aws:iam::123456789012:role/logs", PasswordHashingAlgorithm: algorithm,
	})
	if err != nil {
		t.Fatal(err)
	}
	id := made.UserImportJob.JobId
	if err := w.Uploads.Receive(t.Context(), poolID, id, file); err != nil {
		t.Fatal(err)
	}
	if _, err := w.StartUserImportJob(t.Context(), &api.StartUserImportJobRequest{UserPoolId: poolID, JobId: id}); err != nil {
		t.Fatal(err)
	}
	return id
}

func (w *world) work(t testing.TB, r *Runner) {
	t.Helper()
	if err := r.Work(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (w *world) describe(t testing.TB, id string) *api.UserImportJobType {
	t.Helper()
	out, err := w.DescribeUserImportJob(t.Context(), &api.DescribeUserImportJobRequest{UserPoolId: poolID, JobId: id})
	if err != nil {
		t.Fatal(err)
	}
	return out.UserImportJob
}

// header is that of pools without attributes of their own.
func header() string {
	return strings.Join(standardColumns[:], ",") + ",cognito:mfa_enabled,cognito:username,password_hash\n"
}
