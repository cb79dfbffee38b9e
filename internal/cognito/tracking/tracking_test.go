package tracking

import (
	"context"
	"strings"
	"testing"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
	"cognate/internal/store/storetest"
)

func TestDevicesAreDescribed(t *testing.T) {
	t.Parallel()
	const safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15"
	for agent, want := range map[string]string{
		"": "unknown",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0": "Firefox 140 / Linux x86_64",
		safari:       "Safari 17 / macOS 10.15.7",
		"curl/8.9.1": "curl 8",
	} {
		if got := Describe(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
	for _, agent := range []string{strings.Repeat("ü", 5000), "\x00\x01\x1b[2J", "Mozilla/5.0 (\xff\xfe)", strings.Repeat("Mozilla/5.0 (;", 1000)} {
		got := Describe(agent)
		if got == "" || len(got) > maxDevice || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' }) || strings.ToValidUTF8(got, "") != got {
			t.Errorf("%.20q is described as %.40q", agent, got)
		}
	}
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func tracked() *directory.Pool {
	p := &directory.Pool{}
	p.ID, p.Settings.Sessions.Tracked = "us-east-1_AbCdEf123", true
	return p
}

// newTracker is a tracker over a database with one user, whose families f1 and
// f2 are tracked.
func newTracker(t *testing.T, now *time.Time) *Tracker {
	t.Helper()
	db := storetest.Open(t, func() time.Time { return *now })
	tracker := &Tracker{DB: db, Now: func() time.Time { return *now }}
	pool := tracked()
	_, err := store.Write(t.Context(), db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if err := tx.InsertPool(ctx, &store.Pool{ID: pool.ID, Region: "us-east-1", CreatedAt: noon, ModifiedAt: noon}, nil); err != nil {
			return struct{}{}, err
		}
		user := &store.User{PoolID: pool.ID, Sub: "s1", Username: "ana", Status: api.UserStatusTypeConfirmed, Enabled: true, CreatedAt: noon, ModifiedAt: noon}
		if err := tx.InsertUser(ctx, user); err != nil {
			return struct{}{}, err
		}
		for i, id := range []string{"f1", "f2"} {
			f := newFamily(id)
			f.CreatedAt = noon.Add(time.Duration(i) * time.Second)
			if err := tx.InsertFamily(ctx, f, nil); err != nil {
				return struct{}{}, err
			}
			if err := tracker.Begin(ctx, tx, pool, f); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return tracker
}

func newFamily(id string) *store.Family {
	return &store.Family{
		PoolID: "us-east-1_AbCdEf123", ID: id, Sub: "s1", ClientID: "c1", EventID: id,
		CreatedAt: noon, AuthAt: noon, ExpiresAt: noon.Add(time.Hour),
	}
}

// first is the family of the most recently used session, as tracker sees it.
func first(t *testing.T, tracker *Tracker) *store.UserSession {
	t.Helper()
	list, err := store.Read(t.Context(), tracker.DB, func(ctx context.Context, tx *store.Tx) ([]*store.UserSession, error) {
		return tracker.List(ctx, tx, tracked(), "s1")
	})
	if err != nil || len(list) != 2 {
		t.Fatalf("listed %v, %v", list, err)
	}
	return list[0]
}

// A use counts at once on its node, and everywhere when it is written.
func TestUsesAreWrittenLater(t *testing.T) {
	t.Parallel()
	now := noon
	here := newTracker(t, &now)
	elsewhere := &Tracker{DB: here.DB, Now: here.Now}
	if s := first(t, here); s.FamilyID != "f2" || s.Device != Unknown {
		t.Fatalf("the latest sign-in is not first: %+v", s)
	}
	now = noon.Add(time.Minute)
	ctx := api.WithRequest(t.Context(), &api.RequestInfo{SourceIP: "192.0.2.7", UserAgent: "curl/8.9.1"})
	here.Used(ctx, tracked(), newFamily("f1"))
	if s := first(t, here); s.FamilyID != "f1" || !s.ActiveAt.Equal(now) || s.LastIP != "192.0.2.7" || s.Device != "curl 8" {
		t.Errorf("here: %+v", s)
	}
	if s := first(t, elsewhere); s.FamilyID != "f2" {
		t.Errorf("elsewhere before it was written: %+v", s)
	}
	if err := here.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := first(t, elsewhere); s.FamilyID != "f1" || !s.ActiveAt.Equal(now) || s.LastIP != "192.0.2.7" {
		t.Errorf("elsewhere: %+v", s)
	}
	if len(here.pending) != 0 {
		t.Errorf("%d uses are kept after they were written", len(here.pending))
	}
}

func TestUsesThatCannotBeWrittenAreKept(t *testing.T) {
	t.Parallel()
	now := noon
	tracker := newTracker(t, &now)
	now = noon.Add(time.Minute)
	tracker.Used(t.Context(), tracked(), newFamily("f1"))
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := tracker.Flush(ended); err == nil {
		t.Error("written without a context to do it in")
	}
	if len(tracker.pending) != 1 {
		t.Errorf("%d uses are left", len(tracker.pending))
	}
	// What is left is written when the work ends.
	if err := tracker.Run(ended); err != nil {
		t.Error(err)
	}
	if len(tracker.pending) != 0 {
		t.Errorf("%d uses are left at the end", len(tracker.pending))
	}
}

func TestNothingIsNotedWithoutTracking(t *testing.T) {
	t.Parallel()
	tracker := &Tracker{Now: func() time.Time { return noon }}
	tracker.Used(t.Context(), &directory.Pool{}, newFamily("f1"))
	if err := tracker.Begin(t.Context(), nil, &directory.Pool{}, newFamily("f1")); err != nil || len(tracker.pending) != 0 {
		t.Errorf("%v, %v", err, tracker.pending)
	}
}

// A refresh is activity of the browser's session that the tokens came from, but not
// of the browser itself.
func TestRefreshesAreActivityOfTheBrowsersSession(t *testing.T) {
	t.Parallel()
	now := noon
	here := newTracker(t, &now)
	elsewhere := &Tracker{DB: here.DB, Now: here.Now}
	_, err := store.Write(t.Context(), here.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.InsertSSOSession(ctx, &store.SSOSession{
			PoolID: tracked().ID, ID: "sso1", Digest: []byte("d"), Sub: "s1", ClientID: "c1", Provider: "COGNITO",
			AuthAt: noon, CreatedAt: noon, ActiveAt: noon, ExpiresAt: noon.Add(time.Hour), LastIP: "192.0.2.1", Device: "Firefox",
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	active := func(tracker *Tracker) time.Time {
		t.Helper()
		list, err := store.Read(t.Context(), tracker.DB, func(ctx context.Context, tx *store.Tx) ([]*store.SSOSession, error) {
			return tracker.Browsers(ctx, tx, tracked(), "s1")
		})
		if err != nil || len(list) != 1 || list[0].LastIP != "192.0.2.1" || list[0].Device != "Firefox" {
			t.Fatalf("listed %+v, %v", list, err)
		}
		return list[0].ActiveAt
	}
	now = noon.Add(time.Minute)
	family := newFamily("f1")
	family.SSOID = "sso1"
	here.Used(api.WithRequest(t.Context(), &api.RequestInfo{SourceIP: "192.0.2.7", UserAgent: "curl/8.9.1"}), tracked(), family)
	if got, late := active(here), active(elsewhere); !got.Equal(now) || !late.Equal(noon) {
		t.Errorf("before it was written: here %v, elsewhere %v", got, late)
	}
	if err := here.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := active(elsewhere); !got.Equal(now) {
		t.Errorf("elsewhere: %v", got)
	}
}
