package style

import (
	"encoding/json"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cognate/internal/api"
)

func TestTheDefaultsAreAValidDocument(t *testing.T) {
	t.Parallel()
	document, err := json.Marshal(Defaults())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse(document); err != nil {
		t.Error(err)
	}
	again, err := settings(document)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Defaults(), again); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

// Every node of the table in endpoints.md §11.2, one value for each.
func TestEveryNodeIsKnown(t *testing.T) {
	t.Parallel()
	modes := func(inner string) string { return `{"lightMode":` + inner + `,"darkMode":` + inner + `}` }
	button := `{"active":{"backgroundColor":C,"borderColor":C,"textColor":C},"defaults":{"backgroundColor":C},"hover":{"textColor":C}}`
	edge := `{"backgroundImage":{"enabled":true},"lightMode":{"background":{"color":C},"borderColor":C},"logo":{"enabled":true,"location":"END"}}`
	indicator := `{"backgroundColor":C,"borderColor":C,"indicatorColor":C}`
	for path, value := range map[string]string{
		"categories.auth.authMethodOrder":       `[[{"display":"BUTTON","type":"FEDERATED"}],[{"display":"INPUT","type":"USERNAME_PASSWORD"}]]`,
		"categories.auth.federation":            `{"interfaceStyle":"SEARCH_INPUT","order":["Google","COGNITO"]}`,
		"categories.form":                       `{"displayGraphics":false,"instructions":{"enabled":true},"languageSelector":{"enabled":true},"location":{"horizontal":"START","vertical":"END"},"sessionTimerDisplay":"NONE"}`,
		"categories.global":                     `{"colorSchemeMode":"DYNAMIC","pageFooter":{"enabled":true},"pageHeader":{"enabled":true},"spacingDensity":"REGULAR"}`,
		"categories.signUp.acceptanceElements":  `[{"enforcement":"NONE","textKey":"en"}]`,
		"componentClasses.buttons.borderRadius": `8.0`,
		"componentClasses.divider":              modes(`{"borderColor":C}`),
		"componentClasses.dropDown": `{"borderRadius":8,"lightMode":{"defaults":{"itemBackgroundColor":C},` +
			`"hover":{"itemBackgroundColor":C,"itemBorderColor":C,"itemTextColor":C},"match":{"itemBackgroundColor":C,"itemTextColor":C}}}`,
		"componentClasses.focusState":                modes(`{"borderColor":C}`),
		"componentClasses.idpButtons.icons.enabled":  `false`,
		"componentClasses.input":                     `{"borderRadius":0,"darkMode":{"defaults":{"backgroundColor":C,"borderColor":C},"placeholderColor":C}}`,
		"componentClasses.inputDescription":          modes(`{"textColor":C}`),
		"componentClasses.inputLabel":                modes(`{"textColor":C}`),
		"componentClasses.link":                      modes(`{"defaults":{"textColor":C},"hover":{"textColor":C}}`),
		"componentClasses.optionControls":            modes(`{"defaults":{"backgroundColor":C,"borderColor":C},"selected":{"backgroundColor":C,"foregroundColor":C}}`),
		"componentClasses.statusIndicator":           modes(`{"error":` + indicator + `,"warning":` + indicator + `,"success":` + indicator + `,"pending":{"indicatorColor":C}}`),
		"components.alert":                           `{"borderRadius":12,"lightMode":{"error":{"backgroundColor":C,"borderColor":C}}}`,
		"components.favicon.enabledTypes":            `["ICO","SVG"]`,
		"components.form":                            `{"backgroundImage":{"enabled":true},"borderRadius":8,"lightMode":{"backgroundColor":C,"borderColor":C},"logo":{"enabled":true,"formInclusion":"OUT","location":"CENTER","position":"BOTTOM"}}`,
		"components.idpButton":                       `{"custom":{"Google":` + modes(button) + `},"standard":` + modes(button) + `}`,
		"components.pageBackground":                  `{"lightMode":{"color":C},"image":{"enabled":false}}`,
		"components.pageHeader":                      edge,
		"components.pageFooter":                      edge,
		"components.pageText":                        modes(`{"bodyColor":C,"descriptionColor":C,"headingColor":C}`),
		"components.phoneNumberSelector.displayType": `"TEXT"`,
		"components.primaryButton":                   modes(`{"active":{"backgroundColor":C,"textColor":C},"defaults":{},"hover":{},"disabled":{"backgroundColor":C,"borderColor":C}}`),
		"components.secondaryButton":                 modes(button),
	} {
		if _, err := Parse(at(path, value)); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// at puts a value at a path, with C in it for a colour.
func at(path, value string) []byte {
	value = strings.ReplaceAll(value, ":C", `:"0a1B2cff"`)
	names := strings.Split(path, ".")
	return []byte(`{"` + strings.Join(names, `":{"`) + `":` + value + strings.Repeat("}", len(names)))
}

func TestS141SettingsThatAreRefused(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		``:                    "the document is not JSON",
		`[]`:                  "the document has to be an object",
		`null`:                "the document has to be an object",
		`{"other":1}`:         "other is not known",
		`{"Categories":{}}`:   "Categories is not known",
		`{"components":null}`: "components has to be an object",
		`{"categories":{"form":{"displayGraphics":"true"}}}`:                                                 "categories.form.displayGraphics has to be true or false",
		`{"categories":{"global":{"colorSchemeMode":"light"}}}`:                                              "categories.global.colorSchemeMode has to be one of LIGHT, DARK, DYNAMIC",
		`{"categories":{"auth":{"federation":{"interfaceStyle":"LIST"}}}}`:                                   "categories.auth.federation.interfaceStyle has to be one of BUTTON_LIST, SEARCH_INPUT",
		`{"categories":{"auth":{"authMethodOrder":[[{"display":"INPUT","type":"FEDERATED"}]]}}}`:             "categories.auth.authMethodOrder.1.1.display has to be BUTTON for FEDERATED",
		`{"categories":{"auth":{"authMethodOrder":[[],[{"display":"BUTTON","type":"USERNAME_PASSWORD"}]]}}}`: "categories.auth.authMethodOrder.2.1.display has to be INPUT for USERNAME_PASSWORD",
		`{"categories":{"auth":{"authMethodOrder":[[{"display":"INPUT"}]]}}}`:                                "categories.auth.authMethodOrder.1.1.type has to be there",
		`{"categories":{"auth":{"authMethodOrder":[{}]}}}`:                                                   "categories.auth.authMethodOrder.1 has to be a list",
		`{"categories":{"auth":{"federation":{"order":[1]}}}}`:                                               "categories.auth.federation.order.1 has to be a text of up to 128 characters",
		`{"components":{"pageBackground":{"lightMode":{"color":"#ffffff"}}}}`:                                "components.pageBackground.lightMode.color has to be eight hexadecimal digits",
		`{"components":{"pageBackground":{"lightMode":{"color":"ffffff"}}}}`:                                 "components.pageBackground.lightMode.color has to be eight hexadecimal digits",
		`{"components":{"pageBackground":{"lightMode":{"color":"red;}*{x"}}}}`:                               "components.pageBackground.lightMode.color has to be eight hexadecimal digits",
		`{"components":{"pageBackground":{"lightMode":{"color":12345678}}}}`:                                 "components.pageBackground.lightMode.color has to be eight hexadecimal digits",
		`{"components":{"pageBackground":{"lightMode":{"image":"url(//evil.example)"}}}}`:                    "components.pageBackground.lightMode.image is not known",
		`{"components":{"pageBackground":{"Modes":{}}}}`:                                                     "components.pageBackground.Modes is not known",
		`{"components":{"form":{"borderRadius":"8px"}}}`:                                                     "components.form.borderRadius has to be a number from 0 to 100",
		`{"components":{"form":{"borderRadius":-1}}}`:                                                        "components.form.borderRadius has to be a number from 0 to 100",
		`{"components":{"form":{"borderRadius":1e9}}}`:                                                       "components.form.borderRadius has to be a number from 0 to 100",
		`{"components":{"idpButton":{"custom":{"x":{"lightMode":{"hover":{"textColor":"url(x)ff"}}}}}}}`:     "components.idpButton.custom.x.lightMode.hover.textColor has to be eight hexadecimal digits",
		`{"components":{"idpButton":{"custom":{"` + strings.Repeat("x", 129) + `":{}}}}}`:                    "components.idpButton.custom." + strings.Repeat("x", 129) + " is not known",
		`{"components":{"favicon":{"enabledTypes":["` + strings.Repeat(`ICO","`, maxEntries) + `ICO"]}}}`:    "components.favicon.enabledTypes has 300 entries at most",
	} {
		got, err := Parse([]byte(document))
		if err == nil || err.Error() != want || got != nil {
			t.Errorf("Parse(%.100s) = %s, %v, want %s", document, got, err, want)
		}
	}
}

func TestWhatIsNotSetIsTheDefault(t *testing.T) {
	t.Parallel()
	document, err := Parse([]byte(`{"components":{"form":{"borderRadius":0,"lightMode":{"borderColor":"000000FF"}},"favicon":{"enabledTypes":[]}},
		"categories":{"auth":{"authMethodOrder":[[{"type":"USERNAME_PASSWORD"}]]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := settings(document)
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults()
	want.Components.Form.BorderRadius = 0
	want.Components.Form.LightMode.BorderColor = "000000FF"
	want.Components.Favicon.EnabledTypes = []FaviconType{}
	want.Categories.Auth.AuthMethodOrder = [][]AuthMethod{{{Type: TypeUsernamePassword}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

func TestAButtonOfOneProviderIsLikeTheOthersOtherwise(t *testing.T) {
	t.Parallel()
	got, err := settings(json.RawMessage(`{"components":{"idpButton":{
		"standard":{"darkMode":{"hover":{"textColor":"111111ff"}}},
		"custom":{"Google":{"lightMode":{"defaults":{"textColor":"222222ff"}}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Defaults().Components.IDPButton.Standard
	want.DarkMode.Hover.TextColor = "111111ff"
	if diff := cmp.Diff(want, got.Components.IDPButton.Standard); diff != "" {
		t.Errorf("standard (-want +got):\n%s", diff)
	}
	want.LightMode.Defaults.TextColor = "222222ff"
	if diff := cmp.Diff(map[Name]Modes[SecondaryButton]{"Google": want}, got.Components.IDPButton.Custom); diff != "" {
		t.Errorf("custom (-want +got):\n%s", diff)
	}
}

func TestAnImageOfTheModeComesBeforeOneForBoth(t *testing.T) {
	t.Parallel()
	image := func(mode api.ColorSchemeModeType) Asset {
		return Asset{Category: api.AssetCategoryTypeFormLogo, ColorMode: mode, Hash: string(mode)}
	}
	s := Style{Assets: []Asset{image(api.ColorSchemeModeTypeDynamic), image(api.ColorSchemeModeTypeDark), {Category: api.AssetCategoryTypeFormBackground}}}
	for dark, want := range map[bool][]Asset{false: {s.Assets[0]}, true: {s.Assets[1], s.Assets[0]}} {
		if diff := cmp.Diff(want, s.Of(api.AssetCategoryTypeFormLogo, dark)); diff != "" {
			t.Errorf("dark %v (-want +got):\n%s", dark, diff)
		}
	}
}

func TestDocumentsAreMerged(t *testing.T) {
	t.Parallel()
	got, err := Merge(json.RawMessage(`{"a":{"b":1,"c":[1,2]},"d":1}`), json.RawMessage(`{"a":{"c":[3]},"d":{"e":2}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"a":{"b":1,"c":[3]},"d":{"e":2}}`; string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestColorsAsStylesheetsWriteThem(t *testing.T) {
	t.Parallel()
	for in, want := range map[Color]string{
		"0A1b2Cff": "#0a1b2cff", "": "transparent", "0a1b2c": "transparent", "red;}*{x": "transparent", "0a1b2c\nf": "transparent",
	} {
		if got := in.CSS(); got != want {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
}

// luminance and contrast are those of WCAG 2.2.
func luminance(t *testing.T, c Color) float64 {
	t.Helper()
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(string(c[2*i:2*i+2]), 16, 8)
		if err != nil || c[6:] != "ff" {
			t.Fatalf("%q is no solid colour", c)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weight * v
	}
	return sum
}

func contrast(t *testing.T, a, b Color) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestTheDefaultsCanBeRead(t *testing.T) {
	t.Parallel()
	const text, control = 4.5, 3.0
	s := Defaults()
	for _, dark := range []bool{false, true} {
		c, k := s.ComponentClasses.mode(dark), s.Components.mode(dark)
		page, form, field := k.page.Color, k.form.BackgroundColor, c.input.Defaults.BackgroundColor
		for _, pair := range []struct {
			name     string
			on, over Color
			want     float64
		}{
			{"heading", k.text.HeadingColor, form, text},
			{"heading outside the form", k.text.HeadingColor, page, text},
			{"body", k.text.BodyColor, form, text},
			{"body outside the form", k.text.BodyColor, page, text},
			{"description", k.text.DescriptionColor, form, text},
			{"label", c.label.TextColor, form, text},
			{"description of a field", c.description.TextColor, form, text},
			{"typed text", k.text.HeadingColor, field, text},
			{"placeholder", c.input.PlaceholderColor, field, text},
			{"field's border", c.input.Defaults.BorderColor, form, control},
			{"focus", c.focus.BorderColor, form, control},
			{"focus outside the form", c.focus.BorderColor, page, control},
			{"link", c.link.Defaults.TextColor, form, text},
			{"link outside the form", c.link.Defaults.TextColor, page, text},
			{"link under the pointer", c.link.Hover.TextColor, form, text},
			{"box", c.option.Defaults.BorderColor, form, control},
			{"tick", c.option.Selected.ForegroundColor, c.option.Selected.BackgroundColor, text},
			{"item under the pointer", c.dropDown.Hover.ItemTextColor, c.dropDown.Hover.ItemBackgroundColor, text},
			{"item that matches", c.dropDown.Match.ItemTextColor, c.dropDown.Match.ItemBackgroundColor, text},
			{"error", k.text.BodyColor, k.alert.Error.BackgroundColor, text},
			{"error's mark", c.status.Error.IndicatorColor, c.status.Error.BackgroundColor, text},
			{"error's mark in the form", c.status.Error.IndicatorColor, form, text},
			{"success's mark", c.status.Success.IndicatorColor, c.status.Success.BackgroundColor, text},
			{"success's mark in the form", c.status.Success.IndicatorColor, form, text},
			{"warning's mark", c.status.Warning.IndicatorColor, c.status.Warning.BackgroundColor, text},
			{"pending's mark", c.status.Pending.IndicatorColor, form, control},
			{"primary", k.primary.Defaults.TextColor, k.primary.Defaults.BackgroundColor, text},
			{"primary under the pointer", k.primary.Hover.TextColor, k.primary.Hover.BackgroundColor, text},
			{"primary pressed", k.primary.Active.TextColor, k.primary.Active.BackgroundColor, text},
			{"primary button", k.primary.Defaults.BackgroundColor, form, control},
			{"secondary", k.secondary.Defaults.TextColor, k.secondary.Defaults.BackgroundColor, text},
			{"secondary under the pointer", k.secondary.Hover.TextColor, k.secondary.Hover.BackgroundColor, text},
			{"secondary pressed", k.secondary.Active.TextColor, k.secondary.Active.BackgroundColor, text},
			{"secondary's border", k.secondary.Defaults.BorderColor, form, control},
			{"provider", k.idp.Defaults.TextColor, k.idp.Defaults.BackgroundColor, text},
			{"provider under the pointer", k.idp.Hover.TextColor, k.idp.Hover.BackgroundColor, text},
			{"provider pressed", k.idp.Active.TextColor, k.idp.Active.BackgroundColor, text},
			{"provider's border", k.idp.Defaults.BorderColor, form, control},
			{"text in the footer", k.text.BodyColor, k.footer.Background.Color, text},
		} {
			if got := contrast(t, pair.on, pair.over); got < pair.want {
				t.Errorf("%s, dark %v: %s on %s has %.2f:1, want %.1f:1", pair.name, dark, pair.on, pair.over, got, pair.want)
			}
		}
	}
}

// FuzzSettings checks that a document that was taken can be read completely, and
// that pages can interpret every value of it.
func FuzzSettings(f *testing.F) {
	document, err := json.Marshal(Defaults())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	f.Add([]byte(`{"components":{"idpButton":{"custom":{"Google":{"lightMode":{"active":{"textColor":"00000000"}}}}}}}`))
	f.Add([]byte(`{"components":{"idpButton":{"custom":{"\u0075rl(//x)":{}}}}}`)) // a name is only compared and shown
	f.Add([]byte(`{"components":{"form":{"borderRadius":1e400}}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		parsed, err := Parse(document)
		if err != nil {
			return
		}
		s, err := settings(parsed)
		if err != nil {
			t.Fatalf("%s: %v", parsed, err)
		}
		checkValues(t, reflect.ValueOf(s))
	})
}

// checkValues looks at every value of the settings, whatever their types.
func checkValues(t *testing.T, v reflect.Value) {
	t.Helper()
	switch value := v.Interface().(type) {
	case Color:
		if value != "" && !value.valid() {
			t.Errorf("%q is no colour", value)
		}
		return
	case Radius:
		if value < 0 || value > MaxRadius {
			t.Errorf("%v is no radius", value)
		}
		return
	case enumerated:
		if !v.IsZero() && !slices.Contains(value.values(), v.String()) {
			t.Errorf("%q is none of %q", v.String(), value.values())
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for _, field := range v.Fields() {
			checkValues(t, field)
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkValues(t, v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			checkValues(t, v.MapIndex(key))
		}
	case reflect.String, reflect.Bool:
	default:
		t.Errorf("a %s", v.Type())
	}
}
