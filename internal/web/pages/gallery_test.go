package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"cognate/internal/api"
	"cognate/internal/browsertest"
	"cognate/internal/cognito/style"
)

// gallery serves every page under /{version}/{name}, as a controller would, and
// keeps what its forms post.
type gallery struct {
	renderer *Renderer
	style    *style.Style // of the client demo; nil: the provided one
	views    map[string]View
	posted   chan url.Values
	next     string // where a posted form leads to
}

const galleryClient = "demo"

// exampleImages are those of the example style, by their hashes.
var exampleImages = map[string]string{
	"10": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 40"><circle cx="20" cy="20" r="15" fill="#0f766e"/><path d="M11 23q9-13 18 0" fill="none" stroke="#fff" stroke-width="3"/><text x="44" y="27" font-family="sans-serif" font-size="20" font-weight="700" fill="#0f766e">Harbour</text></svg>`,
	"11": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 180 40"><circle cx="20" cy="20" r="15" fill="#5eead4"/><path d="M11 23q9-13 18 0" fill="none" stroke="#042f2e" stroke-width="3"/><text x="44" y="27" font-family="sans-serif" font-size="20" font-weight="700" fill="#5eead4">Harbour</text></svg>`,
	"20": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 800" preserveAspectRatio="xMidYMid slice"><defs><linearGradient id="a" x2="1" y2="1"><stop stop-color="#ccfbf1"/><stop offset="1" stop-color="#fde68a"/></linearGradient></defs><rect width="1200" height="800" fill="url(#a)"/><path d="M0 620q150-60 300 0t300 0 300 0 300 0v180H0z" fill="#0f766e" opacity=".25"/><path d="M0 690q150-60 300 0t300 0 300 0 300 0v110H0z" fill="#0f766e" opacity=".35"/></svg>`,
	"21": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 800" preserveAspectRatio="xMidYMid slice"><rect width="1200" height="800" fill="#042f2e"/><path d="M0 620q150-60 300 0t300 0 300 0 300 0v180H0z" fill="#0f766e" opacity=".35"/><path d="M0 690q150-60 300 0t300 0 300 0 300 0v110H0z" fill="#0f766e" opacity=".5"/></svg>`,
	"30": `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><rect width="20" height="20" rx="5" fill="#7c3aed"/></svg>`,
}

// exampleStyle is one that changes the colours, the place of the form and its
// logo, and has pictures for light and dark pages.
func exampleStyle() *style.Style {
	s := &style.Style{Settings: style.Defaults()}
	parts, categories := &s.Settings.Components, &s.Settings.Categories
	light := style.FilledButton{BackgroundColor: "0f766eff", TextColor: "ffffffff"}
	dark := style.FilledButton{BackgroundColor: "5eead4ff", TextColor: "042f2eff"}
	parts.PrimaryButton.LightMode = style.PrimaryButton{Defaults: light, Hover: light, Active: light, Disabled: parts.PrimaryButton.LightMode.Disabled}
	parts.PrimaryButton.DarkMode = style.PrimaryButton{Defaults: dark, Hover: dark, Active: dark, Disabled: parts.PrimaryButton.DarkMode.Disabled}
	s.Settings.ComponentClasses.Buttons.BorderRadius = 24
	s.Settings.ComponentClasses.Link.LightMode.Defaults.TextColor = "0f766eff"
	s.Settings.ComponentClasses.Link.DarkMode.Defaults.TextColor = "5eead4ff"
	parts.Form.BorderRadius = 24
	parts.Form.Logo.Enabled, parts.Form.Logo.Location = true, style.Start
	categories.Form.Location.Horizontal = style.End
	categories.Global.PageHeader.Enabled, categories.Global.PageFooter.Enabled = true, true
	parts.PageHeader.Logo.Enabled, parts.PageFooter.Logo.Enabled = true, true
	parts.PageFooter.Logo.Location = style.Center
	categories.Auth.AuthMethodOrder = [][]style.AuthMethod{{
		{Display: style.DisplayInput, Type: style.TypeUsernamePassword}, {Display: style.DisplayButton, Type: style.TypeFederated},
	}}
	for category, hash := range map[api.AssetCategoryType]string{
		api.AssetCategoryTypeFormLogo: "1", api.AssetCategoryTypePageHeaderLogo: "1", api.AssetCategoryTypePageFooterLogo: "1", api.AssetCategoryTypePageBackground: "2",
	} {
		s.Assets = append(s.Assets,
			style.Asset{Category: category, ColorMode: api.ColorSchemeModeTypeLight, Hash: hash + "0"},
			style.Asset{Category: category, ColorMode: api.ColorSchemeModeTypeDark, Hash: hash + "1"})
	}
	s.Assets = append(s.Assets, style.Asset{Category: api.AssetCategoryTypeIdpButtonIcon, ColorMode: api.ColorSchemeModeTypeDynamic, Hash: "30", ResourceID: "Google"})
	return s
}

