package signin

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
	"cognate/internal/cognito/triggers"
)

const paramRefreshToken = "REFRESH_TOKEN"

// refresh serves REFRESH_TOKEN_AUTH: new access and ID token for the same
// refresh token. Rotating clients use GetTokensFromRefreshToken instead
// (auth-flows.md §12).
func (o *Operations) refresh(ctx context.Context, r *request) (*answer, error) {
	if rotates, _ := r.client.Rotation(); rotates {
		return nil, api.InvalidParameterException(notEnabledForClient)
	}
	hash := r.params[paramSecretHash]
	// Whether there has to be a hash does not depend on the token.
	if r.client.Confidential() != (hash != "") {
		return nil, r.client.CheckSecretHash(hash, "", "")
	}
	found, err := o.Tokens.Find(ctx, r.client, r.params[paramRefreshToken], r.params[paramDeviceKey])
	if err != nil {
		return nil, err
	}
	// The hash is over the owner's canonical name: there is no USERNAME here.
	if err := r.client.CheckSecretHash(hash, found.User.Username, ""); err != nil {
		return nil, err
	}
	// The ClientMetadata of InitiateAuth does not reach the function
	// (triggers.md §4).
	if found.Override, err = o.changesToRefresh(ctx, found, nil); err != nil {
		return nil, err
	}
	pair, err := o.Tokens.Mint(ctx, found.Grant)
	if err != nil {
		return nil, err
	}
	o.Tracker.Used(ctx, found.Client.Pool, found.Family)
	return tokenAnswer(pair, ""), nil
}

// changesToRefresh asks the pool's function what to change in new tokens.
func (o *Operations) changesToRefresh(ctx context.Context, found *tokens.Refreshed, metadata map[string]string) (tokens.Override, error) {
	on := triggers.Of(found.Client, found.User, metadata)
	return o.Triggers.PreTokenGeneration(ctx, on, triggers.TokensOfRefresh, found.Groups, found.Scopes())
}

// GetTokensFromRefreshToken refreshes tokens, and the refresh token as well at
// rotating clients (newest-features.md §16).
func (o *Operations) GetTokensFromRefreshToken(ctx context.Context, in *api.GetTokensFromRefreshTokenRequest) (*api.GetTokensFromRefreshTokenResponse, error) {
	client, err := o.Directory.Client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	rotates, _ := client.Rotation()
	if !rotates {
		if err := refreshFlow.permit(client.Config().ExplicitAuthFlows); err != nil {
			return nil, err
		}
	}
	if err := checkSecret(client, in.ClientSecret); err != nil {
		return nil, err
	}
	look := o.Tokens.Find
	if rotates {
		look = o.Tokens.Peek
	}
	found, err := look(ctx, client, in.RefreshToken, in.DeviceKey)
	if err != nil {
		return nil, err
	}
	override, err := o.changesToRefresh(ctx, found, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	if rotates { // last of all, so that a function which fails costs no token
		if found, err = o.Tokens.Rotate(ctx, client, in.RefreshToken, in.DeviceKey); err != nil {
			return nil, err
		}
	}
	found.Override = override
	pair, err := o.Tokens.Mint(ctx, found.Grant)
	if err != nil {
		return nil, err
	}
	o.Tracker.Used(ctx, found.Client.Pool, found.Family)
	return &api.GetTokensFromRefreshTokenResponse{
		AuthenticationResult: tokenAnswer(pair, found.RefreshToken).tokens,
	}, nil
}

// checkSecret checks a ClientSecret, with the words for a SECRET_HASH.
func checkSecret(c *directory.Client, secret string) error {
	switch {
	case c.CheckSecret(secret):
		return nil
	case !c.Confidential():
		return api.InvalidParameterException("App client %s is not configured for secret but secret hash was received", c.ID)
	}
	return api.NotAuthorizedException("Unable to verify secret hash for client %s", c.ID)
}
