// Package panics makes errors of panics, so that every door answers and logs them as
// its other errors (security.md S197).
package panics

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

// AsError gives the error of what recover has returned, with the stack. It is called
// by the deferred function itself. The panic by which handlers end a connection goes
// on.
func AsError(cause any) error {
	if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(cause)
	}
	return fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
}