func newGallery(t *testing.T, looks *style.Style, change func(version int, f *Frame)) (*gallery, string) {
	t.Helper()
	g := &gallery{style: looks, views: map[string]View{}, posted: make(chan url.Values, 16), next: "/2/signed-out"}
	var err error
	g.renderer, err = New(Options{
		Style: func(*http.Request, string) (*style.Style, error) { return g.style, nil },
		Image: func(_ *http.Request, hash string) ([]byte, string, error) {
			image, ok := exampleImages[hash]
			if !ok {
				return nil, "", nil
			}
			return []byte(image), "image/svg+xml", nil
		},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{1, 2} {
		for _, page := range everyPage(version) {
			f := FrameOf(page.view)
			f.Version, f.Lang, f.Style, f.ClientID = version, English, looks, galleryClient
			f.ClientName, f.CSRF, f.Query = "Harbour Books", "token", "client_id=demo&response_type=code&redirect_uri=https%3A%2F%2Fexample.com%2F"
			if change != nil {
				change(version, f)
			}
			g.views[fmt.Sprintf("/%d/%s", version, page.name)] = page.view
		}
	}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	// Passkeys need a name, and localhost is one that browsers trust.
	return g, strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
}

func (g *gallery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		_ = r.ParseForm()
		g.posted <- r.PostForm
		http.Redirect(w, r, g.next, http.StatusSeeOther)
		return
	}
	if view, ok := g.views[r.URL.Path]; ok {
		g.renderer.Write(w, http.StatusOK, view)
		return
	}
	g.renderer.Assets().ServeHTTP(w, r)
}

// device is a window of the gallery's visitor.
type device struct {
	name          string
	width, height int64
}

var devices = []device{{"desktop", 1280, 860}, {"phone", 390, 844}}

// Every page has no finding of axe-core at WCAG 2.2 AA, in light and dark, on a
// desktop and a phone, and none scrolls sideways; nothing is refused by the policy
// of its answer. Pictures of all are kept.
func TestGalleryIsAccessible(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile("../../../test/clients/node_modules/axe-core/axe.min.js")
	switch {
	case err == nil:
	case os.Getenv("COGNATE_REQUIRE_CLIENTS") != "":
		t.Fatalf("%v; scripts/setup-tests installs it", err)
	default:
		t.Skipf("%v; scripts/setup-tests installs it", err)
	}
	tab := browsertest.Open(t, 8*time.Minute)
	complaints := watch(tab, t)
	_, base := newGallery(t, nil, nil)
	for _, version := range []int{1, 2} {
		for _, scheme := range []string{"light", "dark"} {
			if version == 1 && scheme == "dark" {
				continue // classic pages have one look
			}
			for _, d := range devices {
				emulate(tab, t, scheme, d)
				for _, page := range everyPage(version) {
					name := fmt.Sprintf("v%d-%s-%s-%s", version, page.name, scheme, d.name)
					visit(tab, t, fmt.Sprintf("%s/%d/%s", base, version, page.name))
					for _, finding := range findings(tab, t, string(axe)) {
						t.Errorf("%s: %s", name, finding)
					}
					keepPicture(tab, t, name)
				}
			}
		}
	}
	_, base = newGallery(t, exampleStyle(), nil)
	for _, scheme := range []string{"light", "dark"} {
		for _, d := range devices {
			emulate(tab, t, scheme, d)
			for _, page := range []string{"sign-in", "choose"} {
				name := fmt.Sprintf("styled-%s-%s-%s", page, scheme, d.name)
				visit(tab, t, base+"/2/"+page)
				evaluate[any](tab, t, `Promise.all(performance.getEntriesByType("resource").filter((e) => e.name.includes("/image/"))
					.map((e) => { const i = new Image(); i.src = e.name; return i.decode(); })).then(() => 0)`)
				for _, finding := range findings(tab, t, string(axe)) {
					t.Errorf("%s: %s", name, finding)
				}
				keepPicture(tab, t, name)
			}
		}
	}
	for _, text := range complaints() {
		t.Errorf("the browser says: %s", text)
	}
}

// No page scrolls sideways on the smallest phones, with the longest words, where
// one reads from the right, nor with texts of twice the size.
func TestPagesFitSmallWindows(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t, 8*time.Minute)
	language := "de"
	g, base := newGallery(t, nil, func(_ int, f *Frame) { f.Lang = language })
	mirrored := maps.Clone(g.renderer.catalogues["de"])
	mirrored["dir"] = "rtl"
	emulate(tab, t, "light", device{"narrow", 320, 640})
	const wide = `document.documentElement.scrollWidth > document.documentElement.clientWidth`
	for _, kind := range []string{"ltr", "rtl", "large"} {
		switch kind {
		case "rtl":
			g.renderer.catalogues["de"] = mirrored
		case "large":
			emulate(tab, t, "light", devices[1])
		}
		for _, page := range everyPage(managed) {
			visit(tab, t, base+"/2/"+page.name)
			if kind == "large" {
				evaluate[any](tab, t, `document.documentElement.style.fontSize = "200%"`)
			}
			if evaluate[bool](tab, t, wide) {
				t.Errorf("%s %s scrolls sideways", page.name, kind)
			}
			if kind == "ltr" {
				keepPicture(tab, t, "narrow-"+page.name)
			}
		}
	}
}

