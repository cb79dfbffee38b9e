package importfiles

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
	"cognate/internal/store/pgtest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const poolID = "us-east-1_AbCdEf123"

// world is a database with one job in its pool.
type world struct {
	*Uploads
	now time.Time
	job *store.ImportJob
}

func onEach(t *testing.T, test func(t *testing.T, w *world)) {
	t.Parallel()
	for _, engine := range []string{"memory", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			test(t, newWorld(t, engine))
		})
	}
}

func newWorld(t *testing.T, engine string) *world {
	t.Helper()
	w := &world{now: noon}
	now := func() time.Time { return w.now }
	cfg := store.Config{Now: now, MasterKey: make([]byte, store.MasterKeySize), Memory: engine == "memory"}
	if engine == "postgres" {
		cfg.URL, cfg.Schema = pgtest.Schema(t)
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
	w.Uploads = &Uploads{DB: db, Now: now, Key: []byte("key"), PublicURL: "https://id.example.com"}
	w.job = &store.ImportJob{PoolID: poolID, ID: "import-a", CreatedAt: noon, Status: api.UserImportJobStatusTypeCreated}
	w.change(t, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertPool(ctx, &store.Pool{ID: poolID, Region: "us-east-1", Name: "shop"}, nil); err != nil {
			return err
		}
		return tx.InsertImportJob(ctx, w.job)
	})
	return w
}

func (w *world) change(t *testing.T, body func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	_, err := store.Write(t.Context(), w.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) { return struct{}{}, body(ctx, tx) })
	if err != nil {
		t.Fatal(err)
	}
}

// current is the job as it is now.
func (w *world) current(t *testing.T) *store.ImportJob {
	t.Helper()
	j, err := store.Read(t.Context(), w.DB, func(ctx context.Context, tx *store.Tx) (*store.ImportJob, error) {
		return tx.ImportJob(ctx, poolID, w.job.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func (w *world) receive(t *testing.T, content string) {
	t.Helper()
	if err := w.Receive(t.Context(), poolID, w.job.ID, iotest.HalfReader(strings.NewReader(content))); err != nil {
		t.Fatal(err)
	}
}

func TestFilesComeBackAsTheyCame(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		long := strings.Repeat("0123456789\n", pieceSize/4) // almost three pieces
		for _, test := range []struct {
			content string
			lines   int64
		}{
			{"", 0}, {"a", 1}, {"a\n", 1}, {"a\nb", 2}, {"\n\n", 2}, {long, pieceSize / 4}, {long[:2*pieceSize], 2*pieceSize/11 + 1},
		} {
			w.receive(t, test.content)
			j := w.current(t)
			if j.Details.Size != int64(len(test.content)) || j.Details.Lines != test.lines {
				t.Errorf("%d bytes in %d lines, want %d in %d", j.Details.Size, j.Details.Lines, len(test.content), test.lines)
			}
			for _, offset := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, len(test.content)} {
				if offset > len(test.content) {
					continue
				}
				got, err := io.ReadAll(Reader(t.Context(), w.DB, j, int64(offset)))
				if err != nil || !bytes.Equal(got, []byte(test.content[offset:])) {
					t.Errorf("%d bytes from %d on came back as %d, %v", len(test.content), offset, len(got), err)
				}
			}
		}
	})
}

// An upload that is cut off, or too large, leaves the file that was there before.
func TestUploadsCountWhenTheyAreComplete(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		w.receive(t, "first")
		w.MaxFile = 1 << 20
		long := strings.Repeat("x", 3*pieceSize+1)
		cut := errors.New("cut off")
		if err := w.Receive(t.Context(), poolID, w.job.ID, io.MultiReader(strings.NewReader(long), iotest.ErrReader(cut))); !errors.Is(err, cut) {
			t.Errorf("a body that was cut off: %v", err)
		}
		// This is how net/http tells that a client has gone before the end of its body.
		gone := io.MultiReader(strings.NewReader("half a fi"), iotest.ErrReader(io.ErrUnexpectedEOF))
		if err := w.Receive(t.Context(), poolID, w.job.ID, gone); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a body whose client has gone: %v", err)
		}
		if err := w.Receive(t.Context(), poolID, w.job.ID, strings.NewReader(strings.Repeat("x", 1<<20+1))); !errors.Is(err, ErrTooLarge) {
			t.Errorf("a large body: %v", err)
		}
		if err := w.Receive(t.Context(), poolID, "import-b", strings.NewReader("x")); !api.HasCode(err, "ResourceNotFoundException") {
			t.Errorf("another job: %v", err)
		}
		j := w.current(t)
		if got, err := io.ReadAll(Reader(t.Context(), w.DB, j, 0)); err != nil || string(got) != "first" {
			t.Errorf("the file is %q, %v", got, err)
		}
		w.receive(t, strings.Repeat("x", 1<<20))
		if _, err := io.ReadAll(Reader(t.Context(), w.DB, j, 0)); err == nil {
			t.Error("the file before is still there")
		}
		j = w.current(t)
		if err := Drop(t.Context(), w.DB, j, j.Details.Upload); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(Reader(t.Context(), w.DB, j, 0)); err == nil {
			t.Error("the file is there after it was dropped")
		}
		w.change(t, func(ctx context.Context, tx *store.Tx) error {
			j.Status = api.UserImportJobStatusTypePending
			return tx.SaveImportJob(ctx, j)
		})
		if err := w.Receive(t.Context(), poolID, w.job.ID, strings.NewReader("x")); !errors.Is(err, ErrStarted) {
			t.Errorf("a job that was started: %v", err)
		}
	})
}

func TestAddressesAreGoodForAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "memory")
	address, err := url.Parse(w.URL(w.job))
	if err != nil {
		t.Fatal(err)
	}
	if address.Host != "id.example.com" || address.Path != "/_cognate/imports/"+poolID+"/import-a" {
		t.Errorf("address %s", address)
	}
	query := address.Query()
	check := func(pool, job string, q url.Values, want error) {
		t.Helper()
		if err := w.Check(pool, job, q); !errors.Is(err, want) {
			t.Errorf("%s %s %v: %v, want %v", pool, job, q, err, want)
		}
	}
	with := func(name, value string) url.Values {
		q := url.Values{"expires": query["expires"], "signature": query["signature"]}
		q.Set(name, value)
		return q
	}
	check(poolID, "import-a", query, nil)
	check(poolID, "import-b", query, ErrSignature)
	check("us-east-1_Other1234", "import-a", query, ErrSignature)
	check(poolID, "import-a", with("expires", "99999999999"), ErrSignature)
	check(poolID, "import-a", with("expires", "soon"), ErrSignature)
	check(poolID, "import-a", with("signature", ""), ErrSignature)
	check(poolID, "import-a", with("signature", query.Get("signature")[2:]), ErrSignature)
	check(poolID, "import-a", with("signature", "zz"), ErrSignature)
	check(poolID, "import-a", url.Values{}, ErrSignature)
	w.now = noon.Add(15*time.Minute - time.Second)
	check(poolID, "import-a", query, nil)
	w.now = noon.Add(15 * time.Minute)
	check(poolID, "import-a", query, ErrExpired)
	check(poolID, "import-b", query, ErrSignature)
	other := &Uploads{Now: w.Now, Key: []byte("other"), PublicURL: w.PublicURL}
	if err := other.Check(poolID, "import-a", query); !errors.Is(err, ErrSignature) {
		t.Errorf("under another key: %v", err)
	}
}
