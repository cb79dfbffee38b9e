// Package api_test calls the whole server over HTTP with the AWS SDK for Go v2,
// as applications do. COGNATE_TEST_DB chooses the engine.
package api_test

import (
	"testing"

	"cognate/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }
