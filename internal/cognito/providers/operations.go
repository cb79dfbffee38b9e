package providers

import (
	"cmp"
	"context"
	"encoding/base64"
	"maps"
	"slices"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/idp"
	"cognate/internal/cognito/paging"
	"cognate/internal/outbound/oidc"
	"cognate/internal/store"
)

// DefaultQuota is how many identity providers a pool has unless the installation
// allows more (users-and-pools.md §18).
const DefaultQuota = 300

// Asker reaches providers of OpenID Connect.
type Asker interface {
	Discover(ctx context.Context, issuer string) (*oidc.Discovery, error)
	// Permits tells why an address is none that is called.
	Permits(address string) error
}

// Operations are the operations on identity providers. All fields but the last two
// are set.
type Operations struct {
	DB        *store.DB
	Now       func() time.Time
	Directory *directory.Directory
	Paging    paging.Paging
	SAML      *idp.SAML
	Asker     Asker
	Audit     audit.Trail

	// TestClient is the client_id of social providers that dev plays itself; any
	// private key does for it.
	TestClient string
	// Quota replaces DefaultQuota when it is not 0.
	Quota int
}

// CreateIdentityProvider adds a provider to a pool.
func (o *Operations) CreateIdentityProvider(ctx context.Context, in *api.CreateIdentityProviderRequest) (*api.CreateIdentityProviderResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := checkName(in.ProviderName, in.ProviderType); err != nil {
		return nil, err
	}
	now := o.Now().UTC().Truncate(time.Millisecond)
	p := &store.IdentityProvider{
		PoolID: pool.ID, Name: in.ProviderName, Type: in.ProviderType, CreatedAt: now, ModifiedAt: now, Version: 1,
	}
	p.Settings.Identifiers = in.IdpIdentifiers
	if p.Settings.AttributeMapping, err = mapping(pool, p.Type, in.AttributeMapping); err != nil {
		return nil, err
	}
	if p.Settings.AcrMapping, err = levels(p.Type, in.AcrMapping); err != nil {
		return nil, err
	}
	known, err := o.named(ctx, pool.ID, p.Name)
	if err != nil {
		return nil, err
	}
	if known != nil { // before its addresses are called
		return nil, api.DuplicateProviderException("%s already exists in user pool %s", p.Name, pool.ID)
	}
	kept, err := o.settle(ctx, p, nil, in.ProviderDetails)
	if err != nil {
		return nil, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, o.insert(ctx, tx, p, kept)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(pool.ID)
	o.Audit.Write(ctx, audit.Record{Action: audit.ProviderSet, PoolID: pool.ID, Object: p.Name})
	return &api.CreateIdentityProviderResponse{IdentityProvider: describe(p)}, nil
}

// insert stores a provider within the quota, with its metadata if it has any.
func (o *Operations) insert(ctx context.Context, tx *store.Tx, p *store.IdentityProvider, kept *store.ProviderMetadata) error {
	if _, err := tx.LockPool(ctx, p.PoolID); err != nil {
		return err
	}
	if err := tx.InsertIdentityProvider(ctx, p); err != nil {
		return err
	}
	all, err := tx.IdentityProviders(ctx, p.PoolID)
	if err != nil {
		return err
	}
	if len(all) > cmp.Or(o.Quota, DefaultQuota) {
		return api.LimitExceededException("User pool %s has exceeded the maximum number of identity providers.", p.PoolID)
	}
	if kept == nil {
		return nil
	}
	return tx.PutProviderMetadata(ctx, kept)
}

// settle brings a provider's details into the form in which they are kept: given
// are those of the request, old what the provider was before. It asks the provider
// for what it publishes about itself; the answer is the metadata to be kept.
func (o *Operations) settle(ctx context.Context, p, old *store.IdentityProvider, given map[string]string) (*store.ProviderMetadata, error) {
	var before map[string]string
	if old != nil {
		before = old.Settings.Details
	}
	details, err := o.details(p.Type, given, before)
	if err != nil {
		return nil, err
	}
	p.Settings.Details = details
	if p.Type == api.IdentityProviderTypeTypeSaml {
		return o.introduce(ctx, p)
	}
	if p.Type == api.IdentityProviderTypeTypeOidc {
		err = o.resolve(ctx, details, before, given[clientSecret] != "")
	}
	return nil, err
}

// introduce reads the metadata of a SAML provider and gives it a key to encrypt for.
func (o *Operations) introduce(ctx context.Context, p *store.IdentityProvider) (*store.ProviderMetadata, error) {
	md, kept, err := o.SAML.Obtain(ctx, p)
	if err != nil {
		return nil, err
	}
	idp.Tell(p.Settings.Details, md)
	_, err = o.SAML.Equip(ctx, p)
	return kept, err
}

// DescribeIdentityProvider shows a provider. The certificate that assertions are
// encrypted for is renewed when it has its age.
func (o *Operations) DescribeIdentityProvider(ctx context.Context, in *api.DescribeIdentityProviderRequest) (*api.DescribeIdentityProviderResponse, error) {
	p, err := o.find(ctx, in.UserPoolId, in.ProviderName)
	if err != nil {
		return nil, err
	}
	if p, err = o.renewed(ctx, p); err != nil {
		return nil, err
	}
	return &api.DescribeIdentityProviderResponse{IdentityProvider: describe(p)}, nil
}

// GetIdentityProviderByIdentifier shows the provider that has an identifier.
func (o *Operations) GetIdentityProviderByIdentifier(ctx context.Context, in *api.GetIdentityProviderByIdentifierRequest) (*api.GetIdentityProviderByIdentifierResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	p, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.IdentityProvider, error) {
		all, err := tx.IdentityProviders(ctx, pool.ID)
		for _, p := range all {
			if slices.Contains(p.Settings.Identifiers, in.IdpIdentifier) {
				return p, nil
			}
		}
		return nil, err
	})
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, api.ResourceNotFoundException("Identity provider with identifier %s does not exist.", in.IdpIdentifier)
	}
	if p, err = o.renewed(ctx, p); err != nil {
		return nil, err
	}
	return &api.GetIdentityProviderByIdentifierResponse{IdentityProvider: describe(p)}, nil
}

