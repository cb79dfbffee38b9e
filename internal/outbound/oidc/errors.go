package oidc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"cognate/internal/api"
)

// Error is why a provider's answer signs nobody in, in words for the app that the
// user came from (endpoints.md §3.6).
type Error struct {
	Description string
	cause       error
}

func (e *Error) Error() string {
	if e.cause == nil {
		return "oidc: " + e.Description
	}
	return "oidc: " + e.Description + ": " + e.cause.Error()
}

func (e *Error) Unwrap() error { return e.cause }

func failure(cause error, format string, args ...any) error {
	return &Error{Description: fmt.Sprintf(format, args...), cause: cause}
}

// unreached is the failure of a call that brought no answer.
func unreached(cause error, onTimeout string) error {
	var timeout net.Error
	switch {
	case errors.Is(cause, context.DeadlineExceeded), errors.As(cause, &timeout) && timeout.Timeout():
		if onTimeout == "" {
			onTimeout = "Read timed out"
		}
		return failure(cause, "%s", onTimeout)
	case errors.Is(cause, errConnection), strings.Contains(cause.Error(), "connection reset"):
		return failure(cause, "Connection reset")
	}
	return failure(cause, "The identity provider could not be reached")
}

var errConnection = errors.New("connection reset")

// longestText is how much of a provider's own words is passed on, in bytes.
const longestText = 512

// refused is the failure of a call that was answered with an error.
func (s *Settings) refused(status int, said string) error {
	if len(said) > longestText {
		said = said[:longestText]
	}
	said = strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, said), "")
	name := s.Name
	if s.Type != api.IdentityProviderTypeTypeOidc {
		name = string(s.Type)
	}
	return failure(nil, "%s Error - %d %s", name, status, strings.TrimSpace(said))
}
