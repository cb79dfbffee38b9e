package style

import "strings"

// Color is eight hexadecimal digits, red, green, blue and opacity, without a
// number sign.
type Color string

// CSS is the colour as stylesheets write it; what is no colour is transparent.
func (c Color) CSS() string {
	if !c.valid() {
		return "transparent"
	}
	return "#" + strings.ToLower(string(c))
}

const colorDigits = 8

func (c Color) valid() bool {
	return len(c) == colorDigits && strings.Trim(string(c), "0123456789abcdefABCDEF") == ""
}

// Radius of a corner in pixels, 0 to MaxRadius.
type Radius float64

// MaxRadius bounds radii of corners. More than half the height of an element
// makes no difference.
const MaxRadius = 100

// Name is a short text that is compared and shown, never interpreted.
type Name string

const maxName = 128 // characters

// The enumerations of the document. Those with one value may have others in the
// service; nobody has seen them.
type (
	// MethodDisplay is the form of a way to sign in.
	MethodDisplay string
	// MethodType is a way to sign in.
	MethodType string
	// FederationStyle is how providers are offered.
	FederationStyle string
	// Place is one along the direction of reading, or from the top down.
	Place string
	// UpperLower is a side of the form.
	UpperLower string
	// Inclusion is within the form or outside.
	Inclusion string
	// ColorScheme says whether pages are light or dark.
	ColorScheme string
	// Density of what is on the page.
	Density string
	// Enforcement of terms.
	Enforcement string
	// FaviconType is a kind of icon.
	FaviconType string
	// PhoneDisplay is how the country of a phone number is shown.
	PhoneDisplay string
)

// The values of the enumerations.
const (
	DisplayButton MethodDisplay = "BUTTON"
	DisplayInput  MethodDisplay = "INPUT"

	TypeFederated        MethodType = "FEDERATED"
	TypeUsernamePassword MethodType = "USERNAME_PASSWORD"

	ButtonList FederationStyle = "BUTTON_LIST"
	// SearchInput is for an address to find a SAML provider by.
	SearchInput FederationStyle = "SEARCH_INPUT"

	Start  Place = "START"
	Center Place = "CENTER"
	End    Place = "END"

	Top    UpperLower = "TOP"
	Bottom UpperLower = "BOTTOM"

	InForm      Inclusion = "IN"
	OutsideForm Inclusion = "OUT"

	Light   ColorScheme = "LIGHT"
	Dark    ColorScheme = "DARK"
	Dynamic ColorScheme = "DYNAMIC" // as the browser wants it

	Regular Density = "REGULAR"

	EnforceNothing Enforcement = "NONE"

	FaviconICO FaviconType = "ICO"
	FaviconSVG FaviconType = "SVG"

	PhoneText PhoneDisplay = "TEXT"
)

// enumerated is a type that has few values.
type enumerated interface{ values() []string }

func texts[T ~string](list ...T) []string {
	all := make([]string, len(list))
	for i, v := range list {
		all[i] = string(v)
	}
	return all
}

func (MethodDisplay) values() []string   { return texts(DisplayButton, DisplayInput) }
func (MethodType) values() []string      { return texts(TypeFederated, TypeUsernamePassword) }
func (FederationStyle) values() []string { return texts(ButtonList, SearchInput) }
func (Place) values() []string           { return texts(Start, Center, End) }
func (UpperLower) values() []string      { return texts(Top, Bottom) }
func (Inclusion) values() []string       { return texts(InForm, OutsideForm) }
func (ColorScheme) values() []string     { return texts(Light, Dark, Dynamic) }
func (Density) values() []string         { return texts(Regular) }
func (Enforcement) values() []string     { return texts(EnforceNothing) }
func (FaviconType) values() []string     { return texts(FaviconICO, FaviconSVG) }
func (PhoneDisplay) values() []string    { return texts(PhoneText) }
