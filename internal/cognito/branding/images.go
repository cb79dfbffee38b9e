package branding

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"cognate/internal/api"
	"cognate/internal/protocol/imagefile"
	"cognate/internal/store"
)

// maxAssets bounds the images of a style. A request has no more by its shape; a
// style that grew by updates could.
const maxAssets = 40

// extensions are the kinds of files that each category takes. All that are not
// listed are pictures.
var extensions = map[api.AssetCategoryType][]api.AssetExtensionType{
	api.AssetCategoryTypeFaviconIco:    {api.AssetExtensionTypeIco},
	api.AssetCategoryTypeFaviconSvg:    {api.AssetExtensionTypeSvg},
	api.AssetCategoryTypeIdpButtonIcon: {api.AssetExtensionTypeIco, api.AssetExtensionTypeSvg},
}

var pictures = []api.AssetExtensionType{api.AssetExtensionTypePng, api.AssetExtensionTypeSvg, api.AssetExtensionTypeJpeg}

// image is a checked asset of a request.
type image struct {
	place            store.BrandingAsset
	original, served *store.Asset
}

// images checks the assets of a request and writes what will be served.
func (o *Operations) images(assets []api.AssetType) ([]image, error) {
	var all []image
	for _, a := range assets {
		one, err := o.image(&a)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(other image) bool { return samePlace(&other.place, &one.place) }) {
			return nil, api.InvalidParameterException("Asset %s with color mode %s occurs more than once.", a.Category, a.ColorMode)
		}
		all = append(all, one)
	}
	return all, nil
}

func (o *Operations) image(a *api.AssetType) (image, error) {
	allowed, ok := extensions[a.Category]
	if !ok {
		allowed = pictures
	}
	switch {
	case !slices.Contains(allowed, a.Extension):
		return image{}, api.InvalidParameterException("Asset %s cannot have the extension %s.", a.Category, a.Extension)
	case len(a.Bytes) == 0:
		return image{}, api.InvalidParameterException("Asset %s has no Bytes.", a.Category)
	}
	clean, err := o.clean(a.Bytes, imagefile.Kind(a.Extension))
	if err != nil {
		return image{}, api.InvalidParameterException("Asset %s is not a valid %s image: %v.", a.Category, a.Extension, err)
	}
	original := &store.Asset{Hash: digest(a.Bytes), Content: a.Bytes}
	return image{
		place: store.BrandingAsset{
			Category: a.Category, ColorMode: a.ColorMode, Extension: a.Extension, ResourceID: a.ResourceId,
			Original: original.Hash, Served: clean.Hash, ContentType: clean.ContentType,
		},
		original: original, served: clean,
	}, nil
}

// clean decodes and encodes an image, one at a time.
func (o *Operations) clean(content []byte, kind imagefile.Kind) (*store.Asset, error) {
	o.decoding.Lock()
	defer o.decoding.Unlock()
	made, err := imagefile.Clean(content, kind)
	if err != nil {
		return nil, err
	}
	return &store.Asset{Hash: digest(made.Content), ContentType: made.ContentType, Content: made.Content}, nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// samePlace reports whether one image takes the place of the other. Icons of
// providers are told apart by what they are for.
func samePlace(a, b *store.BrandingAsset) bool {
	return a.Category == b.Category && a.ColorMode == b.ColorMode &&
		(a.Category != api.AssetCategoryTypeIdpButtonIcon || a.ResourceID == b.ResourceID)
}

// placed puts images among those of a style, into the place of those that they
// replace.
func placed(places []store.BrandingAsset, images []image) ([]store.BrandingAsset, error) {
	for _, one := range images {
		i := slices.IndexFunc(places, func(p store.BrandingAsset) bool { return samePlace(&p, &one.place) })
		if i < 0 {
			places = append(places, one.place)
		} else {
			places[i] = one.place
		}
	}
	if len(places) > maxAssets {
		return nil, api.InvalidParameterException("A branding style can have %d assets at most.", maxAssets)
	}
	return places, nil
}
