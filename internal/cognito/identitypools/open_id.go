package identitypools

import (
	"context"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/store"
)

// GetOpenIdToken gives a token of the pool that says who the caller is, for an STS
// (the basic flow).
func (o *Operations) GetOpenIdToken(ctx context.Context, in *identity.GetOpenIdTokenInput) (*identity.GetOpenIdTokenResponse, error) {
	who, pool, err := o.find(ctx, in.IdentityId)
	if err != nil {
		return nil, err
	}
	switch {
	case len(pool.Settings.RoleMappings) > 0:
		return nil, identity.InvalidParameterException("Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.")
	case !pool.Settings.Pool.AllowClassicFlow:
		return nil, identity.InvalidParameterException("Basic (classic) flow is not enabled, please use enhanced flow.")
	}
	known := o.providersOf(pool)
	for key := range in.Logins {
		if p := known[key]; p != nil && p.kind == bySAML {
			return nil, identity.InvalidParameterException("SAML providers need the enhanced flow.")
		}
	}
	c, err := o.caller(ctx, pool, who, in.Logins)
	if err != nil {
		return nil, err
	}
	tags, err := o.principalTags(c.pool, c.logins)
	if api.HasCode(err, "InvalidIdentityPoolConfigurationException") { // which the operation does not have
		err = identity.InvalidParameterException("Invalid principal tags.").Because(err)
	}
	if err != nil {
		return nil, err
	}
	token, err := o.Tokens.Mint(ctx, o.token(c.pool, c.who, methods(c.logins), tags), identitytokens.PublicLifetime)
	if err != nil {
		return nil, err
	}
	return &identity.GetOpenIdTokenResponse{IdentityId: c.who.ID, Token: &token}, nil
}

func (o *Operations) token(pool *store.IdentityPool, who *store.Identity, methods []string, tags map[string]string) identitytokens.Token {
	return identitytokens.Token{PoolID: pool.ID, PoolARN: o.arn(pool), IdentityID: who.ID, Methods: methods, Tags: tags}
}
