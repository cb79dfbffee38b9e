// Package servertest starts a complete Cognate inside a test: the real
// server over HTTP on a port of its own, with the signatures of serve, a
// clock that tests can advance, and an inbox in place of mail and SMS. The
// environment variable COGNATE_TEST_DB chooses the engine: sqlite (default)
// or postgres.
package servertest
