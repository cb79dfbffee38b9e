package usersessions

import (
	"context"
	"net/netip"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/tracking"
	"cognate/internal/protocol/risk"
	"cognate/internal/store"
)

// Operations are the API operations on sessions. All fields but Locate are set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Tokens    *tokens.Tokens
	Tracker   *tracking.Tracker
	Now       func() time.Time
	// Locate says where an address is; false if that is not known. It is nil without
	// a location database.
	Locate func(addr netip.Addr) (risk.Place, bool)
}

// ListUserSessions lists the sessions of the token's user, for all clients.
func (o *Operations) ListUserSessions(ctx context.Context, in *api.ListUserSessionsRequest) (*api.ListUserSessionsResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (inForce, error) {
		return o.find(ctx, tx, b.Pool, b.User.Sub)
	})
	if err != nil {
		return nil, err
	}
	return &api.ListUserSessionsResponse{Sessions: o.describe(found, b.FamilyID)}, nil
}

// AdminListUserSessions lists the sessions of a user, for all clients.
func (o *Operations) AdminListUserSessions(ctx context.Context, in *api.AdminListUserSessionsRequest) (*api.AdminListUserSessionsResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (inForce, error) {
		user, err := o.Directory.User(ctx, tx, pool, in.Username)
		if err != nil {
			return inForce{}, err
		}
		return o.find(ctx, tx, pool, user.Sub)
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminListUserSessionsResponse{Sessions: o.describe(found, "")}, nil
}

// RevokeUserSession ends a session of the token's user, but not the token's
// own: that is what signing out is for.
func (o *Operations) RevokeUserSession(ctx context.Context, in *api.RevokeUserSessionRequest) (*api.RevokeUserSessionResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, o.end(ctx, tx, ending{b.Pool, b.User.Sub, in.SessionId, linked(in.RevokeAssociatedSessions), b.FamilyID})
	})
	if err != nil {
		return nil, err
	}
	return &api.RevokeUserSessionResponse{}, nil
}

// AdminRevokeUserSession ends a session of a user.
func (o *Operations) AdminRevokeUserSession(ctx context.Context, in *api.AdminRevokeUserSessionRequest) (*api.AdminRevokeUserSessionResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		user, err := o.Directory.User(ctx, tx, pool, in.Username)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, o.end(ctx, tx, ending{pool: pool, sub: user.Sub, id: in.SessionId, linked: linked(in.RevokeAssociatedSessions)})
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminRevokeUserSessionResponse{}, nil
}
