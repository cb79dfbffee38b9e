// Package assets serves the images of pools on the installation's own host: what
// ImageUrl of a look leads to. Pages have the same images below their own domain.
//
// Images come from strangers and were written anew when they were set. Even so
// they are served from a path of their own, as the type they were written as and
// as nothing else, and with a policy under which a document can do nothing
// (security.md S142).
package assets

import (
	"context"
	"log/slog"
	"net/http"
	"strconv"
)

// path is where images are, with pool and hash.
const path = "/_cognate/assets/"

// policy lets a drawing have its own styles, and nothing else.
const policy = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"

// URL is the public address of an image on a host.
func URL(public, poolID, hash string) string { return public + path + poolID + "/" + hash }

// Images are what is served.
type Images struct {
	// Find gives an image; no content type when there is none.
	Find func(ctx context.Context, poolID, hash string) (content []byte, contentType string, err error)
	Log  *slog.Logger
}

// Register puts the images where URL says.
func (i *Images) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+path+"{pool}/{hash}", i.serve)
}

func (i *Images) serve(w http.ResponseWriter, r *http.Request) {
	hash := r.PathValue("hash")
	content, contentType, err := i.Find(r.Context(), r.PathValue("pool"), hash)
	switch {
	case err != nil:
		i.Log.LogAttrs(r.Context(), slog.LevelError, "image not read", slog.String("hash", hash), slog.Any("error", err))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	case contentType == "":
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Security-Policy", policy)
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(content)))
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	etag := `"` + hash + `"`
	h.Set("ETag", etag)
	if r.Header.Get("If-None-Match") == etag {
		h.Del("Content-Length")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(content) // the browser may have gone
	}
}
