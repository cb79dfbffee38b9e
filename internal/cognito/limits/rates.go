package limits

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Rates are the bounds that keep strangers from sending messages, making users
// and guessing passwords in masses. All count within one pool; 0 is no bound.
// They come on top of what each user may do (see Kind) and of the lock-out.
type Rates struct {
	Address      int // messages to one address within an hour
	Source       int // messages that one network asks for in a day
	Country      int // text messages to one calling code in a day
	Pool         int // messages in a day
	SignUps      int // sign-ups from one network in a day
	Clients      int // registered by one network in a day
	Failures     int // refused sign-ins from one network, an hour
	PoolFailures int // refused sign-ins an hour, after which every network has few
}

// Usual are the bounds of a server that is told nothing else: far beyond what
// the people behind one address do, and an end to what a program can do.
func Usual() Rates {
	return Rates{
		Address: 100, Source: 10_000, Country: 50_000, Pool: 1_000_000,
		SignUps: 10_000, Clients: 100, Failures: 1_000, PoolFailures: 100_000,
	}
}

// named gives the bounds by the names that settings call them.
func (r *Rates) named() map[string]*int {
	return map[string]*int{
		"address": &r.Address, "source": &r.Source, "country": &r.Country, "pool": &r.Pool,
		"sign-ups": &r.SignUps, "clients": &r.Clients, "failures": &r.Failures, "pool-failures": &r.PoolFailures,
	}
}

// With gives the bounds with some of them replaced, by name. Unknown names and
// negative numbers are errors.
func (r Rates) With(set map[string]int) (Rates, error) {
	fields := r.named()
	for _, name := range slices.Sorted(maps.Keys(set)) {
		field, ok := fields[name]
		if !ok {
			return r, fmt.Errorf("unknown limit %q: there are %s", name, strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
		}
		if set[name] < 0 {
			return r, fmt.Errorf("limit %s is %d: give 0 for no limit", name, set[name])
		}
		*field = set[name]
	}
	return r, nil
}
