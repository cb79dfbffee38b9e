package clients

import (
	"cmp"
	"context"
	"slices"

	"cognate/internal/api"
	"cognate/internal/cognito/authorization"
	"cognate/internal/store"
)

// CheckRedirectURI says what is wrong with an address to send browsers to, in the
// words of CreateUserPoolClient.
func (o *Operations) CheckRedirectURI(address string) error {
	return checkRedirect("CallbackURLs", address)
}

// MakeRegistered makes a client by dynamic registration. It signs in the pool's own
// users, and those of every identity provider that the pool has now, but for SAML
// providers that begin sign-ins by themselves: those go with no other.
func (o *Operations) MakeRegistered(ctx context.Context, c authorization.NewClient) (*store.Client, error) {
	id, now := newClientID(), o.Now()
	var secrets []store.ClientSecret
	if c.Confidential {
		secrets = append(secrets, newSecret(id, generateSecret(), now, nil))
	}
	return store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Client, error) {
		c.Settings.SupportedIdentityProviders = []string{ownDirectory}
		providers, err := tx.IdentityProviders(ctx, c.PoolID)
		if err != nil {
			return nil, err
		}
		for _, p := range providers {
			if !begins(p) {
				c.Settings.SupportedIdentityProviders = append(c.Settings.SupportedIdentityProviders, p.Name)
			}
		}
		client := &store.Client{
			PoolID: c.PoolID, ID: id, Name: cmp.Or(c.Name, id), CreatedAt: now, ModifiedAt: now, Secrets: secrets,
			Settings: configure(c.Settings), Registration: c.Registration,
		}
		return client, o.insert(ctx, tx, client)
	})
}

// clientType is how the API calls the way a client came about.
func clientType(c *store.Client) api.ClientTypeType {
	if c.Registration != "" {
		return api.ClientTypeTypeDcr
	}
	return api.ClientTypeTypeRegular
}

// checkRegistered keeps the right to register clients from those that have
// registered themselves (newest-features.md §11.1).
func checkRegistered(s *subject) error {
	if s.registered && slices.Contains(s.client.AllowedOAuthScopes, registerScope) {
		return api.InvalidParameterException("Invalid scope requested: %s", registerScope)
	}
	return nil
}

// notRegistered refuses operations on the secrets of such clients.
func notRegistered(c *store.Client) error {
	if c.Registration == "" {
		return nil
	}
	return api.InvalidParameterException("Client secrets of user pool client %s can not be managed: it was registered dynamically.", c.ID)
}