// renewed gives a SAML provider a new certificate when it is time for one.
func (o *Operations) renewed(ctx context.Context, p *store.IdentityProvider) (*store.IdentityProvider, error) {
	if p.Type != api.IdentityProviderTypeTypeSaml {
		return p, nil
	}
	changed, err := o.SAML.Equip(ctx, p)
	if err != nil || !changed {
		return p, err
	}
	_, err = store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.SaveIdentityProvider(ctx, p)
	})
	if api.HasCode(err, "ConcurrentModificationException") { // whoever was first has renewed it as well, or will
		return o.find(ctx, p.PoolID, p.Name)
	}
	o.Directory.Forget(p.PoolID)
	return p, err
}

// DeleteIdentityProvider removes a provider. Clients keep its name in their lists
// until they are updated, and nobody signs in through it any more. The profiles of
// its users stay.
func (o *Operations) DeleteIdentityProvider(ctx context.Context, in *api.DeleteIdentityProviderRequest) error {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return err
	}
	deleted, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (bool, error) {
		return tx.DeleteIdentityProvider(ctx, pool.ID, in.ProviderName)
	})
	if err != nil {
		return err
	}
	if !deleted {
		return missing(in.ProviderName)
	}
	o.Directory.Forget(pool.ID)
	o.Audit.Write(ctx, audit.Record{Action: audit.ProviderRemoved, PoolID: pool.ID, Object: in.ProviderName})
	return nil
}

// maxPage is the size of a page when the request names none.
const maxPage = 60

