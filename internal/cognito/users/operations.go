package users

import (
	"context"
	"errors"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/attributes"
	"cognate/internal/cognito/codes"
	"cognate/internal/cognito/credentials"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/limits"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/paging"
	"cognate/internal/cognito/sessions"
	"cognate/internal/cognito/threats"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/triggers"
	"cognate/internal/store"
)

// Operations are the API operations on users. All fields are set.
type Operations struct {
	DB          *store.DB
	Now         func() time.Time
	Directory   *directory.Directory
	Credentials *credentials.Credentials
	Tokens      *tokens.Tokens
	Codes       *codes.Codes
	Sessions    *sessions.Sealer
	Limits      limits.SelfService
	Messages    *messages.Messages
	Mailer      *triggers.Mailer
	Triggers    *triggers.Triggers
	Paging      paging.Paging
	Threats     *threats.Threats
	// DecoyKey makes the delivery details that are shown for unknown names;
	// it must be the same on every node and stay the same.
	DecoyKey []byte
}

// client finds the app client of a public operation and checks the secret
// hash that goes with the user name.
func (o *Operations) client(ctx context.Context, clientID, username, secretHash string) (*directory.Client, error) {
	client, err := o.Directory.Client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	return client, client.CheckSecretHash(secretHash, username, "")
}

// lock finds a user by a sign-in name and locks the row.
func (o *Operations) lock(ctx context.Context, tx *store.Tx, pool *directory.Pool, name string) (*store.User, error) {
	found, err := o.Directory.User(ctx, tx, pool, name)
	if err != nil {
		return nil, err
	}
	return tx.LockUser(ctx, pool.ID, found.Sub)
}

// save writes a changed user.
func (o *Operations) save(ctx context.Context, tx *store.Tx, u *store.User) error {
	u.ModifiedAt = o.Now()
	return tx.SaveUser(ctx, u)
}

// counted makes a transaction keep what was counted before err, when err is
// an answer to the caller.
func counted(err error) error {
	if _, ok := errors.AsType[*api.Error](err); ok {
		return store.CommitWith(err)
	}
	return err
}

// unknown reports whether err says that nobody has the name.
func unknown(err error) bool { return api.HasCode(err, "UserNotFoundException") }

func newSub() string { return attributes.NewSub() }

// nothing is the result of transactions that only change rows.
type nothing = struct{}
