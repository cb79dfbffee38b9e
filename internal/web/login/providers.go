package login

import (
	"context"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/sso"
	"cognate/internal/cognito/style"
	"cognate/internal/store"
	"cognate/internal/web/pages"
)

// clientProviders lists the identity providers that the client takes users from,
// beside the pool itself, in the client's order.
func (v *visit) clientProviders(ctx context.Context) ([]*store.IdentityProvider, error) {
	known, err := v.p.Directory.Providers(ctx, v.client.PoolID)
	if err != nil {
		return nil, err
	}
	var list []*store.IdentityProvider
	for _, name := range v.client.Config().SupportedIdentityProviders {
		i := slices.IndexFunc(known, func(p *store.IdentityProvider) bool { return p.Name == name })
		if name != sso.LocalProvider && i >= 0 {
			list = append(list, known[i])
		}
	}
	return list, nil
}

// offerProviders fills in what the first page offers of providers: buttons, or an
// input for an address whose domain leads to one (endpoints.md §6.2). Buttons
// begin the request anew, with the provider in it.
func (v *visit) offerProviders(ctx context.Context, page *pages.SignIn) error {
	if v.request.Provider != "" {
		return nil
	}
	list, err := v.clientProviders(ctx)
	if err != nil {
		return err
	}
	page.DomainSearch = v.byDomain(list)
	for _, p := range list {
		if page.DomainSearch && p.Type == api.IdentityProviderTypeTypeSaml {
			continue
		}
		query := maps.Clone(v.query)
		query.Set("identity_provider", p.Name)
		page.Providers = append(page.Providers, pages.Provider{
			Name: p.Name, Type: p.Type, Href: v.site.Path + "/oauth2/authorize?" + query.Encode(),
		})
	}
	return nil
}

// byDomain reports whether an address leads to the SAML providers instead of
// buttons: where each of them has an identifier and, in managed login, the style
// says so.
func (v *visit) byDomain(list []*store.IdentityProvider) bool {
	every := false
	for _, p := range list {
		if p.Type != api.IdentityProviderTypeTypeSaml {
			continue
		}
		if len(p.Settings.Identifiers) == 0 {
			return false
		}
		every = true
	}
	return every && (v.version == classic || v.style != nil && v.style.Settings.Categories.Auth.Federation.InterfaceStyle == style.SearchInput)
}

// toDomain sends the browser to the provider of an address, by the part behind the
// last @.
func (v *visit) toDomain(ctx context.Context, address string) error {
	list, err := v.clientProviders(ctx)
	if err != nil {
		return err
	}
	identifier := strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
	for _, p := range list {
		for _, known := range p.Settings.Identifiers {
			if !strings.EqualFold(known, identifier) {
				continue
			}
			query := maps.Clone(v.query)
			query.Set("idp_identifier", known)
			v.redirect(v.site.Base + "/oauth2/authorize?" + query.Encode())
			return nil
		}
	}
	v.tx.Error = say("error.provider")
	return v.turn(ctx, "/login")
}
