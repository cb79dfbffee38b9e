package domains

import (
	"context"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/directory"
	"cognate/internal/store"
)

// Operations are the operations on domains. All fields but Resolve must be
// set.
type Operations struct {
	DB        *store.DB
	Directory *directory.Directory
	Now       func() time.Time
	AccountID string
	// Endpoint is the host name that operators point their own names at.
	Endpoint string
	// Ours reports whether a host name belongs to the installation itself, so
	// that no pool can take it.
	Ours func(host string) bool
	// Resolve reports whether a host name has an address; nil: nobody asks.
	Resolve func(ctx context.Context, host string) bool
}

// now is the time as precisely as sessions keep theirs, which are compared with
// PagesSince.
func (o *Operations) now() time.Time { return o.Now().Truncate(time.Millisecond) }

// assetBucket stands for where AWS keeps the pages' files. Clients only show it.
const assetBucket = "cognate-assets"

// CreateUserPoolDomain gives a pool a prefix or, with a CustomDomainConfig, a
// host name of the operator's.
func (o *Operations) CreateUserPoolDomain(ctx context.Context, in *api.CreateUserPoolDomainRequest) (*api.CreateUserPoolDomainResponse, error) {
	if err := o.checkName(ctx, in.Domain, in.CustomDomainConfig); err != nil {
		return nil, err
	}
	now := o.now()
	made, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Domain, error) {
		pool, err := tx.LockPool(ctx, in.UserPoolId)
		if err != nil {
			return nil, err
		}
		if err := directory.CheckRegion(ctx, pool); err != nil {
			return nil, err
		}
		d := &store.Domain{Name: in.Domain, PoolID: pool.ID, Kind: store.DomainPrefix, CreatedAt: now, ModifiedAt: now}
		if in.CustomDomainConfig != nil {
			d.Kind = store.DomainCustom
			d.Settings.Certificate = configured(in.CustomDomainConfig)
		}
		d.Settings.Routing = routing(in.Routing)
		if d.Settings.ManagedLoginVersion, err = version(in.ManagedLoginVersion, classic, pool); err != nil {
			return nil, err
		}
		d.Settings.PagesSince = now
		return d, add(ctx, tx, d)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.CreateUserPoolDomainResponse{
		CloudFrontDomain:    o.target(made),
		ManagedLoginVersion: &made.Settings.ManagedLoginVersion,
		Routing:             made.Settings.Routing,
	}, nil
}

// add inserts a domain, or says what is in its way.
func add(ctx context.Context, tx *store.Tx, d *store.Domain) error {
	added, err := tx.InsertDomain(ctx, d)
	if added || err != nil {
		return err
	}
	switch other, err := tx.DomainByName(ctx, d.Name); {
	case api.HasCode(err, "ResourceNotFoundException"):
		return api.InvalidParameterException("User pool already has a domain configured.")
	case err != nil:
		return err
	case other.PoolID == d.PoolID:
		return api.InvalidParameterException("Domain already exists.")
	default:
		return api.InvalidParameterException("Domain already associated with another user pool.")
	}
}

// DescribeUserPoolDomain shows a domain. One that there is not, or not in the
// Region of the request, is an empty description and no error.
func (o *Operations) DescribeUserPoolDomain(ctx context.Context, in *api.DescribeUserPoolDomainRequest) (*api.DescribeUserPoolDomainResponse, error) {
	d, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Domain, error) {
		d, err := tx.DomainByName(ctx, in.Domain)
		if err != nil {
			return nil, err
		}
		pool, err := tx.PoolByID(ctx, d.PoolID)
		if err != nil {
			return nil, err
		}
		return d, directory.CheckRegion(ctx, pool)
	})
	switch {
	case api.HasCode(err, "ResourceNotFoundException"):
		return &api.DescribeUserPoolDomainResponse{DomainDescription: &api.DomainDescriptionType{}}, nil
	case err != nil:
		return nil, err
	}
	return &api.DescribeUserPoolDomainResponse{DomainDescription: o.describe(d)}, nil
}

