package limits

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"cognate/internal/api"
)

func TestS174TheLineForTheCoresIsBounded(t *testing.T) {
	t.Parallel()
	c := newCores(2)
	release, full := make(chan struct{}), make(chan struct{})
	var running, most atomic.Int64
	var all sync.WaitGroup
	work := func() {
		c.Do(func() {
			n := running.Add(1)
			for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
			}
			<-release
			running.Add(-1)
		})
	}
	if c.Full() {
		t.Error("full at the start")
	}
	for range 2*waitingPerCore + 2 { // two compute, the others wait
		all.Go(work)
	}
	go func() {
		for !c.Full() { // until the last of them has got in line
			runtime.Gosched()
		}
		close(full)
	}()
	<-full
	close(release)
	all.Wait()
	if c.Full() {
		t.Error("full at the end")
	}
	if most.Load() != 2 {
		t.Errorf("%d computed at a time, want 2", most.Load())
	}
	done := false
	Cores{}.Do(func() { done = true })
	if !done || (Cores{}).Full() {
		t.Error("without a bound there is no line")
	}
}

// S172, S174: whoever has imported hashes checked takes no core from the others.
func TestS174LongComputationsHaveALineOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, cores := range []int{1, 2, 8} {
		c := newCores(cores)
		places := int64(max(1, cores/2))
		release := make(chan struct{})
		var running atomic.Int64
		var all sync.WaitGroup
		start := func(n int64) {
			for range n {
				all.Go(func() {
					if err := c.DoLong(func() { running.Add(1); <-release }); err != nil {
						t.Errorf("of %d cores: %v", cores, err)
					}
				})
			}
		}
		start(places)
		for running.Load() < places {
			runtime.Gosched()
		}
		start(places * waitingLongPerPlace)
		for c.line.waitingLong.Load() < places*waitingLongPerPlace {
			runtime.Gosched()
		}
		if err := c.DoLong(func() { t.Error("it was run") }); !api.HasCode(err, "TooManyRequestsException") {
			t.Errorf("of %d cores, one too many: %v", cores, err)
		}
		done := false
		c.Do(func() { done = true })
		if !done || c.Full() {
			t.Errorf("of %d cores none is left for others", cores)
		}
		close(release)
		all.Wait()
		if n := running.Load(); n != places*(1+waitingLongPerPlace) {
			t.Errorf("of %d cores: %d ran", cores, n)
		}
	}
	done := false
	if err := (Cores{}).DoLong(func() { done = true }); err != nil || !done {
		t.Error("without a bound there is a line")
	}
}
