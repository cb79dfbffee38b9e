package identitypools

import (
	"cmp"
	"context"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/identitytokens"
	"cognate/internal/cognito/rolechoice"
	"cognate/internal/store"
)

// GetOpenIdTokenForDeveloperIdentity gives a token for a user that the caller vouches
// for by an identifier of the developer provider. The identifier is linked to the
// identity given, else the identity that has it is found or made.
func (o *Operations) GetOpenIdTokenForDeveloperIdentity(ctx context.Context, in *identity.GetOpenIdTokenForDeveloperIdentityInput) (*identity.GetOpenIdTokenForDeveloperIdentityResponse, error) {
	pool, err := o.Directory.IdentityPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	if err := rolechoice.CheckTags(in.PrincipalTags); err != nil {
		return nil, identity.InvalidParameterException("Invalid principal tags.").Because(err)
	}
	logins, err := o.developerLogins(ctx, pool, in.Logins)
	if err != nil {
		return nil, err
	}
	who, err := o.vouchedFor(ctx, pool, in.IdentityId, logins)
	if err != nil {
		return nil, err
	}
	lifetime := identitytokens.DeveloperLifetime
	if in.TokenDuration != nil {
		lifetime = time.Duration(*in.TokenDuration) * time.Second
	}
	token, err := o.Tokens.Mint(ctx, o.token(pool, who, methods(logins), in.PrincipalTags), lifetime)
	if err != nil {
		return nil, err
	}
	return &identity.GetOpenIdTokenForDeveloperIdentityResponse{IdentityId: who.ID, Token: &token}, nil
}

// developerLogins reads Logins of a call in which the developer vouches for a user:
// the developer's login, then those of others, whose tokens are checked.
func (o *Operations) developerLogins(ctx context.Context, pool *store.IdentityPool, given map[string]string) ([]login, error) {
	name := pool.Settings.Pool.DeveloperProviderName
	user := given[name]
	if name == "" || user == "" {
		return nil, identity.InvalidParameterException("Please provide a login of the developer provider of the identity pool.")
	}
	others := make(map[string]string, len(given)-1)
	for key, token := range given {
		if key != name {
			others[key] = token
		}
	}
	public, err := o.verify(ctx, pool, others)
	if api.HasCode(err, "ExternalServiceException") { // which the operation does not have
		err = identity.NotAuthorizedException("Invalid login token.").Because(err)
	}
	if err != nil {
		return nil, err
	}
	first := login{provider: name, subject: user, developer: true, method: identitytokens.DeveloperLogin(name, pool.ID, user)}
	return append([]login{first}, public...), nil
}

// vouchedFor finds or makes the identity of a developer's user. Unlike in public
// calls, identities are never merged: that is asked for by MergeDeveloperIdentities.
func (o *Operations) vouchedFor(ctx context.Context, pool *store.IdentityPool, id string, logins []login) (*store.Identity, error) {
	var given *store.Identity
	if id != "" {
		var err error
		if given, err = o.findIn(ctx, pool, id); err != nil {
			return nil, err
		}
		if given.State == store.IdentityDisabled {
			return nil, errForbidden(id)
		}
	}
	return o.settle(ctx, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return o.vouch(ctx, tx, pool, given, logins)
	})
}

func (o *Operations) vouch(ctx context.Context, tx *store.Tx, pool *store.IdentityPool, given *store.Identity, logins []login) (*store.Identity, error) {
	given, owners, err := lockOwners(ctx, tx, pool.ID, given, logins)
	if err != nil {
		return nil, err
	}
	if given != nil && given.State == store.IdentityDisabled {
		return nil, errForbidden(given.ID)
	}
	user := logins[0]
	for _, owner := range owners {
		switch {
		case given != nil && owner.ID == given.ID, len(owners) == 1 && given == nil:
		case owner.Login(user.provider, user.subject) != nil && given != nil:
			return nil, identity.DeveloperUserAlreadyRegisteredException("The developer user identifier is registered with another identity.")
		default:
			return nil, identity.ResourceConflictException("A login is already linked to another identity.")
		}
	}
	if len(owners) == 1 && hasAll(owners[0], logins) {
		return owners[0], nil
	}
	return o.joinInto(ctx, tx, pool, owners, logins, identity.ResourceConflictException)
}

// MergeDeveloperIdentities gives the logins of the source user's identity to the
// destination user's. The former is disabled.
func (o *Operations) MergeDeveloperIdentities(ctx context.Context, in *identity.MergeDeveloperIdentitiesInput) (*identity.MergeDeveloperIdentitiesResponse, error) {
	pool, err := o.developerPool(ctx, in.IdentityPoolId, in.DeveloperProviderName)
	if err != nil {
		return nil, err
	}
	kept, err := o.settle(ctx, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return o.merge(ctx, tx, pool, in.SourceUserIdentifier, in.DestinationUserIdentifier)
	})
	if err != nil {
		return nil, err
	}
	return &identity.MergeDeveloperIdentitiesResponse{IdentityId: kept.ID}, nil
}

func (o *Operations) merge(ctx context.Context, tx *store.Tx, pool *store.IdentityPool, source, destination string) (*store.Identity, error) {
	name := pool.Settings.Pool.DeveloperProviderName
	users := []login{{provider: name, subject: source, developer: true}, {provider: name, subject: destination, developer: true}}
	_, owners, err := lockOwners(ctx, tx, pool.ID, nil, users)
	if err != nil {
		return nil, err
	}
	var found [2]*store.Identity
	for i, user := range users {
		n := slices.IndexFunc(owners, func(owner *store.Identity) bool { return owner.Login(name, user.subject) != nil })
		if n < 0 {
			return nil, errNoUser(user.subject)
		}
		found[i] = owners[n]
	}
	from, to := found[0], found[1]
	if from == to {
		return to, nil
	}
	if err := fits(owners, nil, identity.ResourceConflictException); err != nil {
		return nil, err
	}
	now := o.Now()
	if err := takeOver(ctx, tx, to, from, now); err != nil {
		return nil, err
	}
	return to, link(ctx, tx, to, nil, now)
}

