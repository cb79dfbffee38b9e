package identitypools

import (
	"cmp"
	"context"
	"strings"

	"github.com/google/uuid"

	"cognate/internal/api/identity"
	"cognate/internal/store"
)

// CreateIdentityPool makes a pool.
func (o *Operations) CreateIdentityPool(ctx context.Context, in *identity.CreateIdentityPoolInput) (*identity.IdentityPool, error) {
	now, region := o.Now(), o.region(ctx)
	id, err := o.newPoolID(region, in.IdentityPoolTags)
	if err != nil {
		return nil, err
	}
	pool := &store.IdentityPool{ID: id, Region: region, Name: in.IdentityPoolName, CreatedAt: now, ModifiedAt: now}
	pool.Settings.Pool = identity.IdentityPool{
		IdentityPoolId:                 pool.ID,
		IdentityPoolName:               in.IdentityPoolName,
		AllowUnauthenticatedIdentities: in.AllowUnauthenticatedIdentities,
		AllowClassicFlow:               in.AllowClassicFlow,
		SupportedLoginProviders:        in.SupportedLoginProviders,
		DeveloperProviderName:          in.DeveloperProviderName,
		OpenIdConnectProviderARNs:      in.OpenIdConnectProviderARNs,
		CognitoIdentityProviders:       in.CognitoIdentityProviders,
		SamlProviderARNs:               in.SamlProviderARNs,
		IdentityPoolTags:               in.IdentityPoolTags,
	}
	if err := o.check(&pool.Settings.Pool); err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, o.insert(ctx, tx, pool)
	})
	if err != nil {
		return nil, err
	}
	return describe(pool), nil
}

func (o *Operations) insert(ctx context.Context, tx *store.Tx, pool *store.IdentityPool) error {
	n, err := tx.CountIdentityPools(ctx, pool.Region)
	if err != nil {
		return err
	}
	if n >= cmp.Or(o.Quota, DefaultQuota) {
		return identity.LimitExceededException("Account has exceeded the maximum number of identity pools.")
	}
	made, err := tx.InsertIdentityPool(ctx, pool)
	if err == nil && !made {
		err = identity.InvalidParameterException("IdentityPool '%s' already exists.", pool.ID)
	}
	return err
}

// chosenIDTag is the tag by which a new pool asks for its id in dev.
const chosenIDTag = "cognate:id"

func (o *Operations) newPoolID(region string, tags map[string]string) (string, error) {
	chosen, asked := tags[chosenIDTag]
	if !asked || !o.AllowChosenIDs {
		return newID(region), nil
	}
	rest, ok := strings.CutPrefix(chosen, region+":")
	if _, err := uuid.Parse(rest); !ok || err != nil || len(rest) != len(uuid.UUID{}.String()) || strings.ToLower(rest) != rest {
		return "", identity.InvalidParameterException("The tag %s must be %s: followed by a UUID in small letters.", chosenIDTag, region)
	}
	return chosen, nil
}

// UpdateIdentityPool replaces the settings of a pool. What the request leaves out is
// reset, but for the name of the developer provider, which cannot change.
func (o *Operations) UpdateIdentityPool(ctx context.Context, in *identity.IdentityPool) (*identity.IdentityPool, error) {
	pool, err := o.load(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	settings := *in
	before := pool.Settings.Pool.DeveloperProviderName
	settings.DeveloperProviderName = cmp.Or(in.DeveloperProviderName, before)
	if before != "" && settings.DeveloperProviderName != before {
		return nil, identity.InvalidParameterException("The developer provider name cannot be changed once it is set.")
	}
	if err := o.check(&settings); err != nil {
		return nil, err
	}
	pool.Settings.Pool = settings
	if err := o.save(ctx, pool); err != nil {
		return nil, err
	}
	return describe(pool), nil
}

// DescribeIdentityPool shows a pool.
func (o *Operations) DescribeIdentityPool(ctx context.Context, in *identity.DescribeIdentityPoolInput) (*identity.IdentityPool, error) {
	pool, err := o.Directory.IdentityPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	return describe(pool), nil
}

// DeleteIdentityPool removes a pool and its identities, those of a large pool by and by.
// Sessions that it gave end by themselves.
func (o *Operations) DeleteIdentityPool(ctx context.Context, in *identity.DeleteIdentityPoolInput) error {
	if _, err := o.Directory.IdentityPool(ctx, in.IdentityPoolId); err != nil {
		return err
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.DeleteIdentityPool(ctx, in.IdentityPoolId, o.Now())
	})
	o.Directory.ForgetIdentityPool(in.IdentityPoolId)
	return err
}

// ListIdentityPools lists the pools of the Region.
func (o *Operations) ListIdentityPools(ctx context.Context, in *identity.ListIdentityPoolsInput) (*identity.ListIdentityPoolsResponse, error) {
	region := o.region(ctx)
	scope := "ListIdentityPools\n" + region
	after, err := o.Paging.After(in.NextToken, scope)
	if err != nil {
		return nil, err
	}
	limit := int(in.MaxResults)
	found, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.IdentityPool, error) {
		return tx.ListIdentityPools(ctx, region, after, limit+1)
	})
	if err != nil {
		return nil, err
	}
	out := &identity.ListIdentityPoolsResponse{IdentityPools: []identity.IdentityPoolShortDescription{}}
	if len(found) > limit {
		found = found[:limit]
		out.NextToken = o.Paging.Encode(scope, found[limit-1].ID)
	}
	for _, pool := range found {
		out.IdentityPools = append(out.IdentityPools, identity.IdentityPoolShortDescription{IdentityPoolId: pool.ID, IdentityPoolName: pool.Name})
	}
	return out, nil
}

// describe gives the pool as the API shows it: without lists and maps that are
// empty, but for tags.
func describe(pool *store.IdentityPool) *identity.IdentityPool {
	shown := pool.Settings.Pool
	if shown.IdentityPoolTags == nil {
		shown.IdentityPoolTags = map[string]string{}
	}
	if len(shown.SupportedLoginProviders) == 0 {
		shown.SupportedLoginProviders = nil
	}
	if len(shown.CognitoIdentityProviders) == 0 {
		shown.CognitoIdentityProviders = nil
	}
	if len(shown.OpenIdConnectProviderARNs) == 0 {
		shown.OpenIdConnectProviderARNs = nil
	}
	if len(shown.SamlProviderARNs) == 0 {
		shown.SamlProviderARNs = nil
	}
	return &shown
}
