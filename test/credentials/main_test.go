// Package credentials_test goes the way of an application: it signs in at a user
// pool, brings the token to an identity pool, and signs calls with the temporary
// credentials that it gets there. The other tests are those of somebody who tries to
// get credentials, or more by them, without a right to. COGNATE_TEST_DB chooses the
// engine.
package credentials_test

import (
	"testing"

	"cognate/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }
