package imports

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
	"cognate/internal/cognito/importfiles"
	"cognate/internal/store"
)

func onEach(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	for _, engine := range []string{"memory", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, engine, plainPool()))
		})
	}
}

// line is the record of one person; other cells than the needed ones are empty.
func line(name string) string {
	return ",,,,,,,,," + name + "@example.com,TRUE,,,,,,,,,FALSE," + name + ",\n"
}

func wantJob(t *testing.T, got *api.UserImportJobType, status api.UserImportJobStatusType, imported, skipped, failed int64, message string) {
	t.Helper()
	type summary struct {
		Status                    api.UserImportJobStatusType
		Imported, Skipped, Failed int64
		Message                   string
	}
	want := summary{status, imported, skipped, failed, message}
	if diff := cmp.Diff(want, summary{got.Status, got.ImportedUsers, got.SkippedUsers, got.FailedUsers, got.CompletionMessage}); diff != "" {
		t.Errorf("job (-want +got):\n%s", diff)
	}
}

func (w *world) users(t testing.TB) int64 {
	t.Helper()
	n, err := store.Read(t.Context(), w.DB, func(ctx context.Context, tx *store.Tx) (int64, error) { return tx.CountUsers(ctx, poolID) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTheLogHasALineForEachRecord(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		file := header() + line("ana") + "\n  \t\n" + line("bea") + line("ana") + strings.ReplaceAll(line("eve"), "TRUE", "FALSE") +
			strings.Repeat("x", 20_000) + "\n" + strings.TrimSuffix(line("zoe"), "\n")
		id := w.begin(t, "", strings.NewReader(file))
		w.work(t, w.Runner)
		wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeSucceeded, 3, 1, 2, "Import Job Completed Successfully.")
		want := []string{
			"[SUCCEEDED] Line Number 2 - The import succeeded.",
			"[SUCCEEDED] Line Number 5 - The import succeeded.",
			"[SKIPPED] Line Number 6 - The user already exists.",
			"[FAILED] Line Number 7 - The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true).",
			"[FAILED] Line Number 8 - The row is longer than 16000 characters.",
			"[SUCCEEDED] Line Number 9 - The import succeeded.",
		}
		w.lines.refuse = id
		if err := w.Runner.DeliverLogs(t.Context()); err != nil || len(w.lines.texts) != 0 {
			t.Fatalf("%v, %v", err, w.lines.texts)
		}
		w.lines.refuse = ""
		if err := w.Runner.DeliverLogs(t.Context()); err != nil || len(w.lines.texts) != 0 {
			t.Errorf("tried again at once: %v, %v", err, w.lines.texts)
		}
		w.advance(logLease)
		for range 2 { // the second time there is nothing left
			if err := w.Runner.DeliverLogs(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, w.lines.texts); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		wantStream := Stream{
			PoolID: poolID, JobID: id, Name: id, Group: "/aws/cognito/userpools/" + poolID + "/shop", RoleARN: "arn:aws:iam::123456789012:role/logs",
		}
		if diff := cmp.Diff(wantStream, w.lines.stream); diff != "" {
			t.Errorf("stream (-want +got):\n%s", diff)
		}
	})
}

func TestFilesThatCannotBeReadFailTheJob(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ file, message string }{
		"empty":        {"", "The file is empty."},
		"long header":  {strings.Repeat("x", 100_000), "The header is too long."},
		"wrong header": {"name\nAna\n", "The header does not have the column given_name."},
		"too many":     {header() + strings.Repeat(line("ana"), 4), "The file has more than 3 records."},
		"nobody":       {header() + strings.ReplaceAll(line("ana"), "TRUE", ""), "Too many users have failed or been skipped during the import."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "memory", plainPool())
			w.Runner.MaxRows = 3
			id := w.begin(t, "", strings.NewReader(test.file))
			w.work(t, w.Runner)
			failed := int64(0)
			if name == "nobody" {
				failed = 1
			}
			wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeFailed, 0, 0, failed, test.message)
			if n := w.users(t); n != 0 {
				t.Errorf("%d users", n)
			}
			// The way is free for the next.
			id = w.begin(t, "", strings.NewReader(header()+line("ana")))
			w.work(t, w.Runner)
			wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeSucceeded, 1, 0, 0, messageSucceeded)
		})
	}
}