// UnlinkDeveloperIdentity takes a user identifier from an identity.
func (o *Operations) UnlinkDeveloperIdentity(ctx context.Context, in *identity.UnlinkDeveloperIdentityInput) error {
	pool, err := o.developerPool(ctx, in.IdentityPoolId, in.DeveloperProviderName)
	if err != nil {
		return err
	}
	if _, err := o.findIn(ctx, pool, in.IdentityId); err != nil {
		return err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		who, err := lockIdentity(ctx, tx, in.IdentityId)
		if err != nil {
			return struct{}{}, err
		}
		if who.Login(in.DeveloperProviderName, in.DeveloperUserIdentifier) == nil {
			return struct{}{}, noSuchUser(ctx, tx, pool, in)
		}
		return struct{}{}, o.unlink(ctx, tx, who, func(l store.IdentityLogin) bool {
			return l.Provider == in.DeveloperProviderName && l.Subject == in.DeveloperUserIdentifier
		})
	})
	return err
}

// noSuchUser says why a user cannot be taken from an identity that does not have it.
func noSuchUser(ctx context.Context, tx *store.Tx, pool *store.IdentityPool, in *identity.UnlinkDeveloperIdentityInput) error {
	owner, err := tx.IdentityByLogin(ctx, pool.ID, in.DeveloperProviderName, in.DeveloperUserIdentifier)
	switch {
	case err != nil:
		return err
	case owner != nil:
		return identity.ResourceConflictException("The developer user identifier is linked to another identity.")
	}
	return errNoUser(in.DeveloperUserIdentifier)
}

func errNoUser(user string) error {
	return identity.ResourceNotFoundException("Developer user identifier '%s' not found.", user)
}

// developerPool finds a pool that has the developer provider named.
func (o *Operations) developerPool(ctx context.Context, id, name string) (*store.IdentityPool, error) {
	pool, err := o.Directory.IdentityPool(ctx, id)
	if err != nil {
		return nil, err
	}
	if pool.Settings.Pool.DeveloperProviderName != name {
		return nil, identity.InvalidParameterException("%s is not the developer provider of the identity pool.", name)
	}
	return pool, nil
}

// LookupDeveloperIdentity tells the identity of a user, or the users of an identity.
func (o *Operations) LookupDeveloperIdentity(ctx context.Context, in *identity.LookupDeveloperIdentityInput) (*identity.LookupDeveloperIdentityResponse, error) {
	if in.IdentityId == "" && in.DeveloperUserIdentifier == "" {
		return nil, identity.InvalidParameterException("Please provide either an IdentityId or a DeveloperUserIdentifier.")
	}
	pool, err := o.Directory.IdentityPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	name := pool.Settings.Pool.DeveloperProviderName
	if in.IdentityId == "" {
		return o.lookupUser(ctx, pool, in.DeveloperUserIdentifier)
	}
	who, err := o.findIn(ctx, pool, in.IdentityId)
	if err != nil {
		return nil, err
	}
	if in.DeveloperUserIdentifier == "" {
		return o.lookupIdentity(ctx, in, name, who)
	}
	if who.Login(name, in.DeveloperUserIdentifier) == nil {
		return nil, identity.ResourceConflictException("The developer user identifier is not linked to the identity.")
	}
	return &identity.LookupDeveloperIdentityResponse{IdentityId: who.ID, DeveloperUserIdentifierList: []string{in.DeveloperUserIdentifier}}, nil
}

func (o *Operations) lookupUser(ctx context.Context, pool *store.IdentityPool, user string) (*identity.LookupDeveloperIdentityResponse, error) {
	who, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Identity, error) {
		return tx.IdentityByLogin(ctx, pool.ID, pool.Settings.Pool.DeveloperProviderName, user)
	})
	switch {
	case err != nil:
		return nil, err
	case who == nil:
		return nil, errNoUser(user)
	}
	return &identity.LookupDeveloperIdentityResponse{IdentityId: who.ID, DeveloperUserIdentifierList: []string{user}}, nil
}

// maxPage is the size of a page when the request names none.
const maxPage = 60

// lookupIdentity lists a page of the users of an identity. There are at most
// maxLogins, sorted here.
func (o *Operations) lookupIdentity(_ context.Context, in *identity.LookupDeveloperIdentityInput, provider string, who *store.Identity) (*identity.LookupDeveloperIdentityResponse, error) {
	scope := "LookupDeveloperIdentity\n" + who.ID
	after, err := o.Paging.After(in.NextToken, scope)
	if err != nil {
		return nil, err
	}
	limit := maxPage
	if in.MaxResults != nil {
		limit = int(*in.MaxResults)
	}
	users := []string{}
	for _, l := range who.Logins {
		if l.Provider == provider && cmp.Compare(l.Subject, after) > 0 {
			users = append(users, l.Subject)
		}
	}
	slices.Sort(users)
	out := &identity.LookupDeveloperIdentityResponse{IdentityId: who.ID, DeveloperUserIdentifierList: users}
	if len(users) > limit {
		out.DeveloperUserIdentifierList = users[:limit]
		out.NextToken = o.Paging.Encode(scope, users[limit-1])
	}
	return out, nil
}
