package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"cognate/internal/browsertest"
	"cognate/internal/cognito/style"
)

// gallery serves every page under /{version}/{name}, as a controller would.
type gallery struct {
	renderer *Renderer
	style    *style.Style // of the client demo; nil: the provided one
	views    map[string]View
}

const galleryClient = "demo"

func newGallery(t *testing.T, looks *style.Style, change func(version int, f *Frame)) (*gallery, string) {
	t.Helper()
	g := &gallery{style: looks, views: map[string]View{}}
	var err error
	g.renderer, err = New(Options{
		Style: func(*http.Request, string) (*style.Style, error) { return g.style, nil },
		Image: func(*http.Request, string) ([]byte, string, error) { return nil, "", nil },
		Log:   slog.New(slog.NewTextHandler(t.Output(), nil)),
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
	return g, server.URL
}

func (g *gallery) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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
// desktop and a phone; no page scrolls sideways, at 320 pixels neither; nothing
// is refused by the policy of its answer. Pictures of all are kept.
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
	tab := browsertest.Open(t, 5*time.Minute)
	_, url := newGallery(t, nil, nil)
	for _, version := range []int{1, 2} {
		for _, scheme := range []string{"light", "dark"} {
			if version == 1 && scheme == "dark" {
				continue // classic pages have one look
			}
			for _, d := range devices {
				emulate(tab, t, scheme, d)
				for _, page := range everyPage(version) {
					name := fmt.Sprintf("v%d-%s-%s-%s", version, page.name, scheme, d.name)
					visit(tab, t, fmt.Sprintf("%s/%d/%s", url, version, page.name))
					for _, finding := range findings(tab, t, string(axe)) {
						t.Errorf("%s: %s", name, finding)
					}
					keepPicture(tab, t, name)
				}
			}
		}
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
	wide, err := chromedp.Run(tab, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > document.documentElement.clientWidth`))
	if err != nil {
		t.Fatal(err)
	}
	if wide {
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
