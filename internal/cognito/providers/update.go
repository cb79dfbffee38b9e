package providers

import (
	"context"
	"maps"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/idp"
	"cognate/internal/store"
)

// UpdateIdentityProvider changes the members that the request has. A map or list in
// it takes the place of the old one; of the details, required ones and secrets that
// are left out keep their value.
func (o *Operations) UpdateIdentityProvider(ctx context.Context, in *api.UpdateIdentityProviderRequest) (*api.UpdateIdentityProviderResponse, error) {
	old, err := o.find(ctx, in.UserPoolId, in.ProviderName)
	if err != nil {
		return nil, err
	}
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	p := *old
	p.ModifiedAt = o.Now().UTC().Truncate(time.Millisecond)
	if in.IdpIdentifiers != nil {
		p.Settings.Identifiers = in.IdpIdentifiers
	}
	if in.AttributeMapping != nil {
		if p.Settings.AttributeMapping, err = mapping(pool, p.Type, in.AttributeMapping); err != nil {
			return nil, err
		}
	}
	if in.AcrMapping != nil {
		if p.Settings.AcrMapping, err = levels(p.Type, in.AcrMapping); err != nil {
			return nil, err
		}
	}
	var kept *store.ProviderMetadata
	if in.ProviderDetails != nil {
		if kept, err = o.settle(ctx, &p, old, in.ProviderDetails); err != nil {
			return nil, err
		}
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, save(ctx, tx, &p, kept)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(pool.ID)
	o.Audit.Write(ctx, audit.Record{Action: audit.ProviderSet, PoolID: pool.ID, Object: p.Name})
	return &api.UpdateIdentityProviderResponse{IdentityProvider: describe(&p)}, nil
}

func save(ctx context.Context, tx *store.Tx, p *store.IdentityProvider, kept *store.ProviderMetadata) error {
	if p.Settings.Details[idp.IDPInit] == idp.True {
		if err := checkClients(ctx, tx, p); err != nil {
			return err
		}
	}
	if err := tx.SaveIdentityProvider(ctx, p); err != nil {
		return err
	}
	if kept == nil {
		return nil
	}
	return tx.PutProviderMetadata(ctx, kept)
}

// somePage is how many clients are read at a time.
const somePage = 100

// checkClients refuses to let a provider begin sign-ins by itself that a client has
// beside others than SAML (federation.md §3.6).
func checkClients(ctx context.Context, tx *store.Tx, p *store.IdentityProvider) error {
	all, err := tx.IdentityProviders(ctx, p.PoolID)
	if err != nil {
		return err
	}
	for after := ""; ; {
		clients, err := tx.ListClients(ctx, p.PoolID, after, somePage)
		if err != nil {
			return err
		}
		for _, c := range clients {
			names := c.Settings.SupportedIdentityProviders
			if slices.Contains(names, p.Name) && !idp.OnlySAML(names, all) {
				return api.InvalidParameterException("Client %s has identity providers other than SAML, "+
					"which cannot be combined with identity provider initiated sign-in.", c.ID)
			}
		}
		if len(clients) < somePage {
			return nil
		}
		after = clients[len(clients)-1].ID
	}
}

// resolve finds the addresses of a provider of OpenID Connect: all four as they were
// given, or those of the discovery document. A secret is not sent to an address that
// it was not entered for (S116): secret says that the request has it.
func (o *Operations) resolve(ctx context.Context, details, before map[string]string, secret bool) error {
	given := 0
	for _, key := range endpoints {
		if details[key] != "" {
			given++
		}
	}
	moved := before != nil && details[issuer] != before[issuer]
	sentBack := given > 0 && before != nil && before[idp.ManualEndpoints] != idp.True && !moved && same(details, before)
	switch {
	case given == 0, sentBack: // addresses that were shown after discovery are not meant as given by hand
		moved = moved || before[idp.ManualEndpoints] == idp.True
	case given < len(endpoints):
		return api.InvalidParameterException("authorize_url, token_url, attributes_url and jwks_uri have to be given together.")
	default:
		details[idp.ManualEndpoints] = idp.True
		moved = moved || before != nil && !same(details, before)
	}
	if moved && !secret && details[clientSecret] != "" {
		return api.InvalidParameterException("client_secret has to be given anew with other endpoints of the provider.")
	}
	if details[idp.ManualEndpoints] == idp.True {
		return nil
	}
	found, err := o.Asker.Discover(ctx, details[issuer])
	if err != nil {
		return api.InvalidParameterException("Unable to contact well-known endpoint")
	}
	maps.Copy(details, map[string]string{
		authorizeURL: found.Authorize, tokenURL: found.Token, attributesURL: found.UserInfo, keysURL: found.Keys,
	})
	return nil
}

// same reports whether two providers have the same addresses.
func same(a, b map[string]string) bool {
	return !slices.ContainsFunc(endpoints, func(key string) bool { return a[key] != b[key] })
}
