package pages

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"

	"cognate/internal/cognito/style"
)

//go:embed templates
var templates embed.FS

// Options are what a renderer needs.
type Options struct {
	// Style finds the style of a client of the pool whose domain r was sent to;
	// nil where there is none.
	Style func(r *http.Request, clientID string) (*style.Style, error)
	// Image finds an image of a style of that pool by its hash; empty where there
	// is none.
	Image func(r *http.Request, hash string) (data []byte, contentType string, err error)
	Log   *slog.Logger
}

// Renderer writes pages. It may be used by many goroutines.
type Renderer struct {
	options    Options
	pages      map[int]map[string]*template.Template // by version and name
	catalogues map[string]catalogue
	assets     assets
	defaults   style.Settings
}

// New reads the embedded templates, texts and assets.
func New(options Options) (*Renderer, error) {
	r := &Renderer{options: options, pages: map[int]map[string]*template.Template{}, defaults: style.Defaults()}
	var err error
	if r.catalogues, err = readCatalogues(); err != nil {
		return nil, err
	}
	if r.assets, err = readAssets(); err != nil {
		return nil, err
	}
	for version, layout := range map[int]string{classic: "classic.html", managed: "managed.html"} {
		if r.pages[version], err = readPages(layout); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// readPages reads the pages of one generation into its frame.
func readPages(layout string) (map[string]*template.Template, error) {
	frame, err := template.New(layout).ParseFS(templates, "templates/parts.html", "templates/"+layout)
	if err != nil {
		return nil, fmt.Errorf("read the frame %s: %w", layout, err)
	}
	files, err := fs.Glob(templates, "templates/pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("list the pages: %w", err)
	}
	if layout == "classic.html" { // the last of a name wins
		files = append(files, "templates/classic/sign_in.html")
	}
	pages := make(map[string]*template.Template, len(files))
	for _, file := range files {
		page, err := frame.Clone()
		if err == nil {
			page, err = page.ParseFS(templates, file)
		}
		if err != nil {
			return nil, fmt.Errorf("read page %s: %w", file, err)
		}
		pages[strings.TrimSuffix(path.Base(file), ".html")] = page
	}
	return pages, nil
}

// Write answers with a page. A page that cannot be rendered is logged and
// becomes a plain 500.
func (r *Renderer) Write(w http.ResponseWriter, status int, view View) {
	nonce := rand.Text()
	body, err := r.render(view, nonce)
	if err != nil {
		r.options.Log.Error("page not rendered", "page", view.name(), "error", err)
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	SetHeaders(w.Header(), nonce)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the browser may have gone
}

func (r *Renderer) render(view View, nonce string) ([]byte, error) {
	version := managed
	if view.frame().Version == classic {
		version = classic
	}
	page, ok := r.pages[version][view.name()]
	if !ok {
		return nil, fmt.Errorf("there is no page %q", view.name())
	}
	var out bytes.Buffer
	if err := page.Execute(&out, r.screen(view, page, nonce)); err != nil {
		return nil, fmt.Errorf("render page %s: %w", view.name(), err)
	}
	return out.Bytes(), nil
}

func (r *Renderer) screen(view View, page *template.Template, nonce string) *screen {
	f := view.frame()
	language := f.Lang
	texts, ok := r.catalogues[language]
	if !ok || f.Version == classic { // classic pages are in English
		language = English
		texts = r.catalogues[English]
	}
	looks := &r.defaults
	if f.Style != nil {
		looks = &f.Style.Settings
	}
	return &screen{
		Frame: f, View: view, Nonce: nonce, Looks: looks,
		page: page, language: language, texts: texts, files: r.assets,
	}
}
