package panics

import (
	"net/http"
	"strings"
	"testing"
)

// caught runs what panics as a door does.
func caught(cause any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = AsError(p)
		}
	}()
	panic(cause)
}

func TestS197APanicIsAnErrorWithItsStack(t *testing.T) {
	t.Parallel()
	err := caught("broken")
	if err == nil || !strings.HasPrefix(err.Error(), "panic: broken\n") || !strings.Contains(err.Error(), "panics_test.go") {
		t.Errorf("error is %v", err)
	}
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // as net/http does
			t.Errorf("what ends a connection came to %v", p)
		}
	}()
	t.Errorf("what ends a connection is %v", caught(http.ErrAbortHandler))
}
