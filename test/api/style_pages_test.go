package api_test

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"cognate/internal/servertest"
)

// file gets what a page links to, by a part of its address.
func (b *browser) file(t *testing.T, part string) (address, body string, header http.Header) {
	t.Helper()
	for _, link := range regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(b.page.text, -1) {
		if strings.Contains(link[1], part) {
			answer := fetchURL(t, b.s, b.at(t, link[1]))
			return link[1], answer.Body, answer.Header
		}
	}
	t.Fatalf("no link to %s on the page\n%s", part, b.page.text)
	return "", "", nil
}

func fetchURL(t *testing.T, s *servertest.Server, address string) servertest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	wantOK(t, err)
	return s.Do(t, r)
}

func (w *site) updateStyle(t *testing.T, change func(*cip.UpdateManagedLoginBrandingInput)) {
	t.Helper()
	found, err := w.s.SDK.DescribeManagedLoginBrandingByClient(t.Context(), &cip.DescribeManagedLoginBrandingByClientInput{UserPoolId: &w.pool, ClientId: &w.client})
	wantOK(t, err)
	in := &cip.UpdateManagedLoginBrandingInput{UserPoolId: &w.pool, ManagedLoginBrandingId: found.ManagedLoginBranding.ManagedLoginBrandingId}
	change(in)
	_, err = w.s.SDK.UpdateManagedLoginBranding(t.Context(), in)
	wantOK(t, err)
}

func TestAStyleIsSeenOnThePagesAtOnce(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	b := w.browser(t)
	b.start(t)
	before, _, _ := b.file(t, ".css")
	w.updateStyle(t, func(in *cip.UpdateManagedLoginBrandingInput) {
		in.Settings = settingsFrom(t, `{"components":{"primaryButton":{"lightMode":{"defaults":{"backgroundColor":"1234abff"}}},"form":{"logo":{"enabled":true}}}}`)
		in.Assets = []types.AssetType{
			styleImage(types.AssetCategoryTypeFormLogo, types.ColorSchemeModeTypeDynamic, types.AssetExtensionTypeSvg, drawing),
			styleImage(types.AssetCategoryTypePageBackground, types.ColorSchemeModeTypeDark, types.AssetExtensionTypePng, string(picture(t))),
		}
	})
	b.start(t)
	address, sheet, _ := b.file(t, "/style/")
	if address == before || !strings.Contains(sheet, "--primary:#1234abff") || !strings.Contains(sheet, "/image/") {
		t.Errorf("stylesheet at %s, before at %s:\n%s", address, before, sheet)
	}
	_, logo, header := b.file(t, "/image/")
	if strings.Contains(logo, "script") || !strings.Contains(logo, "<path") || header.Get("Content-Type") != "image/svg+xml" ||
		!strings.Contains(header.Get("Content-Security-Policy"), "sandbox") || header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("logo: %v\n%s", header, logo)
	}
	// What was uploaded is not at any address.
	original := fetchURL(t, w.s, w.base+"/_pages/image/"+fmt.Sprintf("%x", sha256.Sum256([]byte(drawing))))
	if original.Status != http.StatusNotFound {
		t.Errorf("the original: %d %s", original.Status, original.Body)
	}
}

// Images and stylesheets of a pool are not to be had at the domain of another.
func TestStylesStayWithTheirPool(t *testing.T) {
	t.Parallel()
	s := servertest.Shared(t)
	w, other := newSite(t, s, 2, nil, nil), newSite(t, s, 2, nil, nil)
	w.updateStyle(t, func(in *cip.UpdateManagedLoginBrandingInput) {
		in.Settings = settingsFrom(t, `{"components":{"form":{"logo":{"enabled":true}}}}`)
		in.Assets = []types.AssetType{styleImage(types.AssetCategoryTypeFormLogo, types.ColorSchemeModeTypeDynamic, types.AssetExtensionTypeSvg, drawing)}
	})
	b := w.browser(t)
	b.start(t)
	for _, part := range []string{"/image/", "/style/"} {
		address, _, _ := b.file(t, part)
		_, path, _ := strings.Cut(address, "/_pages/")
		if own := fetchURL(t, s, w.base+"/_pages/"+path); own.Status != http.StatusOK {
			t.Errorf("%s: %d", path, own.Status)
		}
		if got := fetchURL(t, s, other.base+"/_pages/"+path); got.Status != http.StatusNotFound {
			t.Errorf("%s of another pool: %d", path, got.Status)
		}
	}
}

