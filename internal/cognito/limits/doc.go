// Package limits keeps people and programs from trying too often: the lock-out
// that follows wrong passwords, the limits of what users do for themselves, and
// the number of computations that run at a time.
//
// Counters are rows of their own, keyed by pool and a digest of whom they are
// about, so that names which nobody has count and cost like any other.
package limits
