package signin

import (
	"context"
	"errors"

	"cognate/internal/api"
	"cognate/internal/cognito/tokens"
	"cognate/internal/store"
)

// RevokeToken ends a refresh token and every token that came from the same
// sign-in (tokens.md §11), and if asked to, the browser's session that they came
// from.
func (o *Operations) RevokeToken(ctx context.Context, in *api.RevokeTokenRequest) (*api.RevokeTokenResponse, error) {
	client, err := o.Directory.Client(ctx, in.ClientId)
	if api.HasCode(err, "ResourceNotFoundException") { // not among the operation's errors
		return nil, api.UnauthorizedException("User pool client %s does not exist.", in.ClientId)
	}
	if err != nil {
		return nil, err
	}
	if !client.CheckSecret(in.ClientSecret) {
		return nil, api.UnauthorizedException("Unable to verify secret hash for client %s", client.ID)
	}
	if !client.TokenRevocation() {
		return nil, api.UnsupportedOperationException("Token revocation is not enabled for this client")
	}
	switch err := o.Tokens.Revoke(ctx, client, in.Token, in.RevokeAssociatedSessions == api.RevokeAssociatedSessionsTypeLinked); {
	case errors.Is(err, tokens.ErrNotRefreshToken):
		return nil, api.UnsupportedTokenTypeException("Unsupported token type")
	case errors.Is(err, tokens.ErrOtherClient):
		return nil, api.UnauthorizedException("Token was not issued to client %s", client.ID)
	case err != nil:
		return nil, err
	}
	return &api.RevokeTokenResponse{}, nil
}

// GlobalSignOut ends all tokens of the user of an access token, for all clients.
func (o *Operations) GlobalSignOut(ctx context.Context, in *api.GlobalSignOutRequest) (*api.GlobalSignOutResponse, error) {
	bearer, err := o.Tokens.Authenticate(ctx, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if err := o.Tokens.RevokeAll(ctx, bearer.User); err != nil {
		return nil, err
	}
	return &api.GlobalSignOutResponse{}, nil
}

// AdminUserGlobalSignOut is GlobalSignOut by an administrator.
func (o *Operations) AdminUserGlobalSignOut(ctx context.Context, in *api.AdminUserGlobalSignOutRequest) (*api.AdminUserGlobalSignOutResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	user, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
		return o.Directory.User(ctx, tx, pool, in.Username)
	})
	if err != nil {
		return nil, err
	}
	if err := o.Tokens.RevokeAll(ctx, user); err != nil {
		return nil, err
	}
	return &api.AdminUserGlobalSignOutResponse{}, nil
}
