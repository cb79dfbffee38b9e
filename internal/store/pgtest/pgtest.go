package pgtest

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Schema makes an empty schema that is dropped when the test ends. It
// answers the address of the server and the name of the schema.
func Schema(tb testing.TB) (url, schema string) {
	tb.Helper()
	shared, err := server()
	if err != nil {
		if os.Getenv("COGNATE_REQUIRE_POSTGRES") == "1" {
			tb.Fatalf("PostgreSQL is required here: %v", err)
		}
		tb.Skipf("no PostgreSQL: %v", err)
	}
	url = shared.url
	schema = "test_" + strings.ToLower(rand.Text())
	run(tb, url, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize())
	tb.Cleanup(func() { run(tb, url, "DROP SCHEMA "+pgx.Identifier{schema}.Sanitize()+" CASCADE") })
	return url, schema
}

// instance is a running server.
type instance struct {
	url string
	// stop ends a server of our own when it is closed, which the end of the
	// process does, and so would the garbage collector if nobody held it.
	stop io.Closer
}

// server is what all tests of the process share.
var server = sync.OnceValues(func() (*instance, error) {
	if url := os.Getenv("TEST_POSTGRES_URL"); url != "" {
		return &instance{url: url}, nil
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
