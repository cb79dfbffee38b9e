package branding

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
	"cognate/internal/store"
)

// CreateManagedLoginBranding gives a client its style: settings and images, or
// the provided ones.
func (o *Operations) CreateManagedLoginBranding(ctx context.Context, in *api.CreateManagedLoginBrandingRequest) (*api.CreateManagedLoginBrandingResponse, error) {
	client, err := o.Directory.PoolClient(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	if err := checkPlan(client.Pool); err != nil {
		return nil, err
	}
	wanted, err := o.wanted(in.UseCognitoProvidedValues, in.Settings, in.Assets)
	if err != nil {
		return nil, err
	}
	made, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*api.ManagedLoginBrandingType, error) {
		row := &store.Branding{PoolID: client.PoolID, ID: uuid.NewString(), ClientID: client.ID, CreatedAt: o.Now(), ModifiedAt: o.Now()}
		if err := wanted.apply(&row.Details); err != nil {
			return nil, err
		}
		if err := insert(ctx, tx, row); err != nil {
			return nil, err
		}
		return keep(ctx, tx, row, wanted.images)
	})
	if err != nil {
		return nil, err
	}
	o.Styles.Forget(in.UserPoolId)
	return &api.CreateManagedLoginBrandingResponse{ManagedLoginBranding: made}, nil
}

// insert adds a style within the quota. With the pool locked nobody else counts.
func insert(ctx context.Context, tx *store.Tx, row *store.Branding) error {
	if _, err := tx.LockPool(ctx, row.PoolID); err != nil {
		return err
	}
	if _, found, err := tx.BrandingOfClient(ctx, row.PoolID, row.ClientID); err != nil || found {
		return existsUnless(err)
	}
	n, err := tx.CountBrandings(ctx, row.PoolID)
	switch {
	case err != nil:
		return err
	case n >= maxStyles:
		return api.LimitExceededException("User pool %s has exceeded the maximum number of managed login branding styles.", row.PoolID)
	}
	if added, err := tx.InsertBranding(ctx, row); err != nil || !added {
		return existsUnless(err)
	}
	return nil
}

func existsUnless(err error) error {
	if err != nil {
		return err
	}
	return api.ManagedLoginBrandingExistsException("A managed login branding already exists for this app client.")
}

// DescribeManagedLoginBranding shows a style.
func (o *Operations) DescribeManagedLoginBranding(ctx context.Context, in *api.DescribeManagedLoginBrandingRequest) (*api.DescribeManagedLoginBrandingResponse, error) {
	if _, err := o.Directory.Pool(ctx, in.UserPoolId); err != nil {
		return nil, err
	}
	shown, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*api.ManagedLoginBrandingType, error) {
		row, err := tx.Branding(ctx, in.UserPoolId, in.ManagedLoginBrandingId)
		if err != nil {
			return nil, err
		}
		return describe(ctx, tx, row, in.ReturnMergedResources)
	})
	if err != nil {
		return nil, err
	}
	return &api.DescribeManagedLoginBrandingResponse{ManagedLoginBranding: shown}, nil
}

// DescribeManagedLoginBrandingByClient shows the style of a client.
func (o *Operations) DescribeManagedLoginBrandingByClient(ctx context.Context, in *api.DescribeManagedLoginBrandingByClientRequest) (*api.DescribeManagedLoginBrandingByClientResponse, error) {
	client, err := o.Directory.PoolClient(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	shown, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*api.ManagedLoginBrandingType, error) {
		row, found, err := tx.BrandingOfClient(ctx, client.PoolID, client.ID)
		switch {
		case err != nil:
			return nil, err
		case !found:
			return nil, api.ResourceNotFoundException("There is no managed login branding for this app client.")
		}
		return describe(ctx, tx, row, in.ReturnMergedResources)
	})
	if err != nil {
		return nil, err
	}
	return &api.DescribeManagedLoginBrandingByClientResponse{ManagedLoginBranding: shown}, nil
}

// UpdateManagedLoginBranding lays settings and images over those of a style, or
// takes them all away in favour of the provided ones.
func (o *Operations) UpdateManagedLoginBranding(ctx context.Context, in *api.UpdateManagedLoginBrandingRequest) (*api.UpdateManagedLoginBrandingResponse, error) {
	if in.UserPoolId == "" || in.ManagedLoginBrandingId == nil {
		return nil, api.InvalidParameterException("UserPoolId and ManagedLoginBrandingId are required.")
	}
	pool, err := o.Directory.Pool(ctx, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := checkPlan(pool); err != nil {
		return nil, err
	}
	wanted, err := o.wanted(in.UseCognitoProvidedValues, in.Settings, in.Assets)
	if err != nil {
		return nil, err
	}
	changed, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*api.ManagedLoginBrandingType, error) {
		row, err := tx.LockBranding(ctx, pool.ID, *in.ManagedLoginBrandingId)
		if err != nil {
			return nil, err
		}
		if err := wanted.apply(&row.Details); err != nil {
			return nil, err
		}
		row.ModifiedAt = o.Now()
		if err := tx.SaveBranding(ctx, row); err != nil {
			return nil, err
		}
		return keep(ctx, tx, row, wanted.images)
	})
	if err != nil {
		return nil, err
	}
	o.Styles.Forget(in.UserPoolId)
	return &api.UpdateManagedLoginBrandingResponse{ManagedLoginBranding: changed}, nil
}

