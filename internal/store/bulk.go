package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

const (
	// bulkUsers is how many users BulkLoadUsers writes per transaction. The
	// more, the fewer times a page of an index is written.
	bulkUsers = 50_000

	// bulkCacheKiB is SQLite's page cache while loading.
	bulkCacheKiB = 256 << 10
)

var (
	userTable  = append(strings.Split(userColumns, ", "), searchColumns[:]...)
	nameTable  = []string{"pool_id", "name", "kind", "sub"}
	countTable = []string{"pool_id", "shard", "n"}
)

// BulkLoadUsers adds many users with their sign-in names and tells how many.
// It is for loading test data: the rows are the same as InsertUser's and
// SetNames', but a name that is taken fails the load, whose earlier
// transactions stay.
func (db *DB) BulkLoadUsers(ctx context.Context, poolID string, users iter.Seq2[*User, []Name]) (int, error) {
	loaded := 0
	batch := newBulkBatch(db, poolID)
	flush := func() error {
		if err := db.driver.copyRows(ctx, batch.tables()); err != nil {
			return fmt.Errorf("load users: %w", err)
		}
		loaded += len(batch.users)
		batch = newBulkBatch(db, poolID)
		return nil
	}
	for u, names := range users {
		if err := batch.add(u, names); err != nil {
			return loaded, err
		}
		if len(batch.users) == bulkUsers {
			if err := flush(); err != nil {
				return loaded, err
			}
		}
	}
	return loaded, flush()
}

type bulkBatch struct {
	db           *DB
	poolID       string
	users, names [][]any
	counts       [countShards]int64
}

func newBulkBatch(db *DB, poolID string) *bulkBatch { return &bulkBatch{db: db, poolID: poolID} }

func (b *bulkBatch) add(u *User, names []Name) error {
	if u.PoolID != b.poolID {
		return errors.New("load users: user of another pool")
	}
	u.Version = 1
	values, err := userValues(b.db, u)
	if err != nil {
		return err
	}
	b.users = append(b.users, values)
	for _, n := range names {
		b.names = append(b.names, []any{u.PoolID, nameKey(n.Name), n.Kind, u.Sub})
	}
	b.counts[shardOf(u.Sub)]++
	return nil
}

func (b *bulkBatch) tables() []copyBatch {
	var counts [][]any
	for shard, n := range b.counts {
		counts = append(counts, []any{b.poolID, shard, n})
	}
	return []copyBatch{
		{table: "users", columns: userTable, rows: b.users},
		{table: "user_names", columns: nameTable, rows: b.names},
		{table: "pool_users_count", columns: countTable, rows: counts},
	}
}

// insertText is an insert of one row; counts add up.
func (b copyBatch) insertText() string {
	if b.table == "pool_users_count" {
		return addToCount
	}
	places := make([]string, len(b.columns))
	for i := range places {
		places[i] = "$" + strconv.Itoa(i+1)
	}
	return "INSERT INTO " + b.table + " (" + strings.Join(b.columns, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
}

// load inserts row by row: SQLite has nothing that is faster.
func (c *sqliteConn) load(ctx context.Context, b copyBatch) error {
	text := b.insertText()
	for _, row := range b.rows {
		if _, err := c.exec(ctx, text, row); err != nil {
			return fmt.Errorf("insert into %s: %w", b.table, err)
		}
	}
	return nil
}

func (e *sqliteEngine) copyRows(ctx context.Context, batches []copyBatch) error {
	return e.write(ctx, func(c conn) (err error) {
		if err := e.writer.cache(bulkCacheKiB); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, e.writer.cache(writerCacheKiB)) }()
		for _, b := range batches {
			if err := c.load(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (e *postgresEngine) copyRows(ctx context.Context, batches []copyBatch) error {
	return e.write(ctx, func(c conn) error {
		for _, b := range batches {
			if err := c.load(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c postgresConn) load(ctx context.Context, b copyBatch) error {
	if b.table == "pool_users_count" { // COPY cannot add to what is there
		for _, row := range b.rows {
			if _, err := c.exec(ctx, b.insertText(), row); err != nil {
				return fmt.Errorf("insert into %s: %w", b.table, err)
			}
		}
		return nil
	}
	if _, err := c.c.CopyFrom(ctx, pgx.Identifier{b.table}, b.columns, pgx.CopyFromRows(b.rows)); err != nil {
		return fmt.Errorf("copy into %s: %w", b.table, err)
	}
	return nil
}
