package pages

import (
	"slices"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
)

// Label is what people call the provider.
func (p Provider) Label() string {
	switch p.Type { //nolint:exhaustive // the others have names of their own
	case api.IdentityProviderTypeTypeLoginWithAmazon:
		return "Amazon"
	case api.IdentityProviderTypeTypeSignInWithApple:
		return "Apple"
	}
	return p.Name
}

// Initial stands for the provider where there is no icon.
func (p Provider) Initial() string {
	first, _ := utf8.DecodeRuneInString(p.Label())
	return strings.ToUpper(string(first))
}

// Providers are those of the page in the order of the style, then as they came.
func (s *screen) Providers() []Provider {
	view, ok := s.View.(*SignIn)
	if !ok {
		return nil
	}
	order := s.Looks.Categories.Auth.Federation.Order
	place := func(p Provider) int {
		for i, name := range order {
			if string(name) == p.Name {
				return i
			}
		}
		return len(order)
	}
	providers := slices.Clone(view.Providers)
	slices.SortStableFunc(providers, func(a, b Provider) int { return place(a) - place(b) })
	return providers
}

// ProviderIcons says whether the buttons of providers have icons.
func (s *screen) ProviderIcons() bool { return s.Looks.ComponentClasses.IDPButtons.Icons.Enabled }

// ProviderClass is what the style finds the button of a provider by.
func (s *screen) ProviderClass(p Provider) string { return providerClass(p.Name) }

// ProviderIcon is the address of a provider's icon, empty when there is none.
func (s *screen) ProviderIcon(p Provider) string {
	if s.Style == nil {
		return ""
	}
	for _, asset := range s.Style.Assets {
		if asset.Category == api.AssetCategoryTypeIdpButtonIcon && asset.ResourceID == p.Name {
			return s.image(asset.Hash)
		}
	}
	return ""
}

// image is the address of an image of the style.
func (s *screen) image(hash string) string { return s.Path + assetsPath + imagesPath + hash }
