package control

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"

	"cognate/internal/api"
	"cognate/internal/cognito/messages"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.ParseFS(assets, "assets/*.html"))

// pagePolicy allows our own style sheet and frames, and no script at all.
const pagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// bodyPolicy is for HTML that the pool's owner wrote: no script, no forms, an
// origin of its own, pictures and inline styles as in a mail program.
const bodyPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; frame-ancestors 'self'"

// pages serves the inbox for people.
type pages struct{ inbox *messages.Inbox }

// view is what the templates see.
type view struct {
	Entries []messages.Entry
	Entry   messages.Entry
	Search  string
	IsEmail bool
}

func (p *pages) list(w http.ResponseWriter, r *http.Request) {
	search := r.URL.Query().Get("user")
	render(w, http.StatusOK, "list.html", view{Entries: p.inbox.List(messages.Filter{User: search}), Search: search})
}

func (p *pages) detail(w http.ResponseWriter, r *http.Request) {
	e, ok := entryOf(p.inbox, r)
	if !ok {
		render(w, http.StatusNotFound, "missing.html", view{})
		return
	}
	render(w, http.StatusOK, "detail.html", view{Entry: e, IsEmail: e.Medium == api.DeliveryMediumTypeEmail})
}

// body serves an HTML body for the frame of the detail page.
func (p *pages) body(w http.ResponseWriter, r *http.Request) {
	e, ok := entryOf(p.inbox, r)
	if !ok || e.Medium != api.DeliveryMediumTypeEmail {
		http.NotFound(w, r)
		return
	}
	sandboxed(w)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// Links open beside the inbox, not inside the frame.
	fmt.Fprint(w, `<!doctype html><base target="_blank">`+e.Body)
}

func (p *pages) source(w http.ResponseWriter, r *http.Request) {
	if e, ok := entryOf(p.inbox, r); ok {
		writeSource(w, e, "text/plain; charset=utf-8")
		return
	}
	http.NotFound(w, r)
}

func (p *pages) clear(w http.ResponseWriter, r *http.Request) {
	p.inbox.Clear(messages.Filter{})
	http.Redirect(w, r, "/_cognate/inbox", http.StatusSeeOther)
}

// asset serves the style sheet; templates stay inside.
func asset(w http.ResponseWriter, r *http.Request) {
	if r.PathValue("name") != "inbox.css" {
		http.NotFound(w, r)
		return
	}
	http.ServeFileFS(w, r, assets, "assets/inbox.css")
}

// writeSource answers an e-mail as MIME of the given type, and a text message
// as text.
func writeSource(w http.ResponseWriter, e messages.Entry, mimeType string) {
	source := []byte(e.Body)
	if e.Medium == api.DeliveryMediumTypeEmail {
		var err error
		if source, err = e.Mail().MIME(); err != nil {
			// Such a message is refused by the mail server's door as well.
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
	} else {
		mimeType = "text/plain; charset=utf-8"
	}
	sandboxed(w)
	w.Header().Set("Content-Type", mimeType)
	_, _ = w.Write(source)
}

func sandboxed(w http.ResponseWriter) { w.Header().Set("Content-Security-Policy", bodyPolicy) }

func render(w http.ResponseWriter, status int, name string, v view) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, v); err != nil {
		http.Error(w, "The page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", pagePolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}