// UpdateUserPoolDomain changes the members that the request has; the others
// stay. An empty Routing takes the failover away.
func (o *Operations) UpdateUserPoolDomain(ctx context.Context, in *api.UpdateUserPoolDomainRequest) (*api.UpdateUserPoolDomainResponse, error) {
	changed, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Domain, error) {
		pool, d, err := lock(ctx, tx, in.UserPoolId, in.Domain)
		if err != nil {
			return nil, err
		}
		return d, o.change(ctx, tx, pool, d, in)
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.UpdateUserPoolDomainResponse{
		CloudFrontDomain:    o.target(changed),
		ManagedLoginVersion: &changed.Settings.ManagedLoginVersion,
		Routing:             changed.Settings.Routing,
	}, nil
}

func (o *Operations) change(ctx context.Context, tx *store.Tx, pool *store.Pool, d *store.Domain, in *api.UpdateUserPoolDomainRequest) error {
	now := o.now()
	if in.CustomDomainConfig != nil {
		if !d.Custom() {
			return api.InvalidParameterException("CustomDomainConfig can only be given for a custom domain.")
		}
		if err := checkCertificate(in.CustomDomainConfig); err != nil {
			return err
		}
		d.Settings.Certificate = configured(in.CustomDomainConfig)
	}
	pages, err := version(in.ManagedLoginVersion, d.Settings.ManagedLoginVersion, pool)
	if err != nil {
		return err
	}
	if pages != d.Settings.ManagedLoginVersion {
		d.Settings.ManagedLoginVersion, d.Settings.PagesSince = pages, now
	}
	if in.Routing != nil {
		d.Settings.Routing = routing(in.Routing)
	}
	d.ModifiedAt = now
	return tx.UpdateDomain(ctx, d)
}

// DeleteUserPoolDomain takes a domain from its pool. Its name is free at once.
func (o *Operations) DeleteUserPoolDomain(ctx context.Context, in *api.DeleteUserPoolDomainRequest) (*api.DeleteUserPoolDomainResponse, error) {
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		pool, d, err := lock(ctx, tx, in.UserPoolId, in.Domain)
		if err != nil {
			return struct{}{}, err
		}
		_, err = tx.DeleteDomain(ctx, pool.ID, d.Name)
		return struct{}{}, err
	})
	if err != nil {
		return nil, err
	}
	o.Directory.Forget(in.UserPoolId)
	return &api.DeleteUserPoolDomainResponse{}, nil
}

// lock loads a domain for a change, and its pool. An unknown pool, an unknown
// domain and one of another pool are answered alike.
func lock(ctx context.Context, tx *store.Tx, poolID, name string) (*store.Pool, *store.Domain, error) {
	pool, err := tx.LockPool(ctx, poolID)
	if err == nil {
		err = directory.CheckRegion(ctx, pool)
	}
	var d *store.Domain
	if err == nil {
		d, err = tx.DomainByName(ctx, name)
	}
	if api.HasCode(err, "ResourceNotFoundException") || err == nil && d.PoolID != poolID {
		return nil, nil, api.InvalidParameterException("No such domain or user pool exists.")
	}
	return pool, d, err
}

// target is what operators alias a custom domain to; empty for a prefix.
func (o *Operations) target(d *store.Domain) string {
	if !d.Custom() {
		return ""
	}
	return o.Endpoint
}

// describe gives the domain as the API shows it (spec/recorded.md §3.5).
func (o *Operations) describe(d *store.Domain) *api.DomainDescriptionType {
	shown := &api.DomainDescriptionType{
		UserPoolId:             d.PoolID,
		AWSAccountId:           &o.AccountID,
		Domain:                 d.Name,
		S3Bucket:               assetBucket,
		CloudFrontDistribution: &o.Endpoint,
		Version:                d.ModifiedAt.UTC().Format("20060102150405"),
		Status:                 api.DomainStatusTypeActive,
		CustomDomainConfig:     d.Settings.Certificate,
		ManagedLoginVersion:    &d.Settings.ManagedLoginVersion,
		Routing:                d.Settings.Routing,
	}
	if shown.CustomDomainConfig == nil {
		shown.CustomDomainConfig = &api.CustomDomainConfigType{}
	}
	return shown
}