// DeleteManagedLoginBranding takes a style away from its client, which has no
// pages of managed login then.
func (o *Operations) DeleteManagedLoginBranding(ctx context.Context, in *api.DeleteManagedLoginBrandingRequest) error {
	if _, err := o.Directory.Pool(ctx, in.UserPoolId); err != nil {
		return err
	}
	_, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		if err := tx.DeleteBranding(ctx, in.UserPoolId, in.ManagedLoginBrandingId); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, tx.UseAssets(ctx, in.UserPoolId, in.ManagedLoginBrandingId, "", nil)
	})
	if err != nil {
		return err
	}
	o.Styles.Forget(in.UserPoolId)
	return nil
}

// wanted is what a request sets, checked.
type wanted struct {
	provided bool
	settings json.RawMessage // nil: they stay
	images   []image
}

func (o *Operations) wanted(provided bool, settings json.RawMessage, assets []api.AssetType) (*wanted, error) {
	if provided && (len(settings) > 0 || len(assets) > 0) {
		return nil, api.InvalidParameterException("Settings and Assets cannot be set when UseCognitoProvidedValues is true.")
	}
	w := &wanted{provided: provided}
	var err error
	if len(settings) > 0 {
		if w.settings, err = style.Parse(settings); err != nil {
			return nil, api.InvalidParameterException("Invalid Settings: %v.", err)
		}
	}
	w.images, err = o.images(assets)
	return w, err
}

// apply sets what is wanted. A style with values of its own does not use the
// provided ones any more.
func (w *wanted) apply(d *store.BrandingDetails) error {
	if w.provided {
		*d = store.BrandingDetails{Provided: true}
		return nil
	}
	var err error
	if w.settings != nil {
		d.Provided = false
		if d.Settings, err = style.Merge(d.Settings, w.settings); err != nil {
			return err
		}
	}
	if len(w.images) > 0 {
		d.Provided = false
		d.Assets, err = placed(d.Assets, w.images)
	}
	return err
}

// keep stores the images of a request, says which ones the style has now, and
// shows it.
func keep(ctx context.Context, tx *store.Tx, row *store.Branding, images []image) (*api.ManagedLoginBrandingType, error) {
	for _, one := range images {
		for _, a := range []*store.Asset{one.original, one.served} {
			if err := tx.PutAsset(ctx, row.PoolID, a); err != nil {
				return nil, err
			}
		}
	}
	var hashes []string
	for _, place := range row.Details.Assets {
		hashes = append(hashes, place.Original, place.Served)
	}
	if err := tx.UseAssets(ctx, row.PoolID, row.ID, row.ClientID, hashes); err != nil {
		return nil, err
	}
	return describe(ctx, tx, row, false)
}

// describe shows a style with its images as they were given; merged, with the
// defaults for what it does not set. There are no default images.
func describe(ctx context.Context, tx *store.Tx, row *store.Branding, merged bool) (*api.ManagedLoginBrandingType, error) {
	shown := &api.ManagedLoginBrandingType{
		ManagedLoginBrandingId: &row.ID, UserPoolId: row.PoolID,
		UseCognitoProvidedValues: row.Details.Provided, Settings: row.Details.Settings,
		CreationDate: api.TimeOf(row.CreatedAt), LastModifiedDate: api.TimeOf(row.ModifiedAt),
	}
	if merged {
		var err error
		if shown.Settings, err = style.Complete(row.Details.Settings); err != nil {
			return nil, err
		}
	}
	for _, place := range row.Details.Assets {
		content, found, err := tx.AssetByHash(ctx, row.PoolID, place.Original)
		switch {
		case err != nil:
			return nil, err
		case !found:
			return nil, fmt.Errorf("style %s: image %s is missing", row.ID, place.Original)
		}
		shown.Assets = append(shown.Assets, api.AssetType{
			Category: place.Category, ColorMode: place.ColorMode, Extension: place.Extension, ResourceId: place.ResourceID, Bytes: content.Content,
		})
	}
	return shown, nil
}
