// Package pgtest gives tests a PostgreSQL server.
//
// It uses the server at TEST_POSTGRES_URL, else it starts one of its own
// from the installed programs, once per test process, in a temporary
// directory and on a free port of 127.0.0.1. That server ends with the test
// process, however it ends, and its directory goes with it. Each test works
// in a schema of its own.
//
// Where there is neither, tests are skipped; with COGNATE_REQUIRE_POSTGRES=1
// they fail.
package pgtest