func evaluate[T any](tab context.Context, t *testing.T, script string) T {
	t.Helper()
	result, err := chromedp.Run(tab, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	return result
}

// watch collects what the browser complains about: answers that the policy
// refuses, errors of scripts, dialogs.
func watch(tab context.Context, t *testing.T) func() []string {
	t.Helper()
	var mu sync.Mutex
	var all []string
	add := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, text)
	}
	err := chromedp.Listen(tab, func(event any) {
		switch e := event.(type) {
		case *cdplog.EventEntryAdded:
			if e.Entry.Level == cdplog.EntryLevelError {
				add(e.Entry.Text + " " + e.Entry.URL)
			}
		case *runtime.EventExceptionThrown:
			add(e.ExceptionDetails.Text)
		case *cdppage.EventJavascriptDialogOpening:
			add("dialog: " + e.Message)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(tab, cdplog.Enable, cdp.Empty{}); err != nil {
		t.Fatal(err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// emulate sets the size of the window and the colours that its user prefers.
func emulate(tab context.Context, t *testing.T, scheme string, d device) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.EmulateViewport(d.width, d.height)); err != nil {
		t.Fatal(err)
	}
	_, err := chromedp.Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func visit(tab context.Context, t *testing.T, url string) {
	t.Helper()
	if err := chromedp.Do(tab, chromedp.Navigate(url)); err != nil {
		t.Fatalf("visit %s: %v", url, err)
	}
}

// findings runs axe-core on the page.
func findings(tab context.Context, t *testing.T, axe string) []string {
	t.Helper()
	const run = `axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}})
		.then((r) => JSON.stringify(r.violations.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.html.slice(0, 160) + " " + (n.any[0] || n.all[0] || n.none[0] || {}).message))))`
	if _, err := chromedp.Run(tab, chromedp.Evaluate[any](axe+";0")); err != nil {
		t.Fatalf("load axe-core: %v", err)
	}
	result, err := chromedp.Run(tab, chromedp.Evaluate[string](run, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("run axe-core: %v", err)
	}
	var found []string
	if err := json.Unmarshal([]byte(result), &found); err != nil {
		t.Fatal(err)
	}
	if evaluate[bool](tab, t, `document.documentElement.scrollWidth > document.documentElement.clientWidth`) {
		found = append(found, "scrolls sideways")
	}
	return found
}

// keepPicture writes a picture of the whole page into COGNATE_SCREENSHOTS, or
// among the test's artefacts.
func keepPicture(tab context.Context, t *testing.T, name string) {
	t.Helper()
	picture, err := chromedp.Run(tab, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatalf("take a picture of %s: %v", name, err)
	}
	dir := os.Getenv("COGNATE_SCREENSHOTS")
	if dir == "" {
		dir = t.ArtifactDir()
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}
