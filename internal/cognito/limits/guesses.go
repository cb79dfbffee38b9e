package limits

import (
	"context"
	"sync"
	"time"

	"cognate/internal/api"
)

const (
	// maxGuessers bounds the memory of a Guesses, to about 10 MB.
	maxGuessers = 100_000
	// sweepEvery is how often a full Guesses looks for what it may forget.
	sweepEvery = time.Minute
	// guardedFailures is what a network may fail while its pool is attacked.
	guardedFailures = 3
)

// Guesses slows down guessing at many users, which no lock-out of a single one
// notices. It counts refused sign-ins by the network they come from; beyond
// PerSource an hour, every attempt from there is refused. A pool that sees more
// than PerPool an hour is under attack from many places: every network that has
// failed three times waits then, and everybody else signs in as ever.
//
// The counters leak evenly and live in memory, on each node for itself: a
// sign-in writes nothing for them, a restart forgets them, and n nodes let n
// times as much pass. Safe for concurrent use; nil bounds nothing.
type Guesses struct {
	Now                func() time.Time
	PerSource, PerPool int // in an hour; 0: no bound

	mu      sync.Mutex
	leaks   map[guesser]leak
	sweptAt time.Time
}

// guesser is a network that tries to sign in to a pool; without a source, all.
type guesser struct{ poolID, source string }

// leak is a counter that goes down evenly.
type leak struct {
	level float64
	at    time.Time
}

// ErrTooMany is the answer to a network that guessed too much, and to anybody
// while the server has more to do than it can.
func ErrTooMany() error { return api.TooManyRequestsException("Too many requests") }

// Check refuses an attempt from a network that guessed too much, see Source.
// An empty source passes: it could be anybody.
func (g *Guesses) Check(_ context.Context, poolID, source string) error {
	if g == nil || source == "" || g.PerSource <= 0 && g.PerPool <= 0 {
		return nil
	}
	now := g.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	failures := g.level(guesser{poolID, source}, now)
	if g.PerSource > 0 && failures > float64(g.PerSource)-1 {
		return ErrTooMany()
	}
	if g.PerPool > 0 && failures > guardedFailures-1 && g.level(guesser{poolID: poolID}, now) > float64(g.PerPool)-1 {
		return ErrTooMany()
	}
	return nil
}

// Failed counts a refused sign-in.
func (g *Guesses) Failed(_ context.Context, poolID, source string) {
	if g == nil || g.PerSource <= 0 && g.PerPool <= 0 {
		return
	}
	now := g.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	g.add(guesser{poolID: poolID}, now)
	if source != "" {
		g.add(guesser{poolID, source}, now)
	}
}

func (g *Guesses) add(who guesser, now time.Time) {
	level := g.level(who, now) + 1
	if _, known := g.leaks[who]; !known {
		g.makeRoom(now)
	}
	if g.leaks == nil {
		g.leaks = make(map[guesser]leak)
	}
	g.leaks[who] = leak{level: level, at: now}
}

// level is how much of a counter is left now. It empties in an hour from its
// bound, whatever that is.
func (g *Guesses) level(who guesser, now time.Time) float64 {
	bound := g.PerSource
	if who.source == "" {
		bound = g.PerPool
	}
	l, ok := g.leaks[who]
	if !ok {
		return 0
	}
	passed := max(now.Sub(l.at).Hours(), 0)
	if bound <= 0 { // counted for the other bound only
		bound = guardedFailures
	}
	return max(l.level-passed*float64(bound), 0)
}

// makeRoom forgets what has leaked away, and where that is not enough any one.
func (g *Guesses) makeRoom(now time.Time) {
	if len(g.leaks) < maxGuessers {
		return
	}
	if now.Sub(g.sweptAt) >= sweepEvery {
		g.sweptAt = now
		for who := range g.leaks {
			if g.level(who, now) == 0 {
				delete(g.leaks, who)
			}
		}
	}
	for who := range g.leaks {
		if len(g.leaks) < maxGuessers {
			return
		}
		if who.source != "" {
			delete(g.leaks, who)
		}
	}
}
