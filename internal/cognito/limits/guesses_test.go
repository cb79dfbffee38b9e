package limits

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cognate/internal/api"
)

func TestS051CountersOfGuessesLeak(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g := &Guesses{Now: func() time.Time { return now }, PerSource: 60}
	fill := func() (n int) {
		for g.Check(t.Context(), "pool", "192.0.2.1") == nil {
			g.Failed(t.Context(), "pool", "192.0.2.1")
			n++
		}
		return n
	}
	if n := fill(); n != 60 {
		t.Errorf("%d failures passed at once, want 60", n)
	}
	now = now.Add(10 * time.Minute)
	if n := fill(); n != 10 {
		t.Errorf("%d failures passed after ten minutes, want 10", n)
	}
	now = now.Add(100 * time.Hour)
	if n := fill(); n != 60 {
		t.Errorf("%d failures passed after days, want 60", n)
	}
	for _, other := range []guesser{{"pool", "192.0.2.2"}, {"other", "192.0.2.1"}, {"pool", ""}} {
		if err := g.Check(t.Context(), other.poolID, other.source); err != nil {
			t.Errorf("%v: %v", other, err)
		}
	}
}

// However many networks guess, the memory for them is bounded, and those that
// go on guessing are counted all the same.
func TestS051GuessesHaveBoundedMemory(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g := &Guesses{Now: func() time.Time { return now }, PerSource: 5}
	for i := range maxGuessers + 1000 {
		g.Failed(t.Context(), "pool", fmt.Sprint(i))
		if len(g.leaks) > maxGuessers {
			t.Fatalf("%d counters after %d networks", len(g.leaks), i+1)
		}
	}
	for range 5 {
		g.Failed(t.Context(), "pool", "192.0.2.1")
	}
	if err := g.Check(t.Context(), "pool", "192.0.2.1"); !api.HasCode(err, "TooManyRequestsException") {
		t.Errorf("got %v", err)
	}
	now = now.Add(time.Hour) // all have leaked away by now
	g.Failed(t.Context(), "pool", "one more")
	if len(g.leaks) > 2 {
		t.Errorf("%d counters are left after an hour", len(g.leaks))
	}
}

func TestSourcesAreNetworks(t *testing.T) {
	t.Parallel()
	for ip, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "10.0.0.1": "10.0.0.1",
		"2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "2001:db8:1:2::": "2001:db8:1:2::/64", "2001:db8:1:3::": "2001:db8:1:3::/64",
		"127.0.0.1": "", "127.9.9.9": "", "::1": "", "": "", "unknown": "", "::ffff:127.0.0.1": "",
	} {
		ctx := api.WithRequest(context.Background(), &api.RequestInfo{SourceIP: ip})
		if got := Source(ctx); got != want {
			t.Errorf("%s: %q, want %q", ip, got, want)
		}
	}
}

// Codes as ITU-T lists them.
func TestCallingCodes(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"+12065550100": "1", "+79161234567": "7", "+4915200000000": "49", "+442071234567": "44", "+351211234567": "351",
		"+201001234567": "20", "+211912345678": "211", "+8613912345678": "86", "+85251234567": "852", "+97225551234": "972",
		"12065550100": "", "+1": "", "": "", "ana@example.com": "",
	} {
		if got := callingCode(number); got != want {
			t.Errorf("%s: %q, want %q", number, got, want)
		}
	}
}
