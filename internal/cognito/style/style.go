package style

import "cognate/internal/api"

// The versions of the pages, as ManagedLoginVersion of a domain says.
const (
	Classic      = 1
	ManagedLogin = 2
)

// Style is how the pages of a client look. It is shared: only read it.
type Style struct {
	// Settings of managed login, complete: what the client does not set has its
	// default. On classic pages they are the defaults.
	Settings Settings
	// Assets are the images of managed login.
	Assets []Asset
	// CSS is the filtered stylesheet of the classic pages, safe to put into a
	// style element as it is; empty when there is none.
	CSS string
	// LogoHash is the Hash of the image of the classic pages; empty when there is
	// none.
	LogoHash string
	// Missing says that a client has no style of managed login, so that its pages
	// are not available (endpoints.md §6.6).
	Missing bool
}

// Asset is an image of a style.
type Asset struct {
	Category    api.AssetCategoryType
	ColorMode   api.ColorSchemeModeType
	Extension   api.AssetExtensionType
	ResourceID  string // of a provider's icon: the provider's name
	Hash        string // SHA-256 of the content as it is served, in hexadecimal
	ContentType string
}

// Links are the addresses of a client's documents, by language: "cognito:default",
// "cognito:english" and so on (newest-features.md §8).
type Links struct {
	TermsOfUse    map[string]string
	PrivacyPolicy map[string]string
}

// Of picks the images of a category for light or dark pages: those of that mode,
// and then those for both.
func (s *Style) Of(category api.AssetCategoryType, dark bool) []Asset {
	mode := api.ColorSchemeModeTypeLight
	if dark {
		mode = api.ColorSchemeModeTypeDark
	}
	var found []Asset
	for _, mode := range []api.ColorSchemeModeType{mode, api.ColorSchemeModeTypeDynamic} {
		for _, a := range s.Assets {
			if a.Category == category && a.ColorMode == mode {
				found = append(found, a)
			}
		}
	}
	return found
}