func TestAClientWithoutAStyleHasNoPages(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	found, err := w.s.SDK.DescribeManagedLoginBrandingByClient(t.Context(), &cip.DescribeManagedLoginBrandingByClientInput{UserPoolId: &w.pool, ClientId: &w.client})
	wantOK(t, err)
	_, err = w.s.SDK.DeleteManagedLoginBranding(t.Context(), &cip.DeleteManagedLoginBrandingInput{
		UserPoolId: &w.pool, ManagedLoginBrandingId: found.ManagedLoginBranding.ManagedLoginBrandingId,
	})
	wantOK(t, err)
	page := w.browser(t).start(t)
	if !strings.Contains(page.text, "Login pages unavailable") || len(page.forms) > 0 {
		t.Errorf("%d %s", page.status, page.text)
	}
}

func TestClassicPagesHaveTheLookOfTheirClient(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 1, nil, nil)
	look := &branded{Server: w.s, pool: w.pool, client: w.client}
	_, err := look.setLook(t, "", ".submitButton-customizable:hover{color:#123456}", picture(t))
	wantOK(t, err)
	b := w.browser(t)
	b.start(t)
	_, sheet, header := b.file(t, w.client)
	if sheet != ".submitButton-customizable:hover{color:#123456}\n" || !strings.HasPrefix(header.Get("Content-Type"), "text/css") {
		t.Errorf("stylesheet %v\n%s", header, sheet)
	}
	_, logo, _ := b.file(t, "/image/")
	if !strings.HasPrefix(logo, "\x89PNG") || strings.Contains(logo, "script") {
		t.Errorf("logo %q", logo)
	}
	for _, name := range []string{"terms-of-use", "privacy-policy"} {
		_, err := look.createTerms(t, w.client, name, english)
		wantOK(t, err)
	}
	if page := b.open(t, "/signup", b.query()); strings.Contains(page.text, "example.com/terms") || len(page.forms) == 0 {
		t.Errorf("terms are on a classic page:\n%s", page.text)
	}
}

func TestTermsAreOnTheSignUpPage(t *testing.T) {
	t.Parallel()
	w := newSite(t, servertest.Shared(t), 2, nil, nil)
	owner := &branded{Server: w.s, pool: w.pool, client: w.client}
	_, err := owner.createTerms(t, w.client, "terms-of-use", map[string]string{"cognito:default": "https://example.com/terms", "cognito:french": "https://example.com/fr/terms"})
	wantOK(t, err)
	b := w.browser(t)
	if page := b.open(t, "/signup", b.query()); strings.Contains(page.text, "example.com/terms") {
		t.Errorf("one document is shown alone:\n%s", page.text)
	}
	_, err = owner.createTerms(t, w.client, "privacy-policy", map[string]string{"cognito:default": "https://example.com/privacy"})
	wantOK(t, err)
	for language, links := range map[string][]string{
		"fr": {"https://example.com/fr/terms", "https://example.com/privacy"},
		"de": {"https://example.com/terms", "https://example.com/privacy"},
	} {
		page := b.open(t, "/signup", b.query("lang", language))
		for _, link := range links {
			if !strings.Contains(page.text, `href="`+link+`"`) {
				t.Errorf("%s: %s is not on the page\n%s", language, link, page.text)
			}
		}
	}
}