func TestGroupsAreNamedAsGroupsMayBe(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"shop": "shop", "My shop, 2": "My_shop__2", "a+b=c@d": "a_b_c_d", "User pool - x.y": "User_pool_-_x.y", "caf\u00e9": "caf_",
	} {
		if got := groupOf("eu-west-1_a", name); got != "/aws/cognito/userpools/eu-west-1_a/"+want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// crowd is a file of n people; the last line ends without a line feed.
func crowd(n int) string {
	var b strings.Builder
	b.WriteString(header())
	for i := range n {
		b.WriteString(line(fmt.Sprintf("user%d", i)))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// oneBatch does what a node does until it dies after the first batch.
func (w *world) oneBatch(t *testing.T, r *Runner) *store.ImportJob {
	t.Helper()
	job, err := r.take(t.Context())
	if err != nil || job == nil {
		t.Fatalf("take: %v, %v", job, err)
	}
	reader, reason, err := r.open(t.Context(), job)
	if err != nil || reason != "" {
		t.Fatal(err, reason)
	}
	b, err := reader.read(longBatch)
	if err != nil {
		t.Fatal(err)
	}
	if mine, err := r.write(t.Context(), job, b); err != nil || !mine {
		t.Fatalf("write: %v, %v", mine, err)
	}
	return job
}

// A node that dies leaves the job where its last transaction was; another goes on
// there once the lease has ended, and neither repeats nor leaves out a record. The
// dead one, should it live after all, writes nothing any more.
func TestAnotherNodeGoesOnWhereOneDied(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		const people = 3 * longBatch
		id := w.begin(t, "", strings.NewReader(crowd(people)))
		first, second := w.runner(), w.runner()
		job := w.oneBatch(t, first)
		if n := w.users(t); n != longBatch {
			t.Fatalf("%d users after one batch", n)
		}
		w.work(t, second)
		if got := w.describe(t, id); got.Status != api.UserImportJobStatusTypeInProgress || got.ImportedUsers != longBatch {
			t.Fatalf("a job was taken from a node that has it: %+v", got)
		}
		reader, _, err := first.open(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		b, err := reader.read(longBatch) // the first node falls asleep here
		if err != nil {
			t.Fatal(err)
		}
		w.advance(leaseTime)
		w.oneBatch(t, second)
		if mine, err := first.write(t.Context(), job, b); mine || err != nil {
			t.Errorf("the first node wrote: %v, %v", mine, err)
		}
		w.work(t, second)
		wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeSucceeded, people, 0, 0, messageSucceeded)
		if n := w.users(t); n != people {
			t.Errorf("%d users", n)
		}
		if err := second.DeliverLogs(t.Context()); err != nil {
			t.Fatal(err)
		}
		lines := slices.Compact(slices.Sorted(slices.Values(w.lines.texts)))
		if len(w.lines.texts) != people || len(lines) != people {
			t.Errorf("%d lines, %d different ones", len(w.lines.texts), len(lines))
		}
	})
}

// A batch whose commit was not heard of is not written twice by the node that tries
// it again: the job is further than the batch begins.
func TestABatchIsWrittenOnce(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		const people = 10
		id := w.begin(t, "", strings.NewReader(crowd(people)))
		r := w.runner()
		job, err := r.take(t.Context())
		if err != nil || job == nil {
			t.Fatalf("take: %v, %v", job, err)
		}
		before := *job
		reader, _, err := r.open(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		b, err := reader.read(people)
		if err != nil {
			t.Fatal(err)
		}
		if mine, err := r.write(t.Context(), job, b); err != nil || !mine {
			t.Fatalf("write: %v, %v", mine, err)
		}
		if mine, err := r.write(t.Context(), &before, b); err != nil || mine {
			t.Errorf("the same batch again: %v, %v", mine, err)
		}
		w.work(t, r)
		wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeSucceeded, people, 0, 0, messageSucceeded)
	})
}

// A process that ends in good order gives the job back at once, and one that is
// alone on its database waits for nobody.
func TestLeasesEndWithTheirProcess(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		id := w.begin(t, "", strings.NewReader(crowd(2*longBatch)))
		first := w.runner()
		w.oneBatch(t, first)
		if err := first.void(t.Context(), first.owner); err != nil {
			t.Fatal(err)
		}
		w.oneBatch(t, w.runner()) // dies
		alone := w.runner()
		alone.Alone = true
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- alone.Run(ctx) }()
		for w.describe(t, id).Status == api.UserImportJobStatusTypeInProgress {
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeSucceeded, 2*longBatch, 0, 0, messageSucceeded)
	})
}

