package pages

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
)

// stylesheet writes the settings and images of a style as custom properties,
// which pages.css uses, and as rules for what there may be many of. Everything
// in it is a colour, a number or a hash: no text of the settings gets here
// (S141).
func stylesheet(s *style.Style) []byte {
	var out strings.Builder
	properties := func(dark bool) {
		scheme := "light"
		if dark {
			scheme = "dark"
		}
		fmt.Fprintf(&out, ":root{color-scheme:%s", scheme)
		for _, c := range colors(&s.Settings, dark) {
			fmt.Fprintf(&out, ";--%s:%s", c.name, c.value.CSS())
		}
		out.WriteString("}\n")
		for _, b := range backgrounds(s, dark) {
			fmt.Fprintf(&out, "%s{background-image:url(\"../../%s%s\")}\n", b.name, imagesPath, hexOnly(b.value))
		}
		custom := s.Settings.Components.IDPButton.Custom
		for _, name := range slices.Sorted(maps.Keys(custom)) {
			button := custom[name]
			fmt.Fprintf(&out, ".%s{", providerClass(string(name)))
			for _, c := range outlined("idp", button.For(dark)) {
				fmt.Fprintf(&out, "--%s:%s;", c.name, c.value.CSS())
			}
			out.WriteString("}\n")
		}
	}
	switch s.Settings.Categories.Global.ColorSchemeMode {
	case style.Light:
		properties(false)
	case style.Dark:
		properties(true)
	case style.Dynamic:
		properties(false)
		out.WriteString("@media (prefers-color-scheme:dark){\n")
		properties(true)
		out.WriteString("}\n")
	}
	out.WriteString(":root{")
	for _, r := range radii(&s.Settings) {
		fmt.Fprintf(&out, "--%s:%gpx;", r.name, min(max(r.value, 0), style.MaxRadius))
	}
	out.WriteString("}\n")
	return []byte(out.String())
}

// property is a custom property of a stylesheet.
type property[T any] struct {
	name  string
	value T
}

func radii(s *style.Settings) []property[style.Radius] {
	return []property[style.Radius]{
		{"alert-radius", s.Components.Alert.BorderRadius},
		{"button-radius", s.ComponentClasses.Buttons.BorderRadius},
		{"form-radius", s.Components.Form.BorderRadius},
		{"input-radius", s.ComponentClasses.Input.BorderRadius},
		{"item-radius", s.ComponentClasses.DropDown.BorderRadius},
	}
}

