package quotas

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"cognate/internal/api"
)

// Preset says what is counted. Account, Pool and Address are multiples of the
// rate of each category, the others requests per second; 0 is no bound.
type Preset struct {
	Account   float64 // all requests to the installation
	Pool      float64 // those to one pool
	Address   float64 // unsigned ones from one network
	User      float64 // profile reads of one user, and profile writes
	Operation float64 // one operation of administration on one pool
}

// Names of the presets.
const (
	Off      = "off"      // bounds nothing
	Generous = "generous" // bounds each pool and network, so that none takes the place of all
	AWS      = "aws"      // the default quotas of an account
)

var presets = map[string]Preset{
	Off:      {},
	Generous: {Pool: 100, Address: 10},
	AWS:      {Account: 1, User: 10, Operation: 5},
}

// PresetNamed gives a preset by its name.
func PresetNamed(name string) (Preset, error) {
	p, ok := presets[name]
	if !ok {
		return p, fmt.Errorf("unknown quotas %q: there are %s", name, strings.Join(slices.Sorted(maps.Keys(presets)), ", "))
	}
	return p, nil
}

const (
	// answersFactor is how many answers to challenges there may be for each
	// sign-in (spec/users-and-pools.md §25).
	answersFactor = 3
	// tagRate bounds TagResource of an account, in requests per second.
	tagRate = 5
	// maxBuckets bounds the memory of Quotas, to some 20 MB.
	maxBuckets = 100_000
)

// CodeGrant is the operation of requests that redeem an authorization code. They
// have the rate of their category once more, for themselves.
const CodeGrant = "authorization_code"

// What stands behind the category of requests that are counted apart within it.
const (
	answers     = " answers"
	codes       = " codes"
	tagResource = "TagResource"
)

// Request is what is known of a request before it is served.
type Request struct {
	Category  Category
	Operation string // of the API; empty for endpoints
	PoolID    string // empty where it names none that exists
	User      string // whom it is about: a user name, or a digest of the access token; empty: nobody
	Source    string // network of an unsigned request, see limits.Source; empty: not counted by it
}

// Quotas counts requests. The zero value with Now set bounds nothing. Safe for
// concurrent use.
type Quotas struct {
	Preset Preset
	Now    func() time.Time

	mu          sync.Mutex
	provisioned map[Category]int64 // rates that are not the default
	buckets     map[key]*bucket
	sweptAt     time.Time
	heard       map[string]time.Time // by node: its last count that is taken off
}

// scope is what a bucket bounds.
type scope byte

const (
	account   scope = 'a'
	pool      scope = 'p'
	address   scope = 's'
	user      scope = 'u'
	operation scope = 'o'
)

// key names a bucket. class is the category, or what stands apart within it.
type key struct {
	scope scope
	class string
	id    string
}

// bucket has level requests left; it fills up to rate within a second.
type bucket struct {
	rate, level float64
	at          time.Time
	taken       int64 // since the last exchange with other nodes
}

// demand is a bucket that a request takes from, and its rate.
type demand struct {
	key
	rate float64
}

// errRateExceeded is what SDKs know to wait for (spec/errors.md §2).
func errRateExceeded() error { return api.TooManyRequestsException("Rate exceeded") }

// Take counts a request, or refuses it with TooManyRequestsException where it is
// one too many by any bound. A refused request counts nowhere.
func (q *Quotas) Take(r Request) error {
	if q.Preset == (Preset{}) {
		return nil
	}
	now := q.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	demands := q.demands(r)
	for _, d := range demands {
		if q.bucket(d, now).level < 1 {
			return errRateExceeded()
		}
	}
	for _, d := range demands {
		b := q.bucket(d, now)
		b.level--
		b.taken++
	}
	return nil
}

// demands lists the buckets of a request.
func (q *Quotas) demands(r Request) []demand {
	rule, ok := ruleOf(r.Category)
	if !ok {
		return nil
	}
	class, rate := string(r.Category), float64(q.rate(r.Category))
	switch {
	case r.Category != UserAuthentication:
	case strings.HasSuffix(r.Operation, "RespondToAuthChallenge"):
		class, rate = class+answers, rate*answersFactor
	case r.Operation == CodeGrant:
		class += codes
	}
	list := make([]demand, 0, 4)
	add := func(s scope, class, id string, rate float64) {
		if rate > 0 {
			list = append(list, demand{key{s, class, id}, rate})
		}
	}
	p := q.Preset
	add(account, class, "", rate*p.Account)
	if r.Operation == tagResource && r.Category == UserPoolResourceUpdate && p.Account > 0 {
		add(account, r.Operation, "", tagRate)
	}
	if r.PoolID != "" {
		add(pool, class, r.PoolID, rate*p.Pool)
		if rule.administration {
			add(operation, r.Operation, r.PoolID, p.Operation)
		}
	}
	if r.Source != "" {
		add(address, class, r.Source, rate*p.Address)
	}
	switch {
	case r.User == "":
	case profileReads[r.Category]:
		add(user, "reads", r.PoolID+" "+r.User, p.User)
	case profileWrites[r.Category]:
		add(user, "writes", r.PoolID+" "+r.User, p.User)
	}
	return list
}

// rate is the rate of a category in force, in requests per second.
func (q *Quotas) rate(c Category) int64 {
	if rate := q.provisioned[c]; rate > 0 {
		return rate
	}
	r, _ := ruleOf(c)
	return r.rate
}

// bucket gives a bucket as it is now, a full one where there is none yet.
func (q *Quotas) bucket(d demand, now time.Time) *bucket {
	b := q.buckets[d.key]
	if b == nil {
		q.makeRoom(now)
		if q.buckets == nil {
			q.buckets = make(map[key]*bucket)
		}
		b = &bucket{rate: d.rate, level: capacity(d.rate), at: now}
		q.buckets[d.key] = b
		return b
	}
	b.rate = d.rate
	b.fill(now)
	return b
}

// capacity is how many requests may come at once: those of one second, but one
// at least.
func capacity(rate float64) float64 { return math.Max(rate, 1) }

func (b *bucket) fill(now time.Time) {
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.level += passed * b.rate
		b.at = now
	}
	b.level = math.Min(b.level, capacity(b.rate))
}

// makeRoom forgets buckets that are full, which says the same as none but for what
// other nodes were not told yet, and where that is not enough any but those of the
// whole account: names of networks, users and pools come from requests.
func (q *Quotas) makeRoom(now time.Time) {
	if len(q.buckets) < maxBuckets {
		return
	}
	if now.Sub(q.sweptAt) >= time.Second {
		q.sweptAt = now
		for k, b := range q.buckets {
			if b.fill(now); b.level >= capacity(b.rate) {
				delete(q.buckets, k)
			}
		}
	}
	for k := range q.buckets {
		if len(q.buckets) < maxBuckets {
			return
		}
		if k.scope != account {
			delete(q.buckets, k)
		}
	}
}
