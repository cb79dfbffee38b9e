package api_test

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"
)

// wantOK fails the test when a call that must succeed did not.
func wantOK(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
}

// wantError checks the exception that an SDK call answered and its message,
// which applications match on.
func wantError(t *testing.T, err error, code, message string) {
	t.Helper()
	var got smithy.APIError
	switch {
	case !errors.As(err, &got):
		t.Errorf("got %v, want %s: %s", err, code, message)
	case got.ErrorCode() != code || got.ErrorMessage() != message:
		t.Errorf("got  %s: %s\nwant %s: %s", got.ErrorCode(), got.ErrorMessage(), code, message)
	}
}

// wantCode checks only the exception, where its message is our own wording.
func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var got smithy.APIError
	if !errors.As(err, &got) || got.ErrorCode() != code {
		t.Errorf("got %v, want %s", err, code)
	}
}
