package pages

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cognate/internal/api"
	"cognate/internal/cognito/style"
)

// without are the settings that change no page here: those that the document
// reserves (spec/endpoints.md §11.2), those of which only one value is known, and
// those that the controller reads, which decides what is offered.
var without = []string{
	"Categories.Auth.AuthMethodOrder.Display",
	"Categories.Auth.Federation.InterfaceStyle",
	"Categories.Form.Instructions.Enabled",
	"Categories.Form.LanguageSelector.Enabled",
	"Categories.Form.SessionTimerDisplay",
	"Categories.Global.SpacingDensity",
	"Categories.SignUp.AcceptanceElements.Enforcement",
	"Categories.SignUp.AcceptanceElements.TextKey",
	"Components.PhoneNumberSelector.DisplayType",
}

// Every setting that is not reserved changes what the browser gets.
func TestEverySettingHasItsEffect(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	before := everything(t, r, fullStyle())
	var silent []string
	for _, path := range leaves(reflect.TypeFor[style.Settings](), "") {
		looks := fullStyle()
		if !change(reflect.ValueOf(&looks.Settings).Elem(), strings.Split(path, ".")) {
			t.Errorf("the test cannot change %s", path)
		}
		if everything(t, r, looks) == before {
			silent = append(silent, path)
		}
	}
	slices.Sort(silent)
	if silent = slices.Compact(silent); !slices.Equal(silent, without) {
		t.Errorf("without effect:\n%s\nwant:\n%s", strings.Join(silent, "\n"), strings.Join(without, "\n"))
	}
}

// fullStyle has everything switched on and an image of each kind.
func fullStyle() *style.Style {
	s := &style.Style{Settings: style.Defaults()}
	categories, parts := &s.Settings.Categories, &s.Settings.Components
	categories.Global.PageHeader.Enabled, categories.Global.PageFooter.Enabled = true, true
	categories.Auth.Federation.Order = []style.Name{"Google"}
	for _, edge := range []*style.PageEdge{&parts.PageHeader, &parts.PageFooter} {
		edge.Logo.Enabled, edge.BackgroundImage.Enabled = true, true
	}
	parts.Form.Logo.Enabled, parts.Form.BackgroundImage.Enabled = true, true
	parts.IDPButton.Custom = map[style.Name]style.Modes[style.SecondaryButton]{"Google": parts.IDPButton.Standard}
	for i, category := range []api.AssetCategoryType{
		api.AssetCategoryTypeFaviconIco, api.AssetCategoryTypeFaviconSvg, api.AssetCategoryTypeEmailGraphic, api.AssetCategoryTypeSmsGraphic,
		api.AssetCategoryTypeAuthAppGraphic, api.AssetCategoryTypePasswordGraphic, api.AssetCategoryTypePasskeyGraphic,
		api.AssetCategoryTypePageHeaderLogo, api.AssetCategoryTypePageHeaderBackground, api.AssetCategoryTypePageFooterLogo,
		api.AssetCategoryTypePageFooterBackground, api.AssetCategoryTypePageBackground, api.AssetCategoryTypeFormBackground,
		api.AssetCategoryTypeFormLogo, api.AssetCategoryTypeIdpButtonIcon,
	} {
		s.Assets = append(s.Assets, style.Asset{
			Category: category, ColorMode: api.ColorSchemeModeTypeDynamic, Hash: strings.Repeat(string("0123456789abcdef"[i]), 64), ResourceID: "Google",
			ContentType: "image/svg+xml",
		})
	}
	return s
}

// everything is what the browser gets of the pages that differ by style, in one
// string.
func everything(t *testing.T, r *Renderer, looks *style.Style) string {
	t.Helper()
	views := filled(func(f *Frame) { f.Style = looks })
	var out strings.Builder
	for _, name := range []string{"sign-in", "code-email", "code-sms-wrong", "code-app", "password", "passkey-add"} {
		out.WriteString(rendered(t, r, views["v2 "+name]))
	}
	out.Write(stylesheet(looks))
	// The name of the stylesheet follows from its content.
	return regexp.MustCompile(`[0-9a-f]{20}\.css`).ReplaceAllString(out.String(), "")
}

// leaves are the paths of all settings.
func leaves(t reflect.Type, path string) []string {
	switch t.Kind() { //nolint:exhaustive // the rest are leaves
	case reflect.Slice, reflect.Map:
		return leaves(t.Elem(), path)
	case reflect.Struct:
		var all []string
		for field := range t.Fields() {
			all = append(all, leaves(field.Type, strings.TrimPrefix(path+"."+field.Name, "."))...)
		}
		return all
	}
	return []string{path}
}

// change gives the setting of a path another value.
func change(v reflect.Value, path []string) bool {
	switch v.Kind() {
	case reflect.Slice:
		if v.Len() == 0 {
			return false
		}
		changed := change(v.Index(0), path)
		if _, ok := reflect.TypeAssert[[]style.FaviconType](v); ok { // one of two kinds
			v.Set(v.Slice(0, 1))
		}
		return changed
	case reflect.Map:
		for _, key := range v.MapKeys() {
			element := reflect.New(v.Type().Elem()).Elem()
			element.Set(v.MapIndex(key))
			if !change(element, path) {
				return false
			}
			v.SetMapIndex(key, element)
		}
		return v.Len() > 0
	case reflect.Struct:
		return change(v.FieldByName(path[0]), path[1:])
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Float64:
		v.SetFloat(v.Float() + 1)
	case reflect.String:
		v.SetString(other(v.Interface()))
	default:
		return false
	}
	return true
}

