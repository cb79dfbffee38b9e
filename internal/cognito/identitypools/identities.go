package identitypools

import (
	"context"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/access"
	"cognate/internal/store"
)

// DescribeIdentity shows an identity with the names of its providers.
func (o *Operations) DescribeIdentity(ctx context.Context, in *identity.DescribeIdentityInput) (*identity.IdentityDescription, error) {
	who, _, err := o.find(ctx, in.IdentityId)
	if err != nil {
		return nil, err
	}
	shown := describeIdentity(who)
	return &shown, nil
}

// ListIdentities lists the identities of a pool, the disabled ones too unless the
// request hides them.
func (o *Operations) ListIdentities(ctx context.Context, in *identity.ListIdentitiesInput) (*identity.ListIdentitiesResponse, error) {
	pool, err := o.Directory.IdentityPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	scope := strings.Join([]string{"ListIdentities", pool.ID}, "\n")
	after, err := o.Paging.After(in.NextToken, scope)
	if err != nil {
		return nil, err
	}
	limit := int(in.MaxResults)
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.Identity, error) {
		return tx.ListIdentities(ctx, pool.ID, after, in.HideDisabled, limit+1)
	})
	if err != nil {
		return nil, err
	}
	out := &identity.ListIdentitiesResponse{IdentityPoolId: pool.ID, Identities: []identity.IdentityDescription{}}
	if len(found) > limit {
		found = found[:limit]
		out.NextToken = o.Paging.Encode(scope, found[limit-1].ID)
	}
	for _, who := range found {
		out.Identities = append(out.Identities, describeIdentity(who))
	}
	return out, nil
}

// describeIdentity gives an identity as the API shows it: providers without who
// somebody is there, each once.
func describeIdentity(who *store.Identity) identity.IdentityDescription {
	names := []string{}
	for _, l := range who.Logins {
		if !slices.Contains(names, l.Provider) {
			names = append(names, l.Provider)
		}
	}
	return identity.IdentityDescription{
		IdentityId: who.ID, Logins: names,
		CreationDate: api.TimeOf(who.CreatedAt), LastModifiedDate: api.TimeOf(who.ModifiedAt),
	}
}

// UnlinkIdentity takes logins from an identity whose owner the caller shows to be by
// others, or by the same. Whoever comes with a login that was taken is somebody new.
func (o *Operations) UnlinkIdentity(ctx context.Context, in *identity.UnlinkIdentityInput) error {
	who, pool, err := o.find(ctx, in.IdentityId)
	if err != nil {
		return err
	}
	logins, err := o.verify(ctx, pool, in.Logins)
	if err != nil {
		return err
	}
	known := o.providersOf(pool)
	remove := make(map[string]bool, len(in.LoginsToRemove))
	for _, name := range in.LoginsToRemove {
		p := known[name]
		if p != nil && p.kind == byDeveloper {
			return api.ValidationException("Please provide a valid public provider.")
		}
		if p != nil {
			name = p.name
		}
		remove[name] = true
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		who, err := lockIdentity(ctx, tx, who.ID)
		if err != nil {
			return struct{}{}, err
		}
		if len(logins) == 0 || !hasAll(who, logins) {
			return struct{}{}, errNoMatch()
		}
		for name := range remove {
			if !slices.ContainsFunc(who.Logins, func(l store.IdentityLogin) bool { return l.Provider == name && !l.Developer }) {
				return struct{}{}, identity.ResourceNotFoundException("The identity has no login of '%s'.", name)
			}
		}
		return struct{}{}, o.unlink(ctx, tx, who, func(l store.IdentityLogin) bool { return remove[l.Provider] && !l.Developer })
	})
	return err
}

// lockIdentity reads an identity that nobody else changes until the transaction ends.
func lockIdentity(ctx context.Context, tx *store.Tx, id string) (*store.Identity, error) {
	if err := tx.LockIdentities(ctx, id); err != nil {
		return nil, err
	}
	return tx.Identity(ctx, id)
}

// unlink takes logins from an identity, which is disabled when it has none left.
func (o *Operations) unlink(ctx context.Context, tx *store.Tx, who *store.Identity, leaves func(store.IdentityLogin) bool) error {
	for _, l := range slices.Clone(who.Logins) {
		if !leaves(l) {
			continue
		}
		if _, err := tx.DeleteIdentityLogin(ctx, who, l.Provider, l.Subject); err != nil {
			return err
		}
	}
	who.ModifiedAt = o.Now()
	if len(who.Logins) == 0 {
		who.State = store.IdentityDisabled
	}
	return tx.SaveIdentity(ctx, who)
}

// DeleteIdentities removes identities of any pool of the Region. Those that are not
// there count as removed; those that the caller may not delete stay, and the answer
// says so.
func (o *Operations) DeleteIdentities(ctx context.Context, in *identity.DeleteIdentitiesInput) (*identity.DeleteIdentitiesResponse, error) {
	denied := access.DeniedFrom(ctx)
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		for _, id := range in.IdentityIdsToDelete {
			if slices.Contains(denied, id) || !strings.HasPrefix(id, o.region(ctx)+":") {
				continue // not the caller's, or none of this Region's
			}
			if err := tx.DeleteIdentity(ctx, id); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		return nil, err
	}
	out := &identity.DeleteIdentitiesResponse{UnprocessedIdentityIds: []identity.UnprocessedIdentityId{}}
	for _, id := range denied {
		out.UnprocessedIdentityIds = append(out.UnprocessedIdentityIds, identity.UnprocessedIdentityId{
			IdentityId: id, ErrorCode: identity.ErrorCodeAccessDenied,
		})
	}
	return out, nil
}
