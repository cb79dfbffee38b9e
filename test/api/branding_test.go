package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"cognate/internal/servertest"
)

// picture is a PNG file that has a text besides its pixels.
func picture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, image.NewGray(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	return append(out.Bytes(), "<script>alert(1)</script>"...)
}

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><script>alert(1)</script><path d="M0 0"/></svg>`

func styleImage(category types.AssetCategoryType, mode types.ColorSchemeModeType, extension types.AssetExtensionType, content string) types.AssetType {
	return types.AssetType{Category: category, ColorMode: mode, Extension: extension, Bytes: []byte(content)}
}

func settingsFrom(t *testing.T, text string) document.Interface {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		t.Fatal(err)
	}
	return document.NewLazyDocument(value)
}

// settingsOf reads a settings document of an answer.
func settingsOf(t *testing.T, style *types.ManagedLoginBrandingType) map[string]any {
	t.Helper()
	if style.Settings == nil {
		return nil
	}
	var value map[string]any
	if err := style.Settings.UnmarshalSmithyDocument(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// branded is a pool with a client.
type branded struct {
	*servertest.Server
	pool, client string
}

func newBranded(t *testing.T, change func(*cip.CreateUserPoolInput)) *branded {
	t.Helper()
	b := &branded{Server: servertest.Shared(t)}
	b.pool = b.CreatePool(t, change)
	b.client = b.CreateClient(t, b.pool, nil)
	return b
}

func (b *branded) create(t *testing.T, change func(*cip.CreateManagedLoginBrandingInput)) (*types.ManagedLoginBrandingType, error) {
	t.Helper()
	in := &cip.CreateManagedLoginBrandingInput{UserPoolId: &b.pool, ClientId: &b.client}
	if change != nil {
		change(in)
	}
	out, err := b.SDK.CreateManagedLoginBranding(t.Context(), in)
	if err != nil {
		return nil, err
	}
	return out.ManagedLoginBranding, nil
}

func (b *branded) describe(t *testing.T, id *string, merged bool) *types.ManagedLoginBrandingType {
	t.Helper()
	out, err := b.SDK.DescribeManagedLoginBranding(t.Context(), &cip.DescribeManagedLoginBrandingInput{
		UserPoolId: &b.pool, ManagedLoginBrandingId: id, ReturnMergedResources: merged,
	})
	wantOK(t, err)
	return out.ManagedLoginBranding
}

var ignoreDocument = cmp.Options{cmpopts.IgnoreUnexported(types.ManagedLoginBrandingType{}, types.AssetType{}), cmpopts.IgnoreFields(types.ManagedLoginBrandingType{}, "Settings")}

func TestAStyleIsDescribedAsItWasMade(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	const given = `{"components":{"form":{"borderRadius":3}},"categories":{"global":{"colorSchemeMode":"DARK"}}}`
	logo := styleImage(types.AssetCategoryTypeFormLogo, types.ColorSchemeModeTypeDynamic, types.AssetExtensionTypePng, string(picture(t)))
	icon := styleImage(types.AssetCategoryTypeIdpButtonIcon, types.ColorSchemeModeTypeLight, types.AssetExtensionTypeSvg, drawing)
	icon.ResourceId = aws.String("Google")
	made, err := b.create(t, func(in *cip.CreateManagedLoginBrandingInput) {
		in.Settings, in.Assets = settingsFrom(t, given), []types.AssetType{logo, icon}
	})
	wantOK(t, err)
	var want map[string]any
	wantOK(t, json.Unmarshal([]byte(given), &want))
	// The SDK has a type of its own for numbers.
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(settingsOf(t, made))); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]types.AssetType{logo, icon}, made.Assets, ignoreDocument); diff != "" {
		t.Errorf("assets (-want +got):\n%s", diff)
	}
	if aws.ToString(made.UserPoolId) != b.pool || made.UseCognitoProvidedValues || len(aws.ToString(made.ManagedLoginBrandingId)) != 36 ||
		!aws.ToTime(made.CreationDate).Equal(aws.ToTime(made.LastModifiedDate)) || made.CreationDate.IsZero() {
		t.Errorf("%+v", made)
	}
	if diff := cmp.Diff(made, b.describe(t, made.ManagedLoginBrandingId, false), ignoreDocument); diff != "" {
		t.Errorf("described (-made +described):\n%s", diff)
	}
	by, err := b.SDK.DescribeManagedLoginBrandingByClient(t.Context(), &cip.DescribeManagedLoginBrandingByClientInput{
		UserPoolId: &b.pool, ClientId: &b.client, ReturnMergedResources: true,
	})
	wantOK(t, err)
	if diff := cmp.Diff(made, by.ManagedLoginBranding, ignoreDocument); diff != "" {
		t.Errorf("described by client (-made +described):\n%s", diff)
	}
	merged := settingsOf(t, by.ManagedLoginBranding)
	form := merged["components"].(map[string]any)["form"].(map[string]any)
	global := merged["categories"].(map[string]any)["global"].(map[string]any)
	if fmt.Sprint(form["borderRadius"]) != "3" || form["lightMode"] == nil || global["colorSchemeMode"] != "DARK" || global["spacingDensity"] != "REGULAR" {
		t.Errorf("merged settings: %v", merged)
	}
}

// An answer of one operation is a request of the other.
func TestWhatIsDescribedCanBeSet(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	made, err := b.create(t, func(in *cip.CreateManagedLoginBrandingInput) { in.UseCognitoProvidedValues = true })
	wantOK(t, err)
	if !made.UseCognitoProvidedValues || made.Settings != nil || len(made.Assets) > 0 {
		t.Errorf("provided: %+v", made)
	}
	merged := settingsOf(t, b.describe(t, made.ManagedLoginBrandingId, true))
	out, err := b.SDK.UpdateManagedLoginBranding(t.Context(), &cip.UpdateManagedLoginBrandingInput{
		UserPoolId: &b.pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId, Settings: document.NewLazyDocument(merged),
	})
	wantOK(t, err)
	if diff := cmp.Diff(merged, settingsOf(t, out.ManagedLoginBranding)); diff != "" || out.ManagedLoginBranding.UseCognitoProvidedValues {
		t.Errorf("%+v (-want +got):\n%s", out.ManagedLoginBranding, diff)
	}
}

func TestAnUpdateKeepsWhatItDoesNotName(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	light := styleImage(types.AssetCategoryTypeFormLogo, types.ColorSchemeModeTypeLight, types.AssetExtensionTypePng, string(picture(t)))
	dark := styleImage(types.AssetCategoryTypeFormLogo, types.ColorSchemeModeTypeDark, types.AssetExtensionTypePng, string(picture(t)))
	made, err := b.create(t, func(in *cip.CreateManagedLoginBrandingInput) {
		in.Settings, in.Assets = settingsFrom(t, `{"components":{"form":{"borderRadius":3}}}`), []types.AssetType{light}
	})
	wantOK(t, err)
	update := func(change func(*cip.UpdateManagedLoginBrandingInput)) *types.ManagedLoginBrandingType {
		t.Helper()
		in := &cip.UpdateManagedLoginBrandingInput{UserPoolId: &b.pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId}
		change(in)
		out, err := b.SDK.UpdateManagedLoginBranding(t.Context(), in)
		wantOK(t, err)
		return out.ManagedLoginBranding
	}
	update(func(in *cip.UpdateManagedLoginBrandingInput) { in.Assets = []types.AssetType{dark} })
	update(func(in *cip.UpdateManagedLoginBrandingInput) {
		in.Settings = settingsFrom(t, `{"components":{"form":{"logo":{"enabled":true}}}}`)
	})
	light.Extension, light.Bytes = types.AssetExtensionTypeSvg, []byte(drawing)
	update(func(in *cip.UpdateManagedLoginBrandingInput) { in.Assets = []types.AssetType{light} })
	got := b.describe(t, made.ManagedLoginBrandingId, false)
	want := map[string]any{"components": map[string]any{"form": map[string]any{"borderRadius": 3.0, "logo": map[string]any{"enabled": true}}}}
	if diff := cmp.Diff(fmt.Sprint(want), fmt.Sprint(settingsOf(t, got))); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]types.AssetType{light, dark}, got.Assets, ignoreDocument); diff != "" {
		t.Errorf("assets (-want +got):\n%s", diff)
	}
	got = update(func(in *cip.UpdateManagedLoginBrandingInput) { in.UseCognitoProvidedValues = true })
	if !got.UseCognitoProvidedValues || got.Settings != nil || len(got.Assets) != 0 {
		t.Errorf("provided: %+v", got)
	}
}

func TestStylesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	const ico, svg, jpeg, pngType, webp = types.AssetExtensionTypeIco, types.AssetExtensionTypeSvg, types.AssetExtensionTypeJpeg, types.AssetExtensionTypePng, types.AssetExtensionTypeWebp
	const light = types.ColorSchemeModeTypeLight
	one := func(a types.AssetType) func(*cip.CreateManagedLoginBrandingInput) {
		return func(in *cip.CreateManagedLoginBrandingInput) { in.Assets = []types.AssetType{a} }
	}
	for name, change := range map[string]func(*cip.CreateManagedLoginBrandingInput){
		"provided values with settings": func(in *cip.CreateManagedLoginBrandingInput) {
			in.UseCognitoProvidedValues, in.Settings = true, settingsFrom(t, `{}`)
		},
		"provided values with assets": func(in *cip.CreateManagedLoginBrandingInput) {
			in.UseCognitoProvidedValues = true
			in.Assets = []types.AssetType{styleImage(types.AssetCategoryTypeFormLogo, light, svg, drawing)}
		},
		"unknown setting": func(in *cip.CreateManagedLoginBrandingInput) { in.Settings = settingsFrom(t, `{"other":1}`) },
		"not a colour": func(in *cip.CreateManagedLoginBrandingInput) {
			in.Settings = settingsFrom(t, `{"components":{"pageText":{"lightMode":{"bodyColor":"red"}}}}`)
		},
		"no object":          func(in *cip.CreateManagedLoginBrandingInput) { in.Settings = settingsFrom(t, `[]`) },
		"favicon as picture": one(styleImage(types.AssetCategoryTypeFaviconIco, light, pngType, string(picture(t)))),
		"icon as picture":    one(styleImage(types.AssetCategoryTypeIdpButtonIcon, light, jpeg, "x")),
		"logo as icon":       one(styleImage(types.AssetCategoryTypeFormLogo, light, ico, "x")),
		"WebP":               one(styleImage(types.AssetCategoryTypeFormLogo, light, webp, "RIFF\x00\x00\x00\x00WEBP")),
		"PNG as JPEG":        one(styleImage(types.AssetCategoryTypeFormLogo, light, jpeg, string(picture(t)))),
		"page as SVG":        one(styleImage(types.AssetCategoryTypeFormLogo, light, svg, "<html/>")),
		"entities":           one(styleImage(types.AssetCategoryTypeFormLogo, light, svg, `<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>`+drawing)),
		"no content":         one(styleImage(types.AssetCategoryTypeFormLogo, light, svg, "")),
		"one place twice": func(in *cip.CreateManagedLoginBrandingInput) {
			in.Assets = []types.AssetType{styleImage(types.AssetCategoryTypeFormLogo, light, svg, drawing), styleImage(types.AssetCategoryTypeFormLogo, light, pngType, string(picture(t)))}
		},
		"large content": one(styleImage(types.AssetCategoryTypeFormLogo, light, svg, drawing+strings.Repeat(" ", 1_000_000))),
	} {
		_, err := b.create(t, change)
		t.Log(name)
		wantCode(t, err, "InvalidParameterException")
	}
	_, err := b.create(t, func(in *cip.CreateManagedLoginBrandingInput) { in.ClientId = aws.String("nobody") })
	wantError(t, err, "ResourceNotFoundException", "User pool client nobody does not exist.")
	_, err = b.create(t, func(in *cip.CreateManagedLoginBrandingInput) { in.UserPoolId = aws.String(unknownPool) })
	wantError(t, err, "ResourceNotFoundException", "User pool "+unknownPool+" does not exist.")

	made, err := b.create(t, nil)
	wantOK(t, err)
	_, err = b.create(t, nil)
	wantError(t, err, "ManagedLoginBrandingExistsException", "A managed login branding already exists for this app client.")
	_, err = b.SDK.UpdateManagedLoginBranding(t.Context(), &cip.UpdateManagedLoginBrandingInput{ManagedLoginBrandingId: made.ManagedLoginBrandingId})
	wantCode(t, err, "InvalidParameterException")
	other := newBranded(t, nil)
	_, err = other.SDK.DescribeManagedLoginBranding(t.Context(), &cip.DescribeManagedLoginBrandingInput{UserPoolId: &other.pool, ManagedLoginBrandingId: made.ManagedLoginBrandingId})
	wantCode(t, err, "ResourceNotFoundException")
}

func TestAStyleGoesAndANewOneComes(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	made, err := b.create(t, func(in *cip.CreateManagedLoginBrandingInput) {
		in.Assets = []types.AssetType{styleImage(types.AssetCategoryTypeFormLogo, types.ColorSchemeModeTypeLight, types.AssetExtensionTypeSvg, drawing)}
	})
	wantOK(t, err)
	remove := func() servertest.Answer {
		return b.Call(t, "DeleteManagedLoginBranding", fmt.Sprintf(`{"UserPoolId":%q,"ManagedLoginBrandingId":%q}`, b.pool, *made.ManagedLoginBrandingId))
	}
	if a := remove(); a.Status != 200 || a.Body != "" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := remove(); a.ErrorType() != "ResourceNotFoundException" {
		t.Errorf("again: %d %s", a.Status, a.Body)
	}
	_, err = b.SDK.DescribeManagedLoginBrandingByClient(t.Context(), &cip.DescribeManagedLoginBrandingByClientInput{UserPoolId: &b.pool, ClientId: &b.client})
	wantCode(t, err, "ResourceNotFoundException")
	_, err = b.create(t, nil)
	wantOK(t, err)
	_, err = b.SDK.DeleteUserPoolClient(t.Context(), &cip.DeleteUserPoolClientInput{UserPoolId: &b.pool, ClientId: &b.client})
	wantOK(t, err)
	_, err = b.SDK.DeleteUserPool(t.Context(), &cip.DeleteUserPoolInput{UserPoolId: &b.pool})
	wantOK(t, err)
}

func TestPlanLiteHasNoManagedLogin(t *testing.T) {
	t.Parallel()
	b := newBranded(t, lite)
	_, err := b.create(t, nil)
	wantError(t, err, "FeatureUnavailableInTierException", "The following features need to be disabled for the LITE pricing tier configured: Managed Login")
}

func TestS173APoolHasTwentyStyles(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	for i := range 21 {
		client := b.CreateClient(t, b.pool, nil)
		_, err := b.create(t, func(in *cip.CreateManagedLoginBrandingInput) { in.ClientId = &client })
		if i < 20 {
			wantOK(t, err)
		} else {
			wantCode(t, err, "LimitExceededException")
		}
	}
}

// The pages of a client show its style, and nothing of an image but its picture.
func TestS142PagesShowImagesThatWereWrittenAnew(t *testing.T) {
	t.Parallel()
	b := newBranded(t, nil)
	logo := styleImage(types.AssetCategoryTypeFormLogo, types.ColorSchemeModeTypeDynamic, types.AssetExtensionTypeSvg, drawing)
	_, err := b.create(t, func(in *cip.CreateManagedLoginBrandingInput) { in.Assets = []types.AssetType{logo} })
	wantOK(t, err)
	const clean = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0"></path></svg>` + "\n"
	for content, want := range map[string]string{clean: clean, drawing: ""} {
		hash := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
		got := fetch(t, b.Server, "/_cognate/assets/"+b.pool+"/"+hash)
		if got.Body != want && (want != "" || got.Status != 404) {
			t.Errorf("%s: %d %s", content, got.Status, got.Body)
		}
		if want != "" && (got.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(got.Header.Get("Content-Security-Policy"), "sandbox") || got.Header.Get("X-Content-Type-Options") != "nosniff") {
			t.Errorf("headers: %v", got.Header)
		}
	}
}

// fetch gets a path of the installation.
func fetch(t *testing.T, s *servertest.Server, path string) servertest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	wantOK(t, err)
	return s.Do(t, r)
}
