package quotas

import (
	"context"
	"maps"
	"math"
	"strings"
	"time"

	"cognate/internal/store"
)

const (
	// exchangeEvery is how often nodes tell one another what they let through.
	exchangeEvery = time.Second
	// heardFor is how old a count of another node may be: what is older has
	// flowed back into the bucket by now, whatever the clocks of nodes say.
	heardFor = 5 * time.Second
	// busyShare is the part of a bucket that has to be taken in one exchange
	// before others are told.
	busyShare = 0.05
)

// Nodes keeps the Quotas of one node together with those of the others.
type Nodes struct {
	Quotas *Quotas
	DB     *store.DB
	Node   string // a name that no other node has
	Alone  bool   // there are no other nodes: rates are read at the start only
}

// Load reads the provisioned rates.
func (n *Nodes) Load(ctx context.Context) error {
	limits, err := store.Read(ctx, n.DB, func(ctx context.Context, tx *store.Tx) (map[string]int64, error) {
		return tx.ProvisionedLimits(ctx)
	})
	if err != nil {
		return err
	}
	n.Quotas.provision(limits)
	return nil
}

// Run exchanges counts with other nodes until ctx ends.
func (n *Nodes) Run(ctx context.Context) error {
	if n.Alone {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(exchangeEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		if err := n.Exchange(ctx); err != nil {
			return err
		}
	}
}

// Exchange tells the other nodes what this one has let through since the last
// time, takes off what they did, and reads the provisioned rates.
func (n *Nodes) Exchange(ctx context.Context) error {
	now := n.Quotas.Now()
	if busy := n.Quotas.busy(); len(busy) > 0 {
		_, err := store.Write(ctx, n.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
			return struct{}{}, tx.AddRequestCounts(ctx, n.Node, now, 2*heardFor, busy)
		})
		if err != nil {
			return err
		}
	}
	counts, err := store.Read(ctx, n.DB, func(ctx context.Context, tx *store.Tx) ([]store.RequestCount, error) {
		return tx.RequestCountsOfOthers(ctx, n.Node, now.Add(-heardFor))
	})
	if err != nil {
		return err
	}
	n.Quotas.takeOff(counts)
	return n.Load(ctx)
}

// provision puts the rates that administrators have set in force.
func (q *Quotas) provision(limits map[string]int64) {
	rates := make(map[Category]int64, len(limits))
	for name, rate := range limits {
		rates[Category(name)] = rate
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.provisioned = rates
}

// busy gives the counts of busy buckets, by name, and begins to count anew. What
// bounds a single user stays on its node.
func (q *Quotas) busy() map[string]int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	counts := map[string]int64{}
	for k, b := range q.buckets {
		if b.taken > 0 && k.scope != user && float64(b.taken) >= busyShare*b.rate {
			counts[k.name()] = b.taken
		}
		b.taken = 0
	}
	return counts
}

// takeOff takes from the buckets what other nodes have let through, each count
// once. A bucket owes no more than a second's worth.
func (q *Quotas) takeOff(counts []store.RequestCount) {
	now := q.Now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.heard == nil {
		q.heard = make(map[string]time.Time)
	}
	before := maps.Clone(q.heard)
	for _, c := range counts {
		k, ok := keyNamed(c.Bucket)
		if !ok || !c.At.After(before[c.Node]) {
			continue
		}
		q.heard[c.Node] = c.At
		rate := q.rateOf(k)
		if rate <= 0 {
			continue
		}
		b := q.bucket(demand{k, rate}, now)
		b.level = math.Max(b.level-float64(c.Taken), -capacity(rate))
	}
	for node, at := range q.heard {
		if now.Sub(at) > time.Hour {
			delete(q.heard, node)
		}
	}
}

// rateOf is the rate of the bucket of a name, by this node's preset.
func (q *Quotas) rateOf(k key) float64 {
	category, apart, _ := strings.Cut(k.class, " ")
	r := Request{Category: Category(category), PoolID: "any", Source: "any"}
	_, known := ruleOf(r.Category)
	switch {
	case " "+apart == answers:
		r.Operation = "RespondToAuthChallenge"
	case " "+apart == codes:
		r.Operation = CodeGrant
	case k.scope == operation || !known:
		r.Category, r.Operation = Of(k.class), k.class
	}
	for _, d := range q.demands(r) {
		if d.scope == k.scope && d.class == k.class {
			return d.rate
		}
	}
	return 0
}

// name is the key as other nodes read it.
func (k key) name() string { return string(rune(k.scope)) + "|" + k.class + "|" + k.id }

func keyNamed(name string) (key, bool) {
	parts := strings.SplitN(name, "|", 3)
	if len(parts) != 3 || len(parts[0]) != 1 {
		return key{}, false
	}
	return key{scope(parts[0][0]), parts[1], parts[2]}, true
}
