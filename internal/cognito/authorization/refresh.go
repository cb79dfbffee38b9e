package authorization

import (
	"context"

	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/triggers"
)

// Refresh gives new tokens for a refresh token, and a new refresh token as well at
// rotating clients, with the scopes, resource and time of the sign-in
// (endpoints.md §4.3). Tokens that are bound to a device are not for this endpoint.
// Its refusals are a *Refusal.
func (o *Operations) Refresh(ctx context.Context, client *directory.Client, refreshToken string) (*Issued, error) {
	switch {
	case !OAuthEnabled(client):
		return nil, &Refusal{Code: UnauthorizedClient}
	case refreshToken == "":
		return nil, &Refusal{Code: InvalidRequest}
	}
	rotates, _ := client.Rotation()
	look := o.Tokens.Find
	if rotates {
		look = o.Tokens.Peek
	}
	found, err := look(ctx, client, refreshToken, "")
	if err != nil {
		return nil, inTokenTerms(err)
	}
	override, err := o.Triggers.PreTokenGeneration(ctx, triggers.Of(client, found.User, nil), triggers.TokensOfRefresh, found.Groups, found.Scopes())
	if err != nil {
		return nil, inTokenTerms(err)
	}
	if rotates { // last of all, so that a function which fails costs no token
		if found, err = o.Tokens.Rotate(ctx, client, refreshToken, ""); err != nil {
			return nil, inTokenTerms(err)
		}
	}
	found.Override = override
	pair, err := o.Tokens.Mint(ctx, found.Grant)
	if err != nil {
		return nil, err
	}
	o.Tracker.Used(ctx, client.Pool, found.Family)
	return &Issued{Pair: *pair, RefreshToken: found.RefreshToken}, nil
}
