package branding

import (
	"context"
	"encoding/base64"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
	"cognate/internal/protocol/cssfilter"
	"cognate/internal/protocol/imagefile"
	"cognate/internal/store"
)

// Bounds of a look (endpoints.md §11.1).
const (
	maxLook = 135 << 10 // stylesheet and logo in base64
	maxLogo = 100 << 10
)

// cssVersion is the form of CSSVersion.
const cssVersion = "20060102150405"

// SetUICustomization replaces the look of the classic pages of a client, or of
// all clients that have none of their own. Without stylesheet and logo the look is
// gone.
func (o *Operations) SetUICustomization(ctx context.Context, in *api.SetUICustomizationRequest) (*api.SetUICustomizationResponse, error) {
	owner, err := o.lookOwner(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	details, logo, err := o.look(in)
	if err != nil {
		return nil, err
	}
	row, err := store.Write(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Customization, error) {
		return saveLook(ctx, tx, &store.Customization{
			PoolID: in.UserPoolId, ClientID: owner, CreatedAt: o.Now(), ModifiedAt: o.Now(), Details: *details,
		}, logo)
	})
	if err != nil {
		return nil, err
	}
	o.Styles.Forget(in.UserPoolId)
	if row == nil {
		return &api.SetUICustomizationResponse{UICustomization: &api.UICustomizationType{UserPoolId: in.UserPoolId, ClientId: owner}}, nil
	}
	return &api.SetUICustomizationResponse{UICustomization: o.describeLook(row)}, nil
}

// GetUICustomization shows the look that is in force for a client: its own or
// that of all; an empty one where there is none.
func (o *Operations) GetUICustomization(ctx context.Context, in *api.GetUICustomizationRequest) (*api.GetUICustomizationResponse, error) {
	owner, err := o.lookOwner(ctx, in.UserPoolId, in.ClientId)
	if err != nil {
		return nil, err
	}
	row, err := store.Read(ctx, o.DB, func(ctx context.Context, tx *store.Tx) (*store.Customization, error) {
		return style.Customization(ctx, tx, in.UserPoolId, owner)
	})
	if err != nil {
		return nil, err
	}
	if row == nil {
		return &api.GetUICustomizationResponse{UICustomization: &api.UICustomizationType{}}, nil
	}
	return &api.GetUICustomizationResponse{UICustomization: o.describeLook(row)}, nil
}

// lookOwner says whose look a request is about, in a pool that has pages.
func (o *Operations) lookOwner(ctx context.Context, poolID, clientID string) (string, error) {
	owner := store.AllClients
	if _, err := o.Directory.Pool(ctx, poolID); err != nil {
		return "", err
	}
	if clientID != "" && clientID != store.AllClients {
		client, err := o.Directory.PoolClient(ctx, poolID, clientID)
		if err != nil {
			return "", err
		}
		owner = client.ID
	}
	domains, err := o.Directory.DomainsOf(ctx, poolID)
	switch {
	case err != nil:
		return "", err
	case len(domains) == 0:
		return "", api.InvalidParameterException("There has to be an existing domain associated with this user pool")
	}
	return owner, nil
}

// look checks the stylesheet and the logo of a request; the logo is nil when
// there is none.
func (o *Operations) look(in *api.SetUICustomizationRequest) (*store.CustomizationDetails, *store.Asset, error) {
	var details store.CustomizationDetails
	size := base64.StdEncoding.EncodedLen(len(in.ImageFile))
	if in.CSS != nil && *in.CSS != "" {
		details.CSS = in.CSS
		size += len(*in.CSS)
	}
	if size > maxLook {
		return nil, nil, api.InvalidParameterException("request parameters too large")
	}
	if details.CSS != nil {
		filtered, err := cssfilter.Filter(*details.CSS)
		if err != nil {
			return nil, nil, api.InvalidParameterException("Invalid CSS: %v.", err)
		}
		details.Filtered = filtered
	}
	if len(in.ImageFile) == 0 {
		return &details, nil, nil
	}
	kind := imagefile.Sniff(in.ImageFile)
	switch {
	case len(in.ImageFile) > maxLogo:
		return nil, nil, api.InvalidParameterException("The image file is larger than 100 KB.")
	case kind != imagefile.PNG && kind != imagefile.JPEG:
		return nil, nil, api.InvalidParameterException("The image file has to be PNG or JPEG.")
	}
	logo, err := o.clean(in.ImageFile, kind)
	if err != nil {
		return nil, nil, api.InvalidParameterException("The image file is not valid: %v.", err)
	}
	details.Logo = logo.Hash
	return &details, logo, nil
}

// saveLook stores a look, or removes what there is when it sets nothing.
func saveLook(ctx context.Context, tx *store.Tx, row *store.Customization, logo *store.Asset) (*store.Customization, error) {
	client, user := row.ClientID, "look of "+row.ClientID
	if client == store.AllClients {
		client = ""
	}
	var hashes []string
	if logo != nil {
		hashes = []string{logo.Hash}
		if err := tx.PutAsset(ctx, row.PoolID, logo); err != nil {
			return nil, err
		}
	}
	if err := tx.UseAssets(ctx, row.PoolID, user, client, hashes); err != nil {
		return nil, err
	}
	if row.Details == (store.CustomizationDetails{}) {
		return nil, tx.DeleteCustomization(ctx, row.PoolID, row.ClientID)
	}
	if err := tx.SaveCustomization(ctx, row); err != nil {
		return nil, err
	}
	saved, _, err := tx.Customization(ctx, row.PoolID, row.ClientID)
	return saved, err
}

func (o *Operations) describeLook(row *store.Customization) *api.UICustomizationType {
	version := row.ModifiedAt.UTC().Format(cssVersion)
	shown := &api.UICustomizationType{
		UserPoolId: row.PoolID, ClientId: row.ClientID, CSS: row.Details.CSS, CSSVersion: &version,
		CreationDate: api.TimeOf(row.CreatedAt), LastModifiedDate: api.TimeOf(row.ModifiedAt),
	}
	if row.Details.Logo != "" {
		url := o.ImageURL(row.PoolID, row.Details.Logo)
		shown.ImageUrl = &url
	}
	return shown
}
