package limits

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
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
