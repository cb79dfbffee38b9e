package pages

import (
	"slices"

	"cognate/internal/api"
)

// The generations of the pages.
const (
	classic = 1
	managed = 2
)

// classNames are the classes that clients may change on the classic pages
// (spec/endpoints.md §11.1), by what the templates call them, and the others'.
var classNames = map[string][2]string{
	"aside":    {"aside redirect-customizable", "aside"},
	"error":    {"errorMessage-customizable", "alert error"},
	"hint":     {"hint", "hint"},
	"input":    {"inputField-customizable", "input"},
	"label":    {"label-customizable", "label"},
	"lead":     {"textDescription-customizable", "lead"},
	"primary":  {"submitButton-customizable", "primary"},
	"provider": {"idpButton-customizable", "provider"},
	"rule":     {"passwordCheck-notValid-customizable", "rule"},
	"success":  {"good", "alert success"},
	"terms":    {"legalText-customizable", "terms"},
}

// Class is the class of a part of the page in this generation.
func (s *screen) Class(part string) string {
	if s.Version == classic {
		return classNames[part][0]
	}
	return classNames[part][1]
}

// ClassicLogo is the address of the logo of classic pages.
func (s *screen) ClassicLogo() string {
	if s.Style == nil || s.Style.LogoHash == "" {
		return ""
	}
	return s.image(s.Style.LogoHash)
}

// Social says whether the provider is one of those that everybody knows.
func (p Provider) Social() bool {
	return !slices.Contains([]api.IdentityProviderTypeType{api.IdentityProviderTypeTypeSaml, api.IdentityProviderTypeTypeOidc}, p.Type)
}
