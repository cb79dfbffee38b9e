package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"
)

const (
	selectProvisionedLimits = `SELECT category, rate FROM provisioned_limits ORDER BY category`
	upsertProvisionedLimit  = `INSERT INTO provisioned_limits (category, rate) VALUES ($1, $2)
		ON CONFLICT (category) DO UPDATE SET rate = excluded.rate`
	deleteProvisionedLimit = `DELETE FROM provisioned_limits WHERE category = $1`

	insertRequestCount  = `INSERT INTO request_counts (tick_ms, node, bucket, taken) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
	selectRequestCounts = `SELECT tick_ms, node, bucket, taken FROM request_counts WHERE tick_ms > $1 AND node <> $2 ORDER BY tick_ms, node, bucket`
	deleteRequestCounts = `DELETE FROM request_counts WHERE tick_ms < $1`
	anyDomain           = `SELECT 1 FROM domains LIMIT 1`
)

// ProvisionedLimits gives the request rates, in requests per second, that differ
// from the default of their category.
func (tx *Tx) ProvisionedLimits(ctx context.Context) (map[string]int64, error) {
	limits := map[string]int64{}
	_, err := many(ctx, tx, func(s scanner) (struct{}, error) {
		var category string
		var rate int64
		err := s.Scan(&category, &rate)
		limits[category] = rate
		return struct{}{}, err
	}, selectProvisionedLimits)
	if err != nil {
		return nil, fmt.Errorf("load provisioned limits: %w", err)
	}
	return limits, nil
}

// SetProvisionedLimit keeps the rate of a category; 0 gives it its default again.
func (tx *Tx) SetProvisionedLimit(ctx context.Context, category string, rate int64) error {
	query, args := upsertProvisionedLimit, []any{category, rate}
	if rate == 0 {
		query, args = deleteProvisionedLimit, args[:1]
	}
	if _, err := tx.change(ctx, query, args...); err != nil {
		return fmt.Errorf("set provisioned limit of %s: %w", category, err)
	}
	return nil
}

// HasDomains reports whether any pool has a domain, and with it managed login.
func (tx *Tx) HasDomains(ctx context.Context) (bool, error) {
	_, found, err := one(ctx, tx, scanInt, anyDomain)
	if err != nil {
		return false, fmt.Errorf("look for domains: %w", err)
	}
	return found, nil
}

// RequestCount is what one node has let through of one bucket of requests since
// its count before.
type RequestCount struct {
	At     time.Time // by the node's clock; later than any before it
	Node   string
	Bucket string
	Taken  int64
}

// AddRequestCounts tells the other nodes what this one has let through until at,
// and forgets what is older than keep.
func (tx *Tx) AddRequestCounts(ctx context.Context, node string, at time.Time, keep time.Duration, taken map[string]int64) error {
	if _, err := tx.change(ctx, deleteRequestCounts, toMS(at.Add(-keep))); err != nil {
		return fmt.Errorf("delete old request counts: %w", err)
	}
	for _, bucket := range slices.Sorted(maps.Keys(taken)) {
		if _, err := tx.change(ctx, insertRequestCount, toMS(at), node, bucket, taken[bucket]); err != nil {
			return fmt.Errorf("add request count: %w", err)
		}
	}
	return nil
}

// RequestCountsOfOthers lists what other nodes have let through after a time, in
// the order of time.
func (tx *Tx) RequestCountsOfOthers(ctx context.Context, node string, after time.Time) ([]RequestCount, error) {
	counts, err := many(ctx, tx, func(s scanner) (RequestCount, error) {
		var c RequestCount
		var ms int64
		err := s.Scan(&ms, &c.Node, &c.Bucket, &c.Taken)
		c.At = fromMS(ms)
		return c, err
	}, selectRequestCounts, toMS(after), node)
	if err != nil {
		return nil, fmt.Errorf("load request counts: %w", err)
	}
	return counts, nil
}
