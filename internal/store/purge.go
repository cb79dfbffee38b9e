package store

import (
	"context"
	"fmt"
	"time"
)

// How long rows stay after they stopped to matter.
const (
	// attemptsKept is longer than any lock-out or limit looks back.
	attemptsKept = 48 * time.Hour
	// messagesKept is more than the day for which delivery is tried, so that
	// the worker is the one that gives a message up and says so.
	messagesKept = 48 * time.Hour
	// familiesKept lets the last access token of a family, which lives a day
	// at most, outlive its refresh token.
	familiesKept = 24 * time.Hour
	// authEventsKept is as long as the service keeps them.
	authEventsKept = 730 * 24 * time.Hour
	// importFilesKept is longer than a job may wait for its start and take; the
	// file of a job that ends goes with it.
	importFilesKept = 96 * time.Hour
	// importLogKept is how long lines of a job's log wait for somewhere to go.
	importLogKept = 7 * 24 * time.Hour

	// purgeRows bounds one transaction of Purge.
	purgeRows = 500
)

// purges remove what is older than $1, at most $2 rows at a time.
var purges = []struct {
	what string
	kept time.Duration
	text string
}{
	{"tickets", 0, `DELETE FROM tickets WHERE (pool_id, kind, id) IN
		(SELECT pool_id, kind, id FROM tickets WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT CAST($2 AS BIGINT)) AND expires_ms <= $1`},
	{"refresh tokens", 0, `DELETE FROM refresh_tokens WHERE (pool_id, digest) IN
		(SELECT pool_id, digest FROM refresh_tokens WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT CAST($2 AS BIGINT)) AND expires_ms <= $1`},
	{"token families", familiesKept, `DELETE FROM families WHERE (pool_id, id) IN
		(SELECT pool_id, id FROM families WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT CAST($2 AS BIGINT)) AND expires_ms <= $1`},
	{"browser sessions", 0, `DELETE FROM sso_sessions WHERE (pool_id, id) IN
		(SELECT pool_id, id FROM sso_sessions WHERE expires_ms <= $1 ORDER BY expires_ms LIMIT CAST($2 AS BIGINT)) AND expires_ms <= $1`},
	{"signing keys", 0, `DELETE FROM signing_keys WHERE (pool_id, kid) IN
		(SELECT pool_id, kid FROM signing_keys WHERE until_ms > 0 AND until_ms <= $1 ORDER BY until_ms LIMIT CAST($2 AS BIGINT)) AND until_ms <= $1 AND until_ms > 0`},
	{"attempts", attemptsKept, `DELETE FROM attempts WHERE (pool_id, subject, kind) IN
		(SELECT pool_id, subject, kind FROM attempts WHERE last_ms <= $1 ORDER BY last_ms LIMIT CAST($2 AS BIGINT)) AND last_ms <= $1`},
	{"messages", messagesKept, `DELETE FROM outbox WHERE (pool_id, id) IN
		(SELECT pool_id, id FROM outbox WHERE created_ms <= $1 ORDER BY created_ms LIMIT CAST($2 AS BIGINT)) AND created_ms <= $1`},
	{"events", authEventsKept, `DELETE FROM auth_events WHERE (pool_id, sub, id) IN
		(SELECT pool_id, sub, id FROM auth_events WHERE created_ms <= $1 ORDER BY created_ms LIMIT CAST($2 AS BIGINT)) AND created_ms <= $1`},
	{"import files", importFilesKept, `DELETE FROM import_pieces WHERE (pool_id, job_id, upload, n) IN
		(SELECT pool_id, job_id, upload, n FROM import_pieces WHERE created_ms <= $1 ORDER BY created_ms LIMIT CAST($2 AS BIGINT)) AND created_ms <= $1`},
	{"identities of deleted pools", 0, `DELETE FROM identities WHERE id IN
		(SELECT i.id FROM identity_pools p JOIN identities i ON i.pool_id = p.id WHERE p.deleted_ms > 0 AND p.deleted_ms <= $1 LIMIT CAST($2 AS BIGINT))`},
	{"deleted identity pools", 0, `DELETE FROM identity_pools WHERE id IN
		(SELECT p.id FROM identity_pools p WHERE p.deleted_ms > 0 AND p.deleted_ms <= $1
			AND NOT EXISTS (SELECT 1 FROM identities i WHERE i.pool_id = p.id) LIMIT CAST($2 AS BIGINT))`},
	{"import logs", importLogKept, `DELETE FROM import_log WHERE (pool_id, job_id, n) IN
		(SELECT pool_id, job_id, n FROM import_log WHERE created_ms <= $1 ORDER BY created_ms LIMIT CAST($2 AS BIGINT)) AND created_ms <= $1`},
}

// Purge removes what has expired by now, in small transactions, and tells
// how many rows went.
func (db *DB) Purge(ctx context.Context, now time.Time) (int64, error) {
	var total int64
	for _, p := range purges {
		for {
			n, err := Write(ctx, db, func(ctx context.Context, tx *Tx) (int64, error) {
				return tx.change(ctx, p.text, toMS(now.Add(-p.kept)), purgeRows)
			})
			total += n
			if err != nil {
				return total, fmt.Errorf("purge %s: %w", p.what, err)
			}
			if n < purgeRows {
				break
			}
		}
	}
	return total, nil
}
