package pages

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"
)

// assetsPath is where files of the pages are served, below the domain's path.
const assetsPath = "/_pages/"

const imagesPath = "image/" // below assetsPath: pictures of styles, by hash

//go:embed static
var static embed.FS

// assets are the embedded files by the name that holds their hash.
type assets struct {
	files     map[string][]byte
	addresses map[string]string // by plain name
}

func readAssets() (assets, error) {
	a := assets{files: map[string][]byte{}, addresses: map[string]string{}}
	entries, err := static.ReadDir("static")
	if err != nil {
		return assets{}, fmt.Errorf("list the pages' files: %w", err)
	}
	for _, entry := range entries {
		data, err := static.ReadFile("static/" + entry.Name())
		if err != nil {
			return assets{}, fmt.Errorf("read the pages' files: %w", err)
		}
		name := contentName(data, path.Ext(entry.Name()))
		a.files[name] = data
		a.addresses[entry.Name()] = assetsPath + name
	}
	return a, nil
}

func (a assets) address(name string) string { return a.addresses[name] }

// contentName names a file after its content, so that it never changes.
func contentName(data []byte, extension string) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:10]) + extension
}

// Assets serves the stylesheets, pictures and the script at addresses that
// contain {path}/_pages/.
func (r *Renderer) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		_, name, _ := strings.Cut(req.URL.Path, assetsPath)
		if hash, ok := strings.CutPrefix(name, imagesPath); ok {
			r.image(w, req, hash)
			return
		}
		data, ok := r.assets.files[name]
		if !ok {
			http.NotFound(w, req)
			return
		}
		writeFile(w, data, contentTypes[path.Ext(name)])
	})
}

func (r *Renderer) image(w http.ResponseWriter, req *http.Request, hash string) {
	data, contentType, err := r.options.Image(req, hash)
	if err != nil {
		r.options.Log.LogAttrs(req.Context(), slog.LevelError, "picture of a style not read", slog.String("hash", hash), slog.Any("error", err))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if contentType == "" {
		http.NotFound(w, req)
		return
	}
	writeFile(w, data, contentType)
}

// writeFile answers with a file whose address changes with its content. What is
// in it can do nothing when it is opened as a page (S142).
func writeFile(w http.ResponseWriter, data []byte, contentType string) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
	_, _ = w.Write(data) // the browser may have gone
}

var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
}