// ListIdentityProviders lists the providers of a pool by name.
func (o *Operations) ListIdentityProviders(ctx context.Context, in *api.ListIdentityProvidersRequest) (*api.ListIdentityProvidersResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	scope, limit := "ListIdentityProviders\n"+pool.ID, maxPage
	if in.MaxResults != nil && *in.MaxResults > 0 {
		limit = int(*in.MaxResults)
	}
	after, err := o.Paging.After(in.NextToken, scope)
	if err != nil {
		return nil, err
	}
	all, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) ([]*store.IdentityProvider, error) {
		return tx.IdentityProviders(ctx, pool.ID)
	})
	if err != nil {
		return nil, err
	}
	out := &api.ListIdentityProvidersResponse{Providers: []api.ProviderDescription{}}
	for _, p := range all {
		switch {
		case p.Name <= after:
			continue
		case len(out.Providers) == limit:
			out.NextToken = o.Paging.Encode(scope, out.Providers[limit-1].ProviderName)
			return out, nil
		}
		out.Providers = append(out.Providers, api.ProviderDescription{
			ProviderName: p.Name, ProviderType: p.Type, CreationDate: api.TimeOf(p.CreatedAt), LastModifiedDate: api.TimeOf(p.ModifiedAt),
		})
	}
	return out, nil
}

// GetSigningCertificate shows the certificate of the key that the pool signs its
// SAML requests with.
func (o *Operations) GetSigningCertificate(ctx context.Context, in *api.GetSigningCertificateRequest) (*api.GetSigningCertificateResponse, error) {
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	der, err := o.SAML.SigningCertificate(ctx, pool.ID)
	if err != nil {
		return nil, err
	}
	return &api.GetSigningCertificateResponse{Certificate: new(certificate(der))}, nil
}

// certificate is how certificates are shown: PEM without its first and last line.
func certificate(der []byte) string { return base64.StdEncoding.EncodeToString(der) }

// find reads a provider from the database: what one node has changed must show at
// once on every other.
func (o *Operations) find(ctx context.Context, poolID, name string) (*store.IdentityProvider, error) {
	if _, err := o.Directory.Pool(ctx, poolID); err != nil {
		return nil, err
	}
	p, err := o.named(ctx, poolID, name)
	if err == nil && p == nil {
		err = missing(name)
	}
	return p, err
}

// named finds a provider; nil when there is none.
func (o *Operations) named(ctx context.Context, poolID, name string) (*store.IdentityProvider, error) {
	return store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.IdentityProvider, error) {
		p, _, err := tx.IdentityProvider(ctx, poolID, name)
		return p, err
	})
}

func missing(name string) error {
	return api.ResourceNotFoundException("Identity provider %s does not exist.", name)
}

// describe gives a provider as the API shows it.
func describe(p *store.IdentityProvider) *api.IdentityProviderType {
	details := maps.Clone(p.Settings.Details)
	delete(details, idp.ManualEndpoints)
	delete(details, privateKey)
	if p.Type == api.IdentityProviderTypeTypeSaml {
		details[idp.EncryptionKey] = certificate(p.Settings.EncryptionCertificate)
	}
	shown := &api.IdentityProviderType{
		UserPoolId: p.PoolID, ProviderName: p.Name, ProviderType: p.Type, ProviderDetails: details,
		CreationDate: api.TimeOf(p.CreatedAt), LastModifiedDate: api.TimeOf(p.ModifiedAt),
	}
	// Empty maps and lists are absent ones.
	if len(p.Settings.AttributeMapping) > 0 {
		shown.AttributeMapping = p.Settings.AttributeMapping
	}
	if len(p.Settings.AcrMapping) > 0 {
		shown.AcrMapping = p.Settings.AcrMapping
	}
	if len(p.Settings.Identifiers) > 0 {
		shown.IdpIdentifiers = p.Settings.Identifiers
	}
	return shown
}
