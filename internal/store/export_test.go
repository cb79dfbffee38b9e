package store

import (
	"context"
	"fmt"
)

// tables are those that belong to a pool.
var tables = []string{
	"pools", "pool_users_count", "signing_keys", "clients", "client_pools", "client_secrets", "users", "user_names", "password_history", "totp",
	"groups", "memberships", "attempts", "tickets", "families", "refresh_tokens", "outbox", "auth_events",
}

// RowCounts tells how many rows each table has, leaving out empty ones.
func (tx *Tx) RowCounts(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	for _, table := range tables {
		n, _, err := one(ctx, tx, scanInt, "SELECT COUNT(*) FROM "+table)
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", table, err)
		}
		if n > 0 {
			counts[table] = n
		}
	}
	return counts, nil
}

// Exec runs any statement.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	return tx.change(ctx, query, args...)
}

// Strings runs a query for one column of text.
func (tx *Tx) Strings(ctx context.Context, query string, args ...any) ([]string, error) {
	return many(ctx, tx, scanString, query, args...)
}

// Blobs runs a query for one column of bytes.
func (tx *Tx) Blobs(ctx context.Context, query string, args ...any) ([][]byte, error) {
	return many(ctx, tx, scanBytes, query, args...)
}

// PrefixEnd is prefixEnd for tests.
func PrefixEnd(prefix string) (string, bool) { return prefixEnd(prefix) }

// MaxBatch is maxBatch for tests.
const MaxBatch = maxBatch

// Waiting is how many transactions wait for SQLite's writer.
func Waiting(db *DB) int { return len(db.driver.(*sqliteEngine).writer.jobs) }
