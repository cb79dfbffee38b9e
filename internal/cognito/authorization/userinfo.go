package authorization

import (
	"context"
	"errors"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
)

// Texts of the userInfo endpoint (endpoints.md §5.3).
const (
	badUserInfoRequest = "Bad OAuth2 request at UserInfo Endpoint"
	badUserInfoToken   = "Access token is expired, disabled, or deleted, or the user has globally signed out."
	noOpenIDScope      = "Access token does not contain openid scope"
)

// UserInfo gives the JSON document about the user of an access token that a domain
// of a pool has issued. Its refusals are a *Refusal.
func (o *Operations) UserInfo(ctx context.Context, poolID, accessToken string) ([]byte, error) {
	if accessToken == "" {
		return nil, &Refusal{Code: InvalidRequest, Description: badUserInfoRequest}
	}
	bearer, err := o.Tokens.AuthenticateAt(ctx, poolID, accessToken, tokens.ScopeOpenID)
	if err != nil {
		return nil, badToken(err)
	}
	return tokens.UserInfo(bearer.Client, bearer.User, bearer.Scopes), nil
}

// badToken refuses an access token, whatever is wrong with it.
func badToken(err error) error {
	refused, ok := errors.AsType[*api.Error](err)
	switch {
	case errors.Is(err, tokens.ErrScope):
		return &Refusal{Code: InvalidToken, Description: noOpenIDScope}
	case ok && refused.Status < 500:
		return &Refusal{Code: InvalidToken, Description: badUserInfoToken}
	}
	return err
}

// Revoke ends a refresh token of a client and every token that came from the same
// sign-in (endpoints.md §5.4). Its refusals are a *Refusal.
func (o *Operations) Revoke(ctx context.Context, client *directory.Client, token string) error {
	if token == "" || !client.TokenRevocation() {
		return &Refusal{Code: InvalidRequest}
	}
	switch err := o.Tokens.Revoke(ctx, client, token, false); {
	case errors.Is(err, tokens.ErrNotRefreshToken):
		return &Refusal{Code: UnsupportedTokenType}
	case errors.Is(err, tokens.ErrOtherClient):
		return &Refusal{Code: InvalidRequest}
	default:
		return err
	}
}
