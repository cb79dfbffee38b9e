package devices

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/paging"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// Operations are the API operations on devices. All fields are set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Tokens    *tokens.Tokens
	Paging    paging.Paging
	Now       func() time.Time
}

// owner is whose devices an operation is about, and how they are shown.
type owner struct {
	pool  *directory.Pool
	user  *store.User
	admin bool
}

func errNoDevice() error { return api.ResourceNotFoundException("Device does not exist.") }

// bearer finds the owner that an access token stands for.
func (o *Operations) bearer(ctx context.Context, accessToken string) (*owner, *tokens.Bearer, error) {
	b, err := o.Tokens.Authenticate(ctx, accessToken)
	if err != nil {
		return nil, nil, err
	}
	return &owner{pool: b.Pool, user: b.User}, b, tracked(b.Pool)
}

// named finds the owner that an administrator names.
func (o *Operations) named(ctx context.Context, poolID, username string) (*owner, error) {
	pool, err := o.Directory.Pool(ctx, poolID)
	if err != nil {
		return nil, err
	}
	if err := tracked(pool); err != nil {
		return nil, err
	}
	user, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.Directory.User(ctx, tx, pool, username)
	})
	if err != nil {
		return nil, err
	}
	return &owner{pool: pool, user: user, admin: true}, nil
}

// shown is named for the two operations that only show devices: their model
// lists no UserNotFoundException.
func (o *Operations) shown(ctx context.Context, poolID, username string) (*owner, error) {
	who, err := o.named(ctx, poolID, username)
	if api.HasCode(err, "UserNotFoundException") {
		return nil, api.ResourceNotFoundException("User does not exist.")
	}
	return who, err
}

// tracked refuses pools without a device configuration.
func tracked(pool *directory.Pool) error {
	if pool.TracksDevices() {
		return nil
	}
	return api.InvalidUserPoolConfigurationException("User pool does not have device configuration.")
}
