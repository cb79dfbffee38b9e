package authorization

import (
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/tracking"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// Operations decide about requests at pools' domains. They are safe for
// concurrent use; all fields are set before the first.
type Operations struct {
	DB        *store.DB
	Now       func() time.Time
	Directory *directory.Directory
	Tokens    *tokens.Tokens
	Sessions  *sso.Sessions
	Tracker   *tracking.Tracker
	Triggers  *triggers.Triggers
	// Clients makes clients that register themselves, as often as Limits allows.
	Clients Clients
	Limits  limits.SelfService
}
