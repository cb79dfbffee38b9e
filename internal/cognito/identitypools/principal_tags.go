package identitypools

import (
	"context"
	"maps"

	"cognate/internal/api/identity"
	"cognate/internal/store"
)

// SetPrincipalTagAttributeMap says which claims of a provider become principal
// tags. Without defaults and without tags there are none.
func (o *Operations) SetPrincipalTagAttributeMap(ctx context.Context, in *identity.SetPrincipalTagAttributeMapInput) (*identity.SetPrincipalTagAttributeMapResponse, error) {
	err := o.change(ctx, in.IdentityPoolId, func(pool *store.IdentityPool) error {
		name, err := o.tagged(pool, in.IdentityProviderName)
		if err != nil {
			return err
		}
		all := make(map[string]store.TagMap, len(pool.Settings.TagMaps)+1)
		maps.Copy(all, pool.Settings.TagMaps)
		all[name] = store.TagMap{UseDefaults: in.UseDefaults, Claims: in.PrincipalTags}
		pool.Settings.TagMaps = all
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &identity.SetPrincipalTagAttributeMapResponse{
		IdentityPoolId: in.IdentityPoolId, IdentityProviderName: in.IdentityProviderName,
		UseDefaults: in.UseDefaults, PrincipalTags: in.PrincipalTags,
	}, nil
}

// GetPrincipalTagAttributeMap shows what SetPrincipalTagAttributeMap has set; no
// tags for a provider for which nothing was set.
func (o *Operations) GetPrincipalTagAttributeMap(ctx context.Context, in *identity.GetPrincipalTagAttributeMapInput) (*identity.GetPrincipalTagAttributeMapResponse, error) {
	pool, err := o.Directory.IdentityPool(ctx, in.IdentityPoolId)
	if err != nil {
		return nil, err
	}
	name, err := o.tagged(pool, in.IdentityProviderName)
	if err != nil {
		return nil, err
	}
	set := pool.Settings.TagMaps[name]
	return &identity.GetPrincipalTagAttributeMapResponse{
		IdentityPoolId: in.IdentityPoolId, IdentityProviderName: in.IdentityProviderName,
		UseDefaults: set.UseDefaults, PrincipalTags: set.Claims,
	}, nil
}

// tagged gives the name under which the pool keeps the tags of a provider, which
// must be one of the pool's whose tokens have claims.
func (o *Operations) tagged(pool *store.IdentityPool, name string) (string, error) {
	for key, p := range o.providersOf(pool) {
		if p.kind != byDeveloper && (key == name || p.claims == name) {
			return p.claims, nil
		}
	}
	return "", identity.ResourceNotFoundException("The identity pool has no provider '%s'.", name)
}
