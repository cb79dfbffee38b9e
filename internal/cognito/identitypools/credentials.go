package identitypools

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/access"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/rolechoice"
	"cognate/internal/protocol/iam"
	"cognate/internal/store"
)

const (
	// sessionName is that of every session of the enhanced flow (identity-pools.md D2).
	sessionName = "CognitoIdentityCredentials"
	// sessionLifetime is how long they last (B1).
	sessionLifetime = time.Hour
)

// grant is what a caller gets a session for.
type grant struct {
	pool     *store.IdentityPool
	identity string
	role     string
	methods  []string // as amr has them
	tags     map[string]string
	guest    bool
}

// GetCredentialsForIdentity gives temporary credentials: a session of the role that
// the pool has for the caller (the enhanced flow).
func (o *Operations) GetCredentialsForIdentity(ctx context.Context, in *identity.GetCredentialsForIdentityInput) (*identity.GetCredentialsForIdentityResponse, error) {
	var g *grant
	var err error
	if token, ok := in.Logins[identitytokens.Provider]; ok {
		g, err = o.grantForToken(ctx, in, token)
	} else {
		g, err = o.grantForLogins(ctx, in)
	}
	if err != nil {
		return nil, err
	}
	session, err := o.session(ctx, g)
	if err != nil {
		return nil, err
	}
	return &identity.GetCredentialsForIdentityResponse{
		IdentityId: g.identity,
		Credentials: &identity.Credentials{
			AccessKeyId: &session.AccessKeyID, SecretKey: &session.SecretAccessKey, SessionToken: &session.SessionToken,
			Expiration: api.TimeOf(session.Expires),
		},
	}, nil
}

// grantForLogins decides for a guest, or by logins.
func (o *Operations) grantForLogins(ctx context.Context, in *identity.GetCredentialsForIdentityInput) (*grant, error) {
	who, pool, err := o.find(ctx, in.IdentityId)
	if err != nil {
		return nil, err
	}
	c, err := o.caller(ctx, pool, who, in.Logins)
	if err != nil {
		return nil, err
	}
	g := &grant{pool: c.pool, identity: c.who.ID, methods: methods(c.logins), guest: len(c.logins) == 0}
	roles := o.roles(c.pool)
	if g.guest {
		g.role, err = roles.Guest(in.CustomRoleArn)
		return g, err
	}
	if g.role, err = roles.Authenticated(choices(c.logins), in.CustomRoleArn); err != nil {
		return nil, err
	}
	g.tags, err = o.principalTags(c.pool, c.logins)
	return g, err
}

func (o *Operations) roles(pool *store.IdentityPool) rolechoice.Pool {
	return rolechoice.Pool{Roles: pool.Settings.Roles, Mappings: o.mappings(pool)}
}

// grantForToken decides by a token that GetOpenIdTokenForDeveloperIdentity has made,
// whose tags go into the session. It is good while the developer's login that it
// tells belongs to the identity.
func (o *Operations) grantForToken(ctx context.Context, in *identity.GetCredentialsForIdentityInput, token string) (*grant, error) {
	who, pool, err := o.find(ctx, in.IdentityId)
	if err != nil {
		return nil, err
	}
	said, err := o.Tokens.Verify(ctx, token)
	var late *identitytokens.ExpiredError
	switch {
	case errors.As(err, &late):
		return nil, identity.NotAuthorizedException("Invalid login token. Token expired: %d >= %d", late.Now.Unix(), late.Expires.Unix())
	case errors.Is(err, identitytokens.ErrInvalid):
		return nil, identity.NotAuthorizedException("Invalid login token. Couldn't verify signed token.").Because(err)
	case err != nil:
		return nil, err
	case len(in.Logins) > 1, said.PoolID != pool.ID, said.IdentityID != who.ID, !developerVouches(pool, who, said.Methods):
		return nil, errNoMatch()
	}
	g := &grant{pool: pool, identity: who.ID, methods: said.Methods, tags: said.Tags}
	g.role, err = o.roles(pool).Authenticated(nil, in.CustomRoleArn)
	return g, err
}

// developerVouches reports whether one of the developer's logins that a token tells
// is still the identity's.
func developerVouches(pool *store.IdentityPool, who *store.Identity, methods []string) bool {
	name := pool.Settings.Pool.DeveloperProviderName
	if name == "" {
		return false
	}
	before := name + ":" + pool.ID + ":"
	return slices.ContainsFunc(methods, func(m string) bool {
		user, ok := strings.CutPrefix(m, before)
		return ok && who.Login(name, user) != nil
	})
}

// session gets the session, of this installation or of the service that the operator
// has named.
func (o *Operations) session(ctx context.Context, g *grant) (*access.Session, error) {
	if o.STS != nil {
		return o.exchange(ctx, g)
	}
	return o.assume(ctx, g)
}

// assume gets a session of a role of this installation.
func (o *Operations) assume(ctx context.Context, g *grant) (*access.Session, error) {
	keys := iam.Keys{
		identitytokens.Provider + ":aud": {g.pool.ID},
		identitytokens.Provider + ":amr": g.methods,
		identitytokens.Provider + ":sub": {g.identity},
	}
	session, err := o.Access.Assume(ctx, access.Assumption{
		Action: "sts:AssumeRoleWithWebIdentity", RoleARN: g.role, SessionName: sessionName, Duration: sessionLifetime,
		Federated: identitytokens.Provider, Vouched: identitytokens.AccountProviders(g.methods), Keys: keys, SessionKeys: keys, Tags: g.tags, Guest: g.guest,
	})
	if _, refused := errors.AsType[*access.Refusal](err); refused {
		return nil, errMisconfigured().Because(err)
	}
	return session, err
}

func errMisconfigured() *api.Error {
	return identity.InvalidIdentityPoolConfigurationException("Invalid identity pool configuration. Check assigned IAM roles for this pool.")
}
