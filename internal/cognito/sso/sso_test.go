package sso

import (
	"strings"
	"testing"
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Cookies of another length, alphabet or padding never reach the database.
func TestS006HandlesHaveOneForm(t *testing.T) {
	t.Parallel()
	s := Sessions{Now: time.Now}
	_, good := s.New(t.Context(), &directory.Client{Pool: &directory.Pool{}}, "sub", LocalProvider, nil)
	for handle, want := range map[string]bool{
		good: true, "": false, good[1:]: false, good + "A": false, good + "=": false, good[:42] + "*": false,
		strings.Repeat("A", 42) + "B": false, // bits that no 32 bytes leave over
	} {
		if wellFormed(handle) != want {
			t.Errorf("%q passes: %v", handle, !want)
		}
	}
}

// newest-features.md §4.3: a client of a pool that tracks sessions may have a time
// of its own; without tracking it is an hour for all.
func TestReuseCountsFromTheLastSignIn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	minutes := func(n int32) *int32 { return &n }
	for _, c := range []struct {
		tracked bool
		minutes *int32
		age     time.Duration
		want    bool
	}{
		{false, nil, 59 * time.Minute, true},
		{false, nil, time.Hour, false},
		{false, minutes(90), 61 * time.Minute, false},
		{true, nil, 59 * time.Minute, true},
		{true, minutes(90), 89 * time.Minute, true},
		{true, minutes(90), 90 * time.Minute, false},
		{true, minutes(0), 0, false},
	} {
		s := Sessions{Now: func() time.Time { return at.Add(c.age) }}
		client := &directory.Client{
			Client: store.Client{SSOMinutes: c.minutes},
			Pool:   &directory.Pool{Pool: store.Pool{Settings: store.PoolSettings{Sessions: store.PoolSessions{Tracked: c.tracked}}}},
		}
		if got := s.Reusable(&Session{SSOSession: &store.SSOSession{AuthAt: at}}, client); got != c.want {
			t.Errorf("tracked %v, minutes %v, age %v: %v", c.tracked, c.minutes, c.age, got)
		}
	}
}
