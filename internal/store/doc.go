// Package store is the database: SQLite in a data directory or in memory,
// or PostgreSQL 15 and newer for a cluster.
//
// It owns the tables, their SQL, the sealing of secrets in them and the
// transactions. It knows no rule of the service beyond "this row is not
// there": loaders answer a missing row with the exception of that thing, and
// everything else is decided by the caller.
//
// A caller opens exactly one transaction per operation:
//
//	user, err := store.Write(ctx, db, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
//		user, err := tx.LockUser(ctx, poolID, sub)
//		...
//		return user, tx.SaveUser(ctx, user)
//	})
//
// What Write is given may run more than once, and must touch nothing outside
// the transaction. Rows are locked in the order pool, client, user, family.
//
// One SQL text serves both engines. It keeps to what both understand alike:
// $1 placeholders, ON CONFLICT, RETURNING, row values, partial indexes; times
// are whole milliseconds since 1970, 0 standing for "never". Not used: LIKE,
// FOR UPDATE, JSON operators, sequences, triggers, advisory locks. The one
// substitution is COLLATE "C", which SQLite does not need.
package store
