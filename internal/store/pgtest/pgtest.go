package pgtest

import (
	"crypto/rand"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Schema makes an empty schema that is dropped when the test ends. It
// answers the address of the server and the name of the schema.
func Schema(tb testing.TB) (url, schema string) {
	tb.Helper()
	url, err := server()
	if err != nil {
		if os.Getenv("COGNATE_REQUIRE_POSTGRES") == "1" {
			tb.Fatalf("PostgreSQL is required here: %v", err)
		}
		tb.Skipf("no PostgreSQL: %v", err)
	}
	schema = "test_" + rand.Text()
	run(tb, url, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize())
	tb.Cleanup(func() { run(tb, url, "DROP SCHEMA "+pgx.Identifier{schema}.Sanitize()+" CASCADE") })
	return url, schema
}

// server is the address of the server that all tests of the process share.
var server = sync.OnceValues(func() (string, error) {
	if url := os.Getenv("TEST_POSTGRES_URL"); url != "" {
		return url, nil
	}
	return start()
})

func run(tb testing.TB, url, statement string) {
	tb.Helper()
	// The context of the test has ended when its cleanup runs.
	ctx, cancel := background()
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		tb.Fatalf("connect to PostgreSQL: %v", err)
	}
	_, err = c.Exec(ctx, statement)
	if closed := c.Close(ctx); err == nil {
		err = closed
	}
	if err != nil {
		tb.Errorf("%s: %v", statement, err)
	}
}

func address(port int) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
}
