package risk

import (
	"time"

	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/paging"
	"cognate/internal/cognito/threats"
	"cognate/internal/store"
)

// Operations are the API operations of threat protection. All fields are set.
type Operations struct {
	DB        *store.DB
	Now       func() time.Time
	Directory *directory.Directory
	Paging    paging.Paging
	Messages  *messages.Messages
	Threats   *threats.Threats
}