func colors(s *style.Settings, dark bool) []property[style.Color] {
	classes, parts := &s.ComponentClasses, &s.Components
	items, input, link := classes.DropDown.For(dark), classes.Input.For(dark), classes.Link.For(dark)
	option, status, alert := classes.OptionControls.For(dark), classes.StatusIndicator.For(dark), parts.Alert.For(dark)
	header, footer, text := parts.PageHeader.For(dark), parts.PageFooter.For(dark), parts.PageText.For(dark)
	form, primary := parts.Form.For(dark), parts.PrimaryButton.For(dark)
	all := []property[style.Color]{
		{"divider", classes.Divider.For(dark).BorderColor},
		{"focus", classes.FocusState.For(dark).BorderColor},
		{"item", items.Defaults.ItemBackgroundColor},
		{"item-hover", items.Hover.ItemBackgroundColor},
		{"item-hover-border", items.Hover.ItemBorderColor},
		{"item-hover-text", items.Hover.ItemTextColor},
		{"item-match", items.Match.ItemBackgroundColor},
		{"item-match-text", items.Match.ItemTextColor},
		{"input", input.Defaults.BackgroundColor},
		{"input-border", input.Defaults.BorderColor},
		{"input-placeholder", input.PlaceholderColor},
		{"input-description", classes.InputDescription.For(dark).TextColor},
		{"input-label", classes.InputLabel.For(dark).TextColor},
		{"link", link.Defaults.TextColor},
		{"link-hover", link.Hover.TextColor},
		{"option", option.Defaults.BackgroundColor},
		{"option-border", option.Defaults.BorderColor},
		{"option-selected", option.Selected.BackgroundColor},
		{"option-selected-mark", option.Selected.ForegroundColor},
		{"pending-indicator", status.Pending.IndicatorColor},
		{"alert", alert.Error.BackgroundColor},
		{"alert-border", alert.Error.BorderColor},
		{"form", form.BackgroundColor},
		{"form-border", form.BorderColor},
		{"page", parts.PageBackground.For(dark).Color},
		{"header", header.Background.Color},
		{"header-border", header.BorderColor},
		{"footer", footer.Background.Color},
		{"footer-border", footer.BorderColor},
		{"text", text.BodyColor},
		{"description", text.DescriptionColor},
		{"heading", text.HeadingColor},
		{"primary", primary.Defaults.BackgroundColor},
		{"primary-text", primary.Defaults.TextColor},
		{"primary-hover", primary.Hover.BackgroundColor},
		{"primary-hover-text", primary.Hover.TextColor},
		{"primary-active", primary.Active.BackgroundColor},
		{"primary-active-text", primary.Active.TextColor},
		{"primary-disabled", primary.Disabled.BackgroundColor},
		{"primary-disabled-border", primary.Disabled.BorderColor},
	}
	all = append(all, indicator("error", status.Error)...)
	all = append(all, indicator("success", status.Success)...)
	all = append(all, indicator("warning", status.Warning)...)
	all = append(all, outlined("secondary", parts.SecondaryButton.For(dark))...)
	return append(all, outlined("idp", parts.IDPButton.Standard.For(dark))...)
}

func indicator(name string, i style.Indicator) []property[style.Color] {
	return []property[style.Color]{
		{name, i.BackgroundColor}, {name + "-border", i.BorderColor}, {name + "-indicator", i.IndicatorColor},
	}
}

func outlined(name string, b style.SecondaryButton) []property[style.Color] {
	var all []property[style.Color]
	for _, state := range []property[style.OutlinedButton]{{name, b.Defaults}, {name + "-hover", b.Hover}, {name + "-active", b.Active}} {
		all = append(all,
			property[style.Color]{state.name, state.value.BackgroundColor},
			property[style.Color]{state.name + "-border", state.value.BorderColor},
			property[style.Color]{state.name + "-text", state.value.TextColor})
	}
	return all
}

// backgrounds are the images behind parts of the page: their hashes by the
// selectors of the parts. They are rules, not custom properties, so that browsers
// agree on what their addresses are relative to.
func backgrounds(s *style.Style, dark bool) []property[string] {
	parts := &s.Settings.Components
	var all []property[string]
	for _, one := range []struct {
		selector string
		on       bool
		category api.AssetCategoryType
	}{
		{"body", parts.PageBackground.Image.Enabled, api.AssetCategoryTypePageBackground},
		{".card", parts.Form.BackgroundImage.Enabled, api.AssetCategoryTypeFormBackground},
		{".page-header", parts.PageHeader.BackgroundImage.Enabled, api.AssetCategoryTypePageHeaderBackground},
		{".page-footer", parts.PageFooter.BackgroundImage.Enabled, api.AssetCategoryTypePageFooterBackground},
	} {
		if images := s.Of(one.category, dark); one.on && len(images) > 0 {
			all = append(all, property[string]{one.selector, images[0].Hash})
		}
	}
	return all
}

// hexOnly leaves out all that is no lower-case hexadecimal digit.
func hexOnly(hash string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'f' {
			return r
		}
		return -1
	}, hash)
}

// providerClass is the class of a provider's button: names may hold characters
// that mean something in a stylesheet.
func providerClass(name string) string {
	sum := sha256.Sum256([]byte(name))
	return "idp-" + hex.EncodeToString(sum[:6])
}
