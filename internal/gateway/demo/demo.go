package demo

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/rand"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"cognate/internal/gateway/auth"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Parse(pageText))

// The addresses of the application that rules are for.
const (
	// PublicPath is a page for everybody: a rule that lets everybody in.
	PublicPath = "/public"
	// SignOutPath ends the session, here and at the pool.
	SignOutPath = "/sign-out"
	// SignedOutPath is where the pool sends the browser back to afterwards.
	SignedOutPath = "/signed-out"
)

// Config is what the application has to know.
type Config struct {
	HTTP *http.Client //nolint:forbidigo // one of internal/outbound, to fetch keys with
	Now  func() time.Time

	Origin     string // by which browsers know it, without a slash at its end
	KeysURL    string // where the keys of the gateway are
	Signer     string // ARN of the gateway
	Issuer     string // of the pool
	ClientID   string
	DomainURL  string // of the pool's domain
	CookieName string // of the session; empty: the usual one
}

// New makes the application.
func New(c Config) http.Handler {
	c.CookieName = cmp.Or(c.CookieName, auth.DefaultCookieName)
	a := &application{Config: c, verifier: &verifier{
		http: c.HTTP, now: c.Now, keysURL: c.KeysURL, signer: c.Signer, issuer: c.Issuer, client: c.ClientID,
		keys: map[string]*ecdsa.PublicKey{},
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+SignOutPath, a.signOut)
	mux.HandleFunc("GET /", a.show)
	return mux
}

type application struct {
	Config
	verifier *verifier
}

type shownHeader struct{ Name, Value string }

func (a *application) show(w http.ResponseWriter, r *http.Request) {
	shown := struct {
		Nonce, Path, Name, Failure, KeyID, Header, Claims string
		Headers                                           []shownHeader
	}{Nonce: rand.Text(), Path: r.URL.Path}
	for _, name := range []string{auth.AccessTokenHeader, auth.IdentityHeader, auth.DataHeader} {
		if value := r.Header.Get(name); value != "" {
			shown.Headers = append(shown.Headers, shownHeader{strings.ToLower(name), value})
		}
	}
	if data := r.Header.Get(auth.DataHeader); data != "" {
		header, claims, err := a.verifier.verify(r.Context(), data)
		if err != nil {
			shown.Failure = err.Error()
		} else {
			var known struct {
				Name, Email, Username string
			}
			_ = json.Unmarshal(claims, &known) // a claim of another type has no name to show
			var head struct {
				KeyID string `json:"kid"`
			}
			_ = json.Unmarshal(header, &head) // it was read before
			shown.Name, shown.KeyID = cmp.Or(known.Name, known.Email, known.Username, "user"), head.KeyID
			shown.Header, shown.Claims = indented(header), indented(claims)
		}
	}
	var text bytes.Buffer
	if err := page.Execute(&text, shown); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'nonce-"+shown.Nonce+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	if shown.Failure != "" {
		w.WriteHeader(http.StatusForbidden)
	}
	_, _ = w.Write(text.Bytes()) // the client may be gone
}

func indented(text []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, text, "", "  "); err != nil {
		return string(text)
	}
	return out.String()
}

// signOut ends the session of the gateway, which is in cookies, and that of the
// pool (load-balancer-auth.md §6).
func (a *application) signOut(w http.ResponseWriter, r *http.Request) {
	for i := range 4 {
		http.SetCookie(w, &http.Cookie{
			Name: a.CookieName + "-" + strconv.Itoa(i), Path: "/", MaxAge: -1, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
	}
	query := url.Values{"client_id": {a.ClientID}, "logout_uri": {a.Origin + SignedOutPath}}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, a.DomainURL+"/logout?"+query.Encode(), http.StatusFound)
}