// other is another value of the same kind.
func other(v any) string {
	switch v := v.(type) {
	case style.Color:
		return "abcdef12"
	case style.Place:
		if v == style.End {
			return string(style.Start)
		}
		return string(style.End)
	case style.UpperLower:
		return string(style.Bottom)
	case style.Inclusion:
		return string(style.OutsideForm)
	case style.ColorScheme:
		return string(style.Dark)
	case style.MethodType:
		return string(style.TypeUsernamePassword)
	case style.MethodDisplay:
		return string(style.DisplayInput)
	case style.FederationStyle:
		return string(style.SearchInput)
	case style.FaviconType:
		return string(style.FaviconSVG)
	}
	return "SignInWithApple"
}

var ruleLine = regexp.MustCompile(`^(?:@media \(prefers-color-scheme:dark\)\{|\}|(?::root|\.idp-[0-9a-f]{12})\{(?:(?:color-scheme:(?:light|dark)|--[a-z-]+:(?:#[0-9a-f]{8}|transparent|[0-9.]+px));?)*\}|(?:body|\.card|\.page-(?:header|footer))\{background-image:url\("\.\./\.\./image/[0-9a-f]*"\)\})$`)

// Nothing of a settings document gets into the stylesheet but colours, numbers
// and hashes: not even from a document that was stored by other means.
func TestS141SettingsCannotWriteRules(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{
		"red", `ffffffff;background:url(https://evil.example)`, `"}body{display:none}`, `</style><script>alert(1)</script>`, `\75rl(x)`, "@import 'x'", "expression(1)", "#fff", "ffffffff\n",
	} {
		looks := fullStyle()
		poison(reflect.ValueOf(&looks.Settings).Elem(), hostile)
		looks.Settings.Components.IDPButton.Custom = map[style.Name]style.Modes[style.SecondaryButton]{
			style.Name(hostile): {LightMode: style.SecondaryButton{Defaults: style.OutlinedButton{TextColor: style.Color(hostile)}}},
		}
		looks.Settings.Components.Form.BorderRadius = -1e30
		looks.Settings.Categories.Global.ColorSchemeMode = style.Dynamic
		for i := range looks.Assets {
			looks.Assets[i].Hash = hostile
		}
		for line := range strings.Lines(string(stylesheet(looks))) {
			if line = strings.TrimSuffix(line, "\n"); !ruleLine.MatchString(line) {
				t.Errorf("%q wrote %s", hostile, line)
			}
		}
	}
	for line := range strings.Lines(string(stylesheet(fullStyle()))) {
		if line = strings.TrimSuffix(line, "\n"); !ruleLine.MatchString(line) {
			t.Errorf("the test does not know %s", line)
		}
	}
}

// poison sets every colour.
func poison(v reflect.Value, value string) {
	switch v.Kind() { //nolint:exhaustive // no other kinds hold colours
	case reflect.Struct:
		for _, field := range v.Fields() {
			poison(field, value)
		}
	case reflect.String:
		if _, ok := reflect.TypeAssert[style.Color](v); ok {
			v.SetString(value)
		}
	}
}

func TestStylesheetsDependOnNothingButTheStyle(t *testing.T) {
	t.Parallel()
	looks := fullStyle()
	for _, name := range []style.Name{"a", "b", "c", "d", "e"} {
		looks.Settings.Components.IDPButton.Custom[name] = looks.Settings.Components.IDPButton.Standard
	}
	first := string(stylesheet(looks))
	for range 20 {
		if string(stylesheet(looks)) != first {
			t.Fatal("the same style gives two stylesheets")
		}
	}
}

func TestColourSchemeIsFixedOrTheBrowsers(t *testing.T) {
	t.Parallel()
	for mode, want := range map[style.ColorScheme][3]bool{ // light, dark, asks the browser
		style.Light: {true, false, false}, style.Dark: {false, true, false}, style.Dynamic: {true, true, true},
	} {
		looks := &style.Style{Settings: style.Defaults()}
		looks.Settings.Categories.Global.ColorSchemeMode = mode
		css := string(stylesheet(looks))
		got := [3]bool{strings.Contains(css, "color-scheme:light"), strings.Contains(css, "{color-scheme:dark;"), strings.Contains(css, "@media")}
		if got != want {
			t.Errorf("%s: %v", mode, got)
		}
	}
}

// The stylesheet that never changes uses all that styles say, and nothing else.
func TestStylesheetsFitTogether(t *testing.T) {
	t.Parallel()
	names := func(expression, in string) []string {
		var all []string
		for _, found := range regexp.MustCompile(expression).FindAllStringSubmatch(in, -1) {
			all = append(all, found[1])
		}
		slices.Sort(all)
		return slices.Compact(all)
	}
	css, err := static.ReadFile("static/pages.css")
	if err != nil {
		t.Fatal(err)
	}
	said := names(`--([a-z-]+):`, string(stylesheet(fullStyle())))
	if used := names(`var\(--([a-z-]+)\)`, string(css)); !slices.Equal(said, used) {
		t.Errorf("styles say\n%v\npages.css uses\n%v", said, used)
	}
}