func TestAJobStopsBetweenBatches(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		id := w.begin(t, "", strings.NewReader(crowd(3*longBatch)))
		stop := func() error {
			_, err := w.StopUserImportJob(t.Context(), &api.StopUserImportJobRequest{UserPoolId: poolID, JobId: id})
			return err
		}
		r := w.runner()
		w.oneBatch(t, r)
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		if got := w.describe(t, id); got.Status != api.UserImportJobStatusTypeStopping {
			t.Errorf("job is %s", got.Status)
		}
		if err := stop(); !api.HasCode(err, "PreconditionNotMetException") {
			t.Errorf("stopped twice: %v", err)
		}
		w.work(t, r)
		wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeStopped, longBatch, 0, 0, "The job was stopped by the developer.")
		if n := w.users(t); n != longBatch {
			t.Errorf("%d users", n)
		}
		if _, err := w.StartUserImportJob(t.Context(), &api.StartUserImportJobRequest{UserPoolId: poolID, JobId: id}); !api.HasCode(err, "PreconditionNotMetException") {
			t.Errorf("a stopped job was started: %v", err)
		}

		id = w.begin(t, "", strings.NewReader(crowd(1))) // before any node has it
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		w.work(t, r)
		wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeStopped, 0, 0, 0, messageStopped)
	})
}

func TestOneJobRunsAtATime(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		first := w.begin(t, "", strings.NewReader(crowd(1)))
		made, err := w.CreateUserImportJob(t.Context(), &api.CreateUserImportJobRequest{
			UserPoolId: poolID, JobName: "two", CloudWatchLogsRoleArn: "arn:aws:iam::123456789012:role/logs",
		})
		if err != nil {
			t.Fatal(err)
		}
		second := made.UserImportJob.JobId
		if err := w.Uploads.Receive(t.Context(), poolID, second, strings.NewReader(crowd(2))); err != nil {
			t.Fatal(err)
		}
		start := func() error {
			_, err := w.StartUserImportJob(t.Context(), &api.StartUserImportJobRequest{UserPoolId: poolID, JobId: second})
			return err
		}
		if err := start(); !api.HasCode(err, "PreconditionNotMetException") {
			t.Errorf("two jobs run: %v", err)
		}
		w.work(t, w.Runner)
		if err := start(); err != nil {
			t.Fatal(err)
		}
		w.work(t, w.Runner)
		wantJob(t, w.describe(t, first), api.UserImportJobStatusTypeSucceeded, 1, 0, 0, messageSucceeded)
		wantJob(t, w.describe(t, second), api.UserImportJobStatusTypeSucceeded, 1, 1, 0, messageSucceeded)
	})
}

// A job whose file is broken is given up after some tries, and does not stand in
// the way of others for ever.
func TestAJobThatCannotGoOnIsGivenUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory", plainPool())
	id := w.begin(t, "", strings.NewReader(crowd(10_000)))
	change(t, w.DB, func(ctx context.Context, tx *store.Tx) error {
		job, err := tx.ImportJob(ctx, poolID, id)
		if err != nil {
			return err
		}
		job.Details.Size += 1 << 20 // of which there are no pieces
		return tx.SaveImportJob(ctx, job)
	})
	for try := range giveUpAfter {
		if got := w.describe(t, id).Status; try > 0 && got != api.UserImportJobStatusTypeInProgress {
			t.Fatalf("after %d tries the job is %s", try, got)
		}
		if err := w.Runner.Work(t.Context()); err == nil {
			t.Fatal("a broken file was read to its end")
		}
	}
	got := w.describe(t, id)
	if got.Status != api.UserImportJobStatusTypeFailed || got.CompletionMessage != "The job failed because of an internal error." || got.ImportedUsers == 0 {
		t.Errorf("job %+v", got)
	}
	id = w.begin(t, "", strings.NewReader(header()+line("another")))
	w.work(t, w.Runner)
	wantJob(t, w.describe(t, id), api.UserImportJobStatusTypeSucceeded, 1, 0, 0, messageSucceeded)
}

