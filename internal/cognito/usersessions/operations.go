package usersessions

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/tracking"
	"cognate/internal/store"
)

// Operations are the API operations on sessions. All fields are set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Tokens    *tokens.Tokens
	Tracker   *tracking.Tracker
	Now       func() time.Time
}

// ListUserSessions lists the sessions of the token's user, for all clients.
func (o *Operations) ListUserSessions(ctx context.Context, in *api.ListUserSessionsRequest) (*api.ListUserSessionsResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.UserSession, error) {
		return o.Tracker.List(ctx, tx, b.Pool, b.User.Sub)
	})
	if err != nil {
		return nil, err
	}
	return &api.ListUserSessionsResponse{Sessions: describe(found, b.FamilyID)}, nil
}

// AdminListUserSessions lists the sessions of a user, for all clients.
func (o *Operations) AdminListUserSessions(ctx context.Context, in *api.AdminListUserSessionsRequest) (*api.AdminListUserSessionsResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.UserSession, error) {
		user, err := o.Directory.User(ctx, tx, pool, in.Username)
		if err != nil {
			return nil, err
		}
		return o.Tracker.List(ctx, tx, pool, user.Sub)
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminListUserSessionsResponse{Sessions: describe(found, "")}, nil
}

// describe shows sessions; that of the family current is marked.
func describe(found []*store.UserSession, current string) []api.SessionDescriptionType {
	list := make([]api.SessionDescriptionType, 0, len(found))
	for _, s := range found {
		country := tracking.Unknown
		shown := api.SessionDescriptionType{
			SessionId:        s.ID,
			SessionType:      api.SessionTypeTypeToken,
			ClientId:         s.ClientID,
			CreateDate:       api.TimeOf(s.CreatedAt),
			LastActiveDate:   api.TimeOf(s.ActiveAt),
			DeviceType:       &s.Device,
			LastLocation:     &api.SessionLocationType{Country: &country},
			IsCurrentSession: s.FamilyID == current,
		}
		if s.LastIP != "" {
			shown.LastIPAddress = &s.LastIP
		}
		list = append(list, shown)
	}
	return list
}

// RevokeUserSession ends a session of the token's user, but not the token's
// own: that is what signing out is for.
func (o *Operations) RevokeUserSession(ctx context.Context, in *api.RevokeUserSessionRequest) (*api.RevokeUserSessionResponse, error) {
	b, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, o.end(ctx, tx, b.Pool, b.User.Sub, in.SessionId, b.FamilyID)
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
		return struct{}{}, o.end(ctx, tx, pool, user.Sub, in.SessionId, "")
	})
	if err != nil {
		return nil, err
	}
	return &api.AdminRevokeUserSessionResponse{}, nil
}

// end revokes a session in force of a user, other than that of the family kept.
func (o *Operations) end(ctx context.Context, tx *store.Tx, pool *directory.Pool, sub, id, kept string) error {
	sessions, err := o.Tracker.List(ctx, tx, pool, sub)
	if err != nil {
		return err
	}
	for _, s := range sessions {
		switch {
		case s.ID != id:
			continue
		case s.FamilyID == kept:
			return api.InvalidParameterException("The current session cannot be revoked. Sign out instead.")
		}
		return tx.EndUserSession(ctx, s, o.Now())
	}
	return api.ResourceNotFoundException("Session does not exist.")
}
