package oauth

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"cognate/internal/cognito/authorization"
	"cognate/internal/cognito/directory"
	"cognate/internal/cognito/sso"
	"cognate/internal/web/domainhost"
	"cognate/internal/web/panics"
)

// sessionCookie holds the handle of a browser's session (endpoints.md §7.1).
const sessionCookie = "cognito"

// Endpoints serves the OAuth endpoints of every pool's domain. All fields are set.
type Endpoints struct {
	Authorization *authorization.Operations
	Sessions      *sso.Sessions
	// XSRF sets the cookie XSRF-TOKEN, which every answer of a domain brings.
	XSRF func(w http.ResponseWriter, r *http.Request)
	// Depart gives the address of a request's identity provider, and marks the browser
	// that goes there.
	Depart func(w http.ResponseWriter, r *http.Request, request *authorization.Request) (location string, err error)
	// Limit reports whether the token endpoint of a pool takes another request for a
	// grant.
	Limit func(ctx context.Context, poolID, grantType string) bool
	Log   *slog.Logger
}

// endpoint is one path of a domain.
type endpoint struct {
	methods []string
	open    bool // browsers' scripts of any origin may read the answers (S024)
	serve   func(e *Endpoints, x *exchange) error
}

var endpoints = map[string]endpoint{
	"/oauth2/authorize": {methods: []string{http.MethodGet}, serve: (*Endpoints).authorize},
	"/oauth2/token":     {methods: []string{http.MethodPost}, open: true, serve: (*Endpoints).token},
	"/oauth2/userInfo":  {methods: []string{http.MethodGet, http.MethodPost}, open: true, serve: (*Endpoints).userInfo},
	"/oauth2/revoke":    {methods: []string{http.MethodPost}, open: true, serve: (*Endpoints).revoke},
	"/oauth2/register":  {methods: []string{http.MethodPost}, serve: (*Endpoints).register},
}

// aliases are other spellings of paths, seen in the field (endpoints.md §1).
var aliases = map[string]string{"/authorize": "/oauth2/authorize", "/oauth2/userinfo": "/oauth2/userInfo"}

// Register mounts the endpoints on the mux of a domain: below it, requests have a
// domainhost.Site.
func (e *Endpoints) Register(mux *http.ServeMux) {
	for path, p := range endpoints {
		mux.HandleFunc(path, e.handler(p))
	}
	for path, of := range aliases {
		mux.HandleFunc(path, e.handler(endpoints[of]))
	}
}

// exchange is one request and its answer.
type exchange struct {
	w      http.ResponseWriter
	r      *http.Request
	site   *domainhost.Site
	domain *directory.Domain
}

func (e *Endpoints) handler(p endpoint) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		site := domainhost.From(r.Context())
		if site == nil {
			http.NotFound(w, r)
			return
		}
		x := &exchange{w: w, r: r, site: site, domain: site.Domain}
		e.XSRF(w, r)
		x.headers()
		if p.open {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		switch {
		case p.open && r.Method == http.MethodOptions:
			x.preflight(p.methods)
		case !slices.Contains(p.methods, r.Method):
			w.Header().Set("Allow", strings.Join(p.methods, ", "))
			x.empty(http.StatusMethodNotAllowed)
		default:
			if err := e.run(p, x); err != nil {
				e.Log.ErrorContext(r.Context(), "oauth endpoint failed", "path", r.URL.Path, "error", err)
			}
		}
	}
}

// run serves a request. A panic becomes an error and an answer (S197).
func (e *Endpoints) run(p endpoint, x *exchange) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = panics.AsError(cause)
			x.fault()
		}
	}()
	return p.serve(e, x)
}

// headers sets what every answer carries (endpoints.md §1, S023).
func (x *exchange) headers() { domainhost.SetHeaders(x.w.Header()) }

// preflight answers a browser that asks whether a page may call.
func (x *exchange) preflight(methods []string) {
	h := x.w.Header()
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", ")+", OPTIONS")
	h.Set("Access-Control-Allow-Headers", "authorization,content-type,cache-control,x-amz-target,x-amz-user-agent,"+
		"amz-sdk-invocation-id,amz-sdk-request,x-requested-with")
	h.Set("Access-Control-Max-Age", "172800")
	x.empty(http.StatusOK)
}

func (x *exchange) empty(status int) {
	x.w.Header().Set("Content-Length", "0")
	x.w.WriteHeader(status)
}

// redirect answers with 302, which never sends a form on (S017).
func (x *exchange) redirect(location string) {
	x.w.Header().Set("Location", location)
	x.empty(http.StatusFound)
}

const jsonType = "application/json;charset=UTF-8"

// json answers with a document.
func (x *exchange) json(status int, body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // the client may be gone; there is nobody left to tell
}

// document is json of a structure.
func (x *exchange) document(status int, v any) error {
	body, err := encode(v)
	if err != nil {
		x.fault()
		return err
	}
	x.json(status, body)
	return nil
}

// problem is the JSON answer of a request that was refused.
type problem struct {
	Code        string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// refuse answers with a refusal and the status that goes with it, or with a fault.
// It gives back what is to be logged.
func (x *exchange) refuse(err error, status func(code string) int) error {
	refused, ok := errors.AsType[*authorization.Refusal](err)
	if !ok {
		x.fault()
		return err
	}
	return x.document(status(refused.Code), problem{refused.Code, refused.Description})
}

// fault answers that the service failed.
func (x *exchange) fault() {
	x.json(http.StatusInternalServerError, []byte(`{"error":"`+authorization.ServerError+`"}`))
}

// TooManyRequests answers a request beyond a quota, which may be repeated a second
// later (RFC 6585 §4).
func TooManyRequests(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	(&exchange{w: w}).json(http.StatusTooManyRequests, []byte(`{"error":"temporarily_unavailable","error_description":"Rate exceeded"}`))
}

// badRequest is the status of every refusal at the token endpoint.
func badRequest(string) int { return http.StatusBadRequest }
