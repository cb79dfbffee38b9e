package limits

import "runtime"

// Cores lets as many goroutines compute at a time as there are cores, the others
// wait in line (S174). Work on passwords and signatures goes through it, so that a
// burst of sign-ins delays reads by one computation at most and not by all of
// them. The nil value bounds nothing.
type Cores chan struct{}

// NewCores makes a bound for this machine.
func NewCores() Cores { return make(Cores, runtime.GOMAXPROCS(0)) }

// Do runs f when its turn comes. Nothing that waits for something else, a
// database for instance, belongs into f.
func (c Cores) Do(f func()) {
	if c != nil {
		c <- struct{}{}
		defer func() { <-c }()
	}
	f()
}
