package pages

import (
	"html/template"
	"strings"
	"unicode/utf8"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
)

// picture is an image of the style for light pages, and one for dark ones where
// the browser chooses.
type picture struct{ Src, DarkSrc, Alt, Class string }

// picture finds the image of a category for the colour schemes of the pages.
func (s *screen) picture(category api.AssetCategoryType) picture {
	first := func(dark bool) string {
		if s.Style == nil {
			return ""
		}
		if images := s.Style.Of(category, dark); len(images) > 0 {
			return s.image(images[0].Hash)
		}
		return ""
	}
	switch light, dark := first(false), first(true); s.Looks.Categories.Global.ColorSchemeMode {
	case style.Light:
		return picture{Src: light}
	case style.Dark:
		return picture{Src: dark}
	case style.Dynamic:
		if light == "" {
			return picture{Src: dark}
		}
		if dark == light {
			dark = ""
		}
		return picture{Src: light, DarkSrc: dark}
	}
	return picture{}
}

// logo is a picture that bears the name of the app.
func (s *screen) logo(category api.AssetCategoryType, place style.Place) *picture {
	p := s.picture(category)
	p.Alt, p.Class = s.ClientName, strings.ToLower(string(place))
	return &p
}

// Header is the band above the page, nil when there is none.
func (s *screen) Header() *picture {
	return s.edge(s.Looks.Categories.Global.PageHeader, &s.Looks.Components.PageHeader, api.AssetCategoryTypePageHeaderLogo)
}

// Footer is the band below the page.
func (s *screen) Footer() *picture {
	return s.edge(s.Looks.Categories.Global.PageFooter, &s.Looks.Components.PageFooter, api.AssetCategoryTypePageFooterLogo)
}

func (s *screen) edge(on style.Switch, edge *style.PageEdge, category api.AssetCategoryType) *picture {
	switch {
	case !on.Enabled:
		return nil
	case !edge.Logo.Enabled:
		return &picture{}
	}
	return s.logo(category, edge.Logo.Location)
}

// Logo is that of the form, when it is at the place asked for.
func (s *screen) Logo(inclusion, position string) *picture {
	logo := &s.Looks.Components.Form.Logo
	if !logo.Enabled || string(logo.FormInclusion) != inclusion || string(logo.Position) != position {
		return nil
	}
	p := s.logo(api.AssetCategoryTypeFormLogo, logo.Location)
	p.Class += " " + strings.ToLower(position)
	return p
}

// StageClass says where the form is, and whether nothing is behind it.
func (s *screen) StageClass() string {
	class := "stage"
	where := s.Looks.Categories.Form.Location
	if where.Horizontal != style.Center {
		class += " x-" + strings.ToLower(string(where.Horizontal))
	}
	if where.Vertical != style.Center {
		class += " y-" + strings.ToLower(string(where.Vertical))
	}
	if !s.Looks.Components.PageBackground.Image.Enabled || s.picture(api.AssetCategoryTypePageBackground).Src != "" {
		return class
	}
	return class + " plain"
}

// badge is the picture above a heading.
type badge struct {
	Picture picture
	Icon    string // name of a template, when there is no picture
	Letter  string // in place of an icon
	Bad     bool   // something went wrong
}

// Badge shows what the page is about, when the style wants pictures; the pages
// where one names oneself bear the app's first letter unless there is a logo.
func (s *screen) Badge() *badge {
	category, icon := s.subject()
	switch {
	case !s.Looks.Categories.Form.DisplayGraphics:
		return nil
	case category != "":
		return &badge{Picture: s.picture(category), Icon: icon}
	case icon != "":
		return &badge{Icon: icon, Bad: icon == "icon-warning"}
	case s.ClientName == "" || s.Looks.Components.Form.Logo.Enabled && s.picture(api.AssetCategoryTypeFormLogo).Src != "":
		return nil
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimSpace(s.ClientName))
	return &badge{Letter: strings.ToUpper(string(first))}
}

