package access

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/cognito/audit"
	"cognate/internal/protocol/saml"
	"cognate/internal/store"
)

// ProviderInfo is a provider as operators see it: URL and ClientIDs, or Metadata.
type ProviderInfo struct {
	ARN       string   `json:"arn"`
	URL       string   `json:"url,omitzero"`
	ClientIDs []string `json:"clientIds,omitzero"`
	Metadata  string   `json:"metadata,omitzero"`
	Written
}

// PutOIDCProvider adds an OpenID provider by its URL, or replaces the client ids of
// the one that is there.
func (a *Access) PutOIDCProvider(ctx context.Context, caller *Principal, address string, clientIDs []string) (*ProviderInfo, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil, u.Scheme != "https" && (u.Scheme != "http" || !a.Dev), u.Host == "", u.User != nil, u.RawQuery != "", u.Fragment != "",
		strings.HasSuffix(address, "/"), len(address) > 255:
		return nil, invalid("The URL of an OpenID provider is its issuer: https, without a query, and without a slash at its end.")
	case len(clientIDs) == 0, len(clientIDs) > maxClientIDs, slices.Contains(clientIDs, ""):
		return nil, invalid("An OpenID provider has 1 to %d client ids.", maxClientIDs)
	}
	arn := a.iamARN("oidc-provider/" + u.Host + u.EscapedPath())
	return a.putProvider(ctx, caller, arn, store.AccountProviderSettings{URL: address, ClientIDs: clientIDs})
}

// PutSAMLProvider adds a SAML provider, or replaces the metadata of the one of the
// name.
func (a *Access) PutSAMLProvider(ctx context.Context, caller *Principal, name, metadata string) (*ProviderInfo, error) {
	if !nameForm.MatchString(name) {
		return nil, invalid("A provider's name has 1 to 64 letters, digits and characters of +=,.@_-")
	}
	if len(metadata) > maxMetadata {
		return nil, invalid("Metadata has %d bytes at most.", maxMetadata)
	}
	if _, err := saml.ParseMetadata([]byte(metadata), a.Now()); err != nil {
		return nil, invalid("The metadata cannot be used: %s", err)
	}
	return a.putProvider(ctx, caller, a.iamARN("saml-provider/"+name), store.AccountProviderSettings{Metadata: metadata})
}

func (a *Access) putProvider(ctx context.Context, caller *Principal, arn string, settings store.AccountProviderSettings) (*ProviderInfo, error) {
	err := a.consent(ctx, caller, PutProvider, arn)
	if err != nil {
		return nil, err
	}
	if settings.Bounds, err = boundsOf(caller); err != nil {
		return nil, err
	}
	row, err := store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (*store.AccountProvider, error) {
		now := a.Now()
		row, found, err := tx.AccountProvider(ctx, arn)
		if err != nil {
			return nil, err
		}
		if !found {
			row = &store.AccountProvider{ARN: arn, CreatedAt: now}
		}
		row.ModifiedAt, row.Settings = now, settings
		return row, tx.PutAccountProvider(ctx, row)
	})
	if err != nil {
		return nil, err
	}
	a.changed(ctx, audit.TrustSet, arn)
	info := providerInfo(row)
	return &info, nil
}

// Providers lists the providers of the installation.
func (a *Access) Providers(ctx context.Context, caller *Principal) ([]ProviderInfo, error) {
	if err := a.consent(ctx, caller, ListProviders, "*"); err != nil {
		return nil, err
	}
	rows, err := store.Read(ctx, a.DB, func(ctx context.Context, tx *store.Tx) ([]*store.AccountProvider, error) {
		return tx.AccountProviders(ctx)
	})
	if err != nil {
		return nil, err
	}
	list := make([]ProviderInfo, 0, len(rows))
	for _, row := range rows {
		list = append(list, providerInfo(row))
	}
	return list, nil
}

// DeleteProvider removes a provider, and with it the sessions that came of its word.
func (a *Access) DeleteProvider(ctx context.Context, caller *Principal, arn string) error {
	if err := a.consent(ctx, caller, DeleteProvider, arn); err != nil {
		return err
	}
	_, err := store.Write(ctx, a.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		found, err := tx.DeleteAccountProvider(ctx, arn)
		if err == nil && !found {
			err = invalid("There is no provider %s.", arn)
		}
		return struct{}{}, err
	})
	if err == nil {
		a.changed(ctx, audit.TrustRemoved, arn)
	}
	return err
}

func providerInfo(row *store.AccountProvider) ProviderInfo {
	s := row.Settings
	return ProviderInfo{
		ARN: row.ARN, URL: s.URL, ClientIDs: s.ClientIDs, Metadata: s.Metadata,
		Written: Written{row.CreatedAt, row.ModifiedAt, len(s.Bounds) > 0},
	}
}
