package limits

import (
	"runtime"
	"sync/atomic"
)

// waitingPerCore is how many computations may wait for a core. One takes about
// a millisecond, so nobody waits much longer than a second for nothing.
const waitingPerCore = 1000

// Cores lets as many goroutines compute at a time as there are cores, the others
// wait in line (S174). Work on passwords and signatures goes through it, so that a
// burst of sign-ins delays reads by one computation at most and not by all of
// them. Who lets strangers in asks Full first, so that the line stays short. The
// zero value bounds nothing.
type Cores struct{ line *line }

type line struct {
	slots   chan struct{}
	waiting atomic.Int64

	long        chan struct{} // places of DoLong
	waitingLong atomic.Int64
}

// NewCores makes a bound for this machine.
func NewCores() Cores { return newCores(runtime.GOMAXPROCS(0)) }

func newCores(n int) Cores {
	return Cores{&line{slots: make(chan struct{}, n), long: make(chan struct{}, max(1, n/2))}}
}

// Do runs f when its turn comes. Nothing that waits for something else, a
// database for instance, belongs into f.
func (c Cores) Do(f func()) {
	if c.line != nil {
		c.line.waiting.Add(1)
		c.line.slots <- struct{}{}
		c.line.waiting.Add(-1)
		defer func() { <-c.line.slots }()
	}
	f()
}

// Full reports whether so much work is waiting that no more should be taken on.
func (c Cores) Full() bool {
	return c.line != nil && c.line.waiting.Load() >= int64(waitingPerCore*cap(c.line.slots))
}

// waitingLongPerPlace is how many long computations may wait for a place. One takes
// a quarter of a second mostly, and a second at worst.
const waitingLongPerPlace = 20

// DoLong runs f, which computes for many times as long as others, when its turn comes.
// Such work has a line of its own and half of the cores at most: in the line of Do a
// handful of it would hold up every sign-in and token. Where too much is waiting
// already the error is ErrTooMany, and f was not run.
func (c Cores) DoLong(f func()) error {
	if c.line == nil {
		f()
		return nil
	}
	if c.line.waitingLong.Add(1) > int64(waitingLongPerPlace*cap(c.line.long)) {
		c.line.waitingLong.Add(-1)
		return ErrTooMany()
	}
	c.line.long <- struct{}{}
	c.line.waitingLong.Add(-1)
	defer func() { <-c.line.long }()
	f()
	return nil
}
