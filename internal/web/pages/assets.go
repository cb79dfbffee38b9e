package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"strings"

	"cognate/internal/cognito/style"
)

// assetsPath is where files of the pages are served, below the domain's path.
const assetsPath = "/_pages/"

// Below assetsPath.
const (
	imagesPath  = "image/"   // pictures of styles, by hash
	stylesPath  = "style/"   // stylesheets of managed login: {client}/{hash}.css
	classicPath = "classic/" // the same of classic pages
)

// defaultStyle is the plain name of the stylesheet of the provided style.
const defaultStyle = "style.css"

//go:embed static
var static embed.FS

// assets are the embedded files.
type assets struct {
	files     map[string]file   // by the name that holds their hash
	addresses map[string]string // by plain name
}

// file is the content of an asset, and the same compressed once for all.
type file struct{ plain, packed []byte }

func readAssets() (assets, error) {
	a := assets{files: map[string]file{}, addresses: map[string]string{}}
	entries, err := static.ReadDir("static")
	if err != nil {
		return assets{}, fmt.Errorf("list the pages' files: %w", err)
	}
	for _, entry := range entries {
		data, err := static.ReadFile("static/" + entry.Name())
		if err != nil {
			return assets{}, fmt.Errorf("read the pages' files: %w", err)
		}
		if err := a.add(entry.Name(), data); err != nil {
			return assets{}, err
		}
	}
	return a, a.add(defaultStyle, stylesheet(&style.Style{Settings: style.Defaults()}))
}

// add keeps a file under its plain name too.
func (a assets) add(plain string, data []byte) error {
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("compress %s: %w", plain, err)
	}
	name := contentName(data, path.Ext(plain))
	a.files[name] = file{data, packed.Bytes()}
	a.addresses[plain] = assetsPath + name
	return nil
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
		if address, ok := strings.CutPrefix(name, stylesPath); ok {
			r.style(w, req, address, stylesheet)
			return
		}
		if address, ok := strings.CutPrefix(name, classicPath); ok {
			r.style(w, req, address, func(s *style.Style) []byte { return []byte(s.CSS) })
			return
		}
		found, ok := r.assets.files[name]
		if !ok {
			http.NotFound(w, req)
			return
		}
		data := found.plain
		w.Header().Set("Vary", "Accept-Encoding")
		if takesGzip(req) {
			data = found.packed
			w.Header().Set("Content-Encoding", "gzip")
		}
		writeFile(w, data, contentTypes[path.Ext(name)])
	})
}

// takesGzip reads Accept-Encoding (RFC 9110 §12.5.3). Pages themselves are not
// compressed: they hold a secret beside texts from outside.
func takesGzip(req *http.Request) bool {
	for coding := range strings.SplitSeq(req.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(coding, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight == "" || strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != ""
		}
	}
	return false
}

// style answers with the stylesheet of a client. One of another hash than asked
// for is right now but not for ever: the style has changed since, or this node
// does not know yet that it has.
func (r *Renderer) style(w http.ResponseWriter, req *http.Request, address string, write func(*style.Style) []byte) {
	clientID, name, _ := strings.Cut(address, "/")
	found, err := r.options.Style(req, clientID)
	if err != nil {
		r.options.Log.LogAttrs(req.Context(), slog.LevelError, "style not read", slog.String("client", clientID), slog.Any("error", err))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	if found == nil {
		http.NotFound(w, req)
		return
	}
	data := write(found)
	setFileHeaders(w.Header(), contentTypes[".css"])
	if contentName(data, ".css") != name {
		w.Header().Set("Cache-Control", "no-store")
	}
	_, _ = w.Write(data) // the browser may have gone
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

func writeFile(w http.ResponseWriter, data []byte, contentType string) {
	setFileHeaders(w.Header(), contentType)
	_, _ = w.Write(data) // the browser may have gone
}

// setFileHeaders is for files whose address changes with their content. What is
// in one can do nothing when it is opened as a page (S142).
func setFileHeaders(h http.Header, contentType string) {
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", contentType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
}

var contentTypes = map[string]string{
	".svg": "image/svg+xml",
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
}
