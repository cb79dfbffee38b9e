package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"cognate/internal/store/pgtest"
)

func TestSchemaIsEmptyAndOwn(t *testing.T) {
	t.Parallel()
	url, schema := pgtest.Schema(t)
	_, other := pgtest.Schema(t)
	if schema == other {
		t.Fatalf("two schemas are both named %s", schema)
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	var tables int
	if err := c.QueryRow(t.Context(), `SELECT COUNT(*) FROM pg_tables WHERE schemaname = $1`, schema).Scan(&tables); err != nil || tables != 0 {
		t.Fatalf("schema has %d tables, %v", tables, err)
	}
}
