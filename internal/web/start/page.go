package start

import (
	"bytes"
	"context"
	"embed"
	"html/template"
	"net/http"
)

//go:embed assets
var assets embed.FS

var templates = template.Must(template.ParseFS(assets, "assets/*.html"))

// policy allows our own style sheet and our own script, and nothing else.
const policy = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// Facts are where everything is. Those of the sample are empty until it is made,
// and for good where none is wanted.
type Facts struct {
	Endpoint string // base URL of the API
	Region   string

	UserPoolID, ClientID string
	Username, Password   string
	Issuer               string
	Domain               string // base URL of the sample's authorization endpoints
	DomainHost           string // its host and port
	IdentityPoolID       string // gives credentials to the sample's users and to guests
}

// Start serves the pages. All fields are set.
type Start struct {
	Facts func() Facts
	// Providers lists the identity providers of the sample, Attach gives it those that
	// dev plays.
	Providers func(ctx context.Context) ([]string, error)
	Attach    func(ctx context.Context) error
	// Post sends a form to a URL of this server and gives status and body.
	Post func(r *http.Request, url, form string) (status int, body []byte)
}

// Register mounts the pages on mux, each behind admit, and what changes something
// behind change.
func (s *Start) Register(mux *http.ServeMux, admit, change func(http.HandlerFunc) http.Handler) {
	mux.Handle("POST /_cognate/start/providers", change(s.attach))
	mux.Handle("GET /{$}", admit(s.home))
	mux.Handle("GET /_cognate/start/{name}", admit(asset))
	mux.Handle("GET /_cognate/try", admit(s.begin))
	mux.Handle("GET "+callbackPath, admit(s.finish))
}

func (s *Start) home(w http.ResponseWriter, r *http.Request) {
	facts := s.Facts()
	var list []Snippet
	var providers []string
	if facts.ClientID != "" {
		var err error
		if list, err = snippets(facts); err == nil {
			providers, err = s.Providers(r.Context())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	// Under no-referrer browsers say that the form comes from nowhere.
	w.Header().Set("Referrer-Policy", "same-origin")
	render(w, http.StatusOK, "home.html", struct {
		Facts
		Snippets  []Snippet
		Providers []string
	}{facts, list, providers})
}

// attach gives the sample the identity providers that dev plays.
func (s *Start) attach(w http.ResponseWriter, r *http.Request) {
	if s.Facts().ClientID == "" {
		http.Error(w, "There is no sample to attach providers to.", http.StatusNotFound)
		return
	}
	if err := s.Attach(r.Context()); err != nil {
		http.Error(w, "The providers could not be attached: "+err.Error(), http.StatusInternalServerError)
		return
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// asset serves style sheet and script; templates stay inside.
func asset(w http.ResponseWriter, r *http.Request) {
	switch r.PathValue("name") {
	case "start.css":
		http.ServeFileFS(w, r, assets, "assets/start.css")
	case "start.js":
		http.ServeFileFS(w, r, assets, "assets/start.js")
	default:
		http.NotFound(w, r)
	}
}

func render(w http.ResponseWriter, status int, name string, view any) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, name, view); err != nil {
		http.Error(w, "The page could not be made: "+err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}
