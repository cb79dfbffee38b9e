package server

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestWorkThatFailsNowAndThenDoesNotPauseLongerEachTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// How long the work runs before it fails, and the pause that follows.
		runs := []time.Duration{0, 0, 0, time.Hour, 0, time.Hour}
		want := []int{1, 2, 4, 1, 2, 1}
		var pauses []int // in seconds
		var failed time.Time
		ended := make(chan struct{})
		var g group
		g.open()
		g.start(slog.New(slog.DiscardHandler), "work", func(ctx context.Context) error {
			if !failed.IsZero() {
				pauses = append(pauses, int(time.Since(failed)/time.Second))
			}
			if len(pauses) == len(runs) {
				close(ended)
				<-ctx.Done()
				return nil
			}
			time.Sleep(runs[len(pauses)])
			failed = time.Now()
			return errors.New("broken")
		})
		<-ended
		g.stop()
		if !slices.Equal(pauses, want) {
			t.Errorf("pauses of %d seconds, want %d", pauses, want)
		}
	})
}