func TestJobsThatNobodyStartsExpire(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory", plainPool())
	made, err := w.CreateUserImportJob(t.Context(), &api.CreateUserImportJobRequest{
		UserPoolId: poolID, JobName: "late", CloudWatchLogsRoleArn: "arn:aws:iam::123456789012:role/logs",
	})
	if err != nil {
		t.Fatal(err)
	}
	id := made.UserImportJob.JobId
	if err := w.Uploads.Receive(t.Context(), poolID, id, strings.NewReader(crowd(2))); err != nil {
		t.Fatal(err)
	}
	w.advance(startWithin - time.Millisecond)
	w.work(t, w.Runner)
	if got := w.describe(t, id).Status; got != api.UserImportJobStatusTypeCreated {
		t.Errorf("job is %s", got)
	}
	w.advance(time.Millisecond)
	w.work(t, w.Runner)
	stored, err := store.Read(t.Context(), w.DB, func(ctx context.Context, tx *store.Tx) (*store.ImportJob, error) {
		return tx.ImportJob(ctx, poolID, id)
	})
	if err != nil || stored.Status != api.UserImportJobStatusTypeExpired {
		t.Fatalf("%+v, %v", stored, err)
	}
	if _, err := store.Read(t.Context(), w.DB, func(ctx context.Context, tx *store.Tx) ([]byte, error) { return tx.ImportPiece(ctx, stored, 0) }); err == nil {
		t.Error("the file is still there")
	}
	if err := w.Uploads.Receive(t.Context(), poolID, id, strings.NewReader("x")); !errors.Is(err, importfiles.ErrStarted) {
		t.Errorf("an expired job takes a file: %v", err)
	}
}

func TestPoolsHaveAThousandJobs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory", plainPool())
	change(t, w.DB, func(ctx context.Context, tx *store.Tx) error {
		for i := range maxJobs - 1 {
			if err := tx.InsertImportJob(ctx, &store.ImportJob{PoolID: poolID, ID: fmt.Sprintf("import-%d", i), Status: api.UserImportJobStatusTypeFailed}); err != nil {
				return err
			}
		}
		return nil
	})
	in := &api.CreateUserImportJobRequest{UserPoolId: poolID, JobName: "one more", CloudWatchLogsRoleArn: "arn:aws:iam::123456789012:role/logs"}
	if _, err := w.CreateUserImportJob(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	if _, err := w.CreateUserImportJob(t.Context(), in); !api.HasCode(err, "LimitExceededException") {
		t.Errorf("got %v", err)
	}
}

// A log that is not taken keeps its order, and others do not wait for it.
func TestALogThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory", plainPool())
	first := w.begin(t, "", strings.NewReader(crowd(3*shortBatch)))
	w.work(t, w.Runner)
	w.advance(time.Second)
	second := w.begin(t, "", strings.NewReader(header()+line("ana")))
	w.work(t, w.Runner)
	w.lines.refuse = first
	if err := w.Runner.DeliverLogs(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(w.lines.texts) != 1 || w.lines.stream.JobID != second || w.lines.refused != 1 {
		t.Errorf("%d lines came, the last of %s; %d times was a log refused", len(w.lines.texts), w.lines.stream.JobID, w.lines.refused)
	}
	w.lines.refuse, w.lines.texts = "", nil
	w.advance(logLease)
	if err := w.Runner.DeliverLogs(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, text := range w.lines.texts {
		if want := fmt.Sprintf("[SUCCEEDED] Line Number %d - The import succeeded.", i+2); text != want {
			t.Fatalf("line %q, want %q", text, want)
		}
	}
	if len(w.lines.texts) != 3*shortBatch {
		t.Errorf("%d lines", len(w.lines.texts))
	}
}

// While requests come an import takes little at a time, and a writer that everybody
// waits for is given more only when there have been none for a while.
func TestBatchesGrowWhenNobodyComes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory", plainPool())
	var served int64
	for _, alone := range []bool{true, false} {
		r := w.runner()
		r.Alone, r.Served = alone, func() int64 { return served }
		want := func(when string, rows int) {
			t.Helper()
			if got := r.batchRows(r.busy()); got != rows {
				t.Errorf("alone %t, %s: %d rows, want %d", alone, when, got, rows)
			}
		}
		served++
		want("a request came", politeBatch)
		if alone {
			want("none since", shortBatch)
			w.advance(calm - time.Millisecond)
			want("not for long", shortBatch)
			w.advance(time.Millisecond)
		}
		want("calm", longBatch)
		served++
		want("another request", politeBatch)
	}
}
