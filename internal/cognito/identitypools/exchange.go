package identitypools

import (
	"context"
	"errors"

	"cognate/internal/api/identity"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/outbound/remotests"
)

// exchange gets the session of a Security Token Service elsewhere, for a token of the
// pool (identity-pools.md D7). Which roles there are, and whom they trust, is decided
// there; guests are scoped down by the same session policies as here.
func (o *Operations) exchange(ctx context.Context, g *grant) (*access.Session, error) {
	token, err := o.Tokens.Mint(ctx, identitytokens.Token{
		PoolID: g.pool.ID, PoolARN: o.arn(g.pool), IdentityID: g.identity, Methods: g.methods, Tags: g.tags,
	}, identitytokens.PublicLifetime)
	if err != nil {
		return nil, err
	}
	asked := remotests.Request{Token: token, RoleARN: g.role, SessionName: sessionName, Duration: sessionLifetime}
	if g.guest {
		document, arn := access.GuestPolicies(g.pool.Region)
		asked.Policy, asked.PolicyARNs = document, []string{arn}
	}
	got, err := o.STS.Exchange(ctx, asked)
	var refused *remotests.RefusedError
	switch {
	case errors.As(err, &refused):
		return nil, errMisconfigured().Because(err)
	case err != nil:
		return nil, identity.ExternalServiceException("The Security Token Service could not be reached.").Because(err)
	}
	return &access.Session{
		AccessKeyID: got.AccessKeyID, SecretAccessKey: got.SecretAccessKey, SessionToken: got.SessionToken, Expires: got.Expires,
	}, nil
}
