package directory

import (
	"context"
	"slices"

	"cognate/internal/store"
)

// Providers lists the identity providers of a pool by name, whatever Region the
// request is for.
func (d *Directory) Providers(ctx context.Context, poolID string) ([]*store.IdentityProvider, error) {
	return listOf(ctx, d, d.providers, poolID, (*store.Tx).IdentityProviders)
}

// Provider finds an identity provider of a pool by its name; nil when there is
// none.
func (d *Directory) Provider(ctx context.Context, poolID, name string) (*store.IdentityProvider, error) {
	return d.providerWhere(ctx, poolID, func(p *store.IdentityProvider) bool { return p.Name == name })
}

// ProviderIdentified finds an identity provider of a pool by one of its identifiers;
// nil when there is none.
func (d *Directory) ProviderIdentified(ctx context.Context, poolID, identifier string) (*store.IdentityProvider, error) {
	return d.providerWhere(ctx, poolID, func(p *store.IdentityProvider) bool { return slices.Contains(p.Settings.Identifiers, identifier) })
}

func (d *Directory) providerWhere(ctx context.Context, poolID string, fits func(*store.IdentityProvider) bool) (*store.IdentityProvider, error) {
	list, err := d.Providers(ctx, poolID)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(list, fits); i >= 0 {
		return list[i], nil
	}
	return nil, nil //nolint:nilnil // there is none
}