// subject is what a page is about: the category of its picture, and the icon
// in its place.
func (s *screen) subject() (api.AssetCategoryType, string) {
	switch v := s.View.(type) {
	case *Password, *NewPassword, *Forgot, *Reset:
		return api.AssetCategoryTypePasswordGraphic, "icon-lock"
	case *PasskeyGet, *PasskeyAdd:
		return api.AssetCategoryTypePasskeyGraphic, "icon-key"
	case *SetUpTOTP:
		return api.AssetCategoryTypeAuthAppGraphic, "icon-app"
	case *Code:
		return challengeSubject(v.Kind)
	case *SetUpAddress:
		return challengeSubject(v.Kind)
	case *Confirm:
		if v.Medium == api.DeliveryMediumTypeSms {
			return challengeSubject(api.ChallengeNameTypeSmsMfa)
		}
		return challengeSubject(api.ChallengeNameTypeEmailOtp)
	case *Choose, *SelectMFA, *SetUpMFA:
		return "", "icon-shield"
	case *Error, *Unavailable:
		return "", "icon-warning"
	case *ConfirmedUser:
		if v.OK {
			return "", "icon-check"
		}
		return "", "icon-warning"
	case *SignedOut:
		return "", "icon-check"
	}
	return "", ""
}

func challengeSubject(challenge api.ChallengeNameType) (api.AssetCategoryType, string) {
	switch challenge { //nolint:exhaustive // the rest have no pages
	case api.ChallengeNameTypeEmailOtp:
		return api.AssetCategoryTypeEmailGraphic, "icon-mail"
	case api.ChallengeNameTypeSmsOtp, api.ChallengeNameTypeSmsMfa:
		return api.AssetCategoryTypeSmsGraphic, "icon-phone"
	case api.ChallengeNameTypeSoftwareTokenMfa:
		return api.AssetCategoryTypeAuthAppGraphic, "icon-app"
	case api.ChallengeNameTypeWebAuthn:
		return api.AssetCategoryTypePasskeyGraphic, "icon-key"
	}
	return api.AssetCategoryTypePasswordGraphic, "icon-lock"
}

// OptionIcon is the icon of a challenge.
func (s *screen) OptionIcon(challenge api.ChallengeNameType) (template.HTML, error) {
	_, icon := challengeSubject(challenge)
	return s.Draw(icon)
}

// Draw is an icon by its name.
func (s *screen) Draw(icon string) (template.HTML, error) {
	var out strings.Builder
	err := s.page.ExecuteTemplate(&out, icon, nil)
	return template.HTML(out.String()), err //nolint:gosec // made by a template of ours without values
}

// link is an icon of the browser's tab.
type link struct{ Type, Href, Media string }

// Icons are those of the style that it has enabled, or the provided one.
func (s *screen) Icons() []link {
	kinds := map[style.FaviconType]api.AssetCategoryType{
		style.FaviconICO: api.AssetCategoryTypeFaviconIco, style.FaviconSVG: api.AssetCategoryTypeFaviconSvg,
	}
	var icons []link
	if s.Style != nil {
		for _, kind := range s.Looks.Components.Favicon.EnabledTypes {
			for _, asset := range s.Style.Assets {
				if asset.Category == kinds[kind] {
					icons = append(icons, link{asset.ContentType, s.image(asset.Hash), media(asset.ColorMode)})
				}
			}
		}
	}
	if len(icons) == 0 {
		icons = append(icons, link{"image/svg+xml", s.Asset("icon.svg"), ""})
	}
	return icons
}

func media(mode api.ColorSchemeModeType) string {
	switch mode {
	case api.ColorSchemeModeTypeLight:
		return "(prefers-color-scheme: light)"
	case api.ColorSchemeModeTypeDark:
		return "(prefers-color-scheme: dark)"
	case api.ColorSchemeModeTypeDynamic:
	}
	return ""
}
