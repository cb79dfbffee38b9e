package authorization

import (
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/tokens"
)

// ClientCredentials gives a client a token of its own (endpoints.md §4.3). Of the
// scopes asked for, those that the client does not have are left out; without any,
// it gets all that it has. Its refusals are a *Refusal.
func (o *Operations) ClientCredentials(ctx context.Context, client *directory.Client, asked []string, metadata map[string]string) (*Issued, error) {
	config := client.Config()
	if !OAuthEnabled(client) || !client.Confidential() || !slices.Contains(config.AllowedOAuthFlows, api.OAuthFlowTypeClientCredentials) {
		return nil, &Refusal{Code: UnauthorizedClient}
	}
	has, err := o.machineScopes(ctx, client)
	if err != nil {
		return nil, err
	}
	granted := has
	if len(asked) > 0 {
		granted = nil
		for _, scope := range asked {
			if slices.Contains(has, scope) && !slices.Contains(granted, scope) {
				granted = append(granted, scope)
			}
		}
	}
	if len(granted) == 0 {
		return nil, &Refusal{Code: InvalidScope}
	}
	pair, err := o.machineToken(ctx, client, granted, metadata)
	if err != nil {
		return nil, inTokenTerms(err)
	}
	return &Issued{Pair: *pair}, nil
}

// machineScopes lists the scopes of a client that a machine may have, as far as
// they exist (S008).
func (o *Operations) machineScopes(ctx context.Context, client *directory.Client) ([]string, error) {
	servers, err := o.Directory.ResourceServers(ctx, client.PoolID)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, scope := range client.Config().AllowedOAuthScopes {
		if tokens.MachineScope(scope) && (tokens.BuiltInScope(scope) || directory.HasScope(servers, scope)) {
			list = append(list, scope)
		}
	}
	return list, nil
}

func (o *Operations) machineToken(ctx context.Context, client *directory.Client, scopes []string, metadata map[string]string) (*tokens.Pair, error) {
	override, err := o.Triggers.MachineTokens(ctx, client, scopes, metadata)
	if err != nil {
		return nil, err
	}
	return o.Tokens.MintMachine(ctx, client, scopes, override)
}

// GetClientToken gives a client a token of its own without a domain
// (newest-features.md §6).
func (o *Operations) GetClientToken(ctx context.Context, in *api.GetClientTokenRequest) (*api.GetClientTokenResponse, error) {
	client, err := o.Directory.Client(ctx, in.ClientId)
	if api.HasCode(err, "ResourceNotFoundException") || err == nil && (!client.Confidential() || !client.CheckSecret(in.Secret)) {
		// A wrong secret does not tell which clients there are.
		return nil, api.NotAuthorizedException("Invalid client or secret")
	}
	if err != nil {
		return nil, err
	}
	config := client.Config()
	if len(config.ExplicitAuthFlows) != 1 || config.ExplicitAuthFlows[0] != api.ExplicitAuthFlowsTypeAllowClientTokenAuth {
		return nil, api.NotAuthorizedException("Client is not enabled for the ALLOW_CLIENT_TOKEN_AUTH flow")
	}
	granted, err := o.machineScopes(ctx, client)
	if err != nil {
		return nil, err
	}
	if len(in.Scopes) > 0 {
		if granted, err = askedOf(client, in.Scopes, granted); err != nil {
			return nil, err
		}
	}
	pair, err := o.machineToken(ctx, client, granted, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	return &api.GetClientTokenResponse{ClientAuthenticationResult: &api.ClientAuthenticationResultType{
		AccessToken: &pair.Access, ExpiresIn: pair.ExpiresIn, TokenType: new("Bearer"),
	}}, nil
}

// askedOf picks the scopes that were asked for. One that the client does not have,
// or that means a user, is an error; one that no resource server has any more is
// left out.
func askedOf(client *directory.Client, asked, existing []string) ([]string, error) {
	var granted []string
	for _, scope := range asked {
		if !tokens.MachineScope(scope) || !slices.Contains(client.Config().AllowedOAuthScopes, scope) {
			return nil, api.InvalidParameterException("Invalid scope requested: %s", scope)
		}
		if slices.Contains(existing, scope) && !slices.Contains(granted, scope) {
			granted = append(granted, scope)
		}
	}
	return granted, nil
}
