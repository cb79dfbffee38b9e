package access

import (
	"context"
	"testing"
	"time"
)

// What was read before a change is not kept after it.
func TestEntriesThatChangeWhileTheyAreReadAreReadAnew(t *testing.T) {
	t.Parallel()
	var e entries[int]
	now := time.Unix(1, 0)
	reads := 0
	find := func(meanwhile func()) int {
		t.Helper()
		got, found, err := e.find(t.Context(), "ci", now, func(context.Context) (int, bool, error) {
			reads++
			meanwhile()
			return reads, true, nil
		})
		if err != nil || !found {
			t.Fatal(found, err)
		}
		return got
	}
	nothing := func() {}
	if find(e.forget) != 1 || find(nothing) != 2 || find(nothing) != 2 {
		t.Errorf("%d reads, want 2", reads)
	}
	now = now.Add(Freshness)
	if got := find(nothing); got != 3 {
		t.Errorf("read %d after the end of the freshness, want 3", got)
	}
}
