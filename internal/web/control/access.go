package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
)

// accessBody is the longest body of a request about keys, roles and providers, in
// bytes: metadata and ten policies fit.
const accessBody = 512 << 10

// Access makes, lists and removes access keys, roles and providers. It asks by
// itself what callers may do.
type Access struct {
	Access *access.Access
	// Nobody is who calls where nobody signs, as in dev; nil: such requests are refused.
	Nobody *access.Principal
	Log    *slog.Logger
}

// accessCall does what one request asks for; its answer becomes JSON.
type accessCall func(ctx context.Context, who *access.Principal, r *http.Request) (any, error)

// Register mounts, below /_cognate/v1/:
//
//	GET POST           access-keys            {"keys": […]}; a user's specification makes a key
//	POST DELETE        access-keys/{id}       {"replace": true} makes another key for its user
//	PUT                access-users/{name}    replaces policies, boundary and tags
//	GET PUT            roles                  {"roles": […]}
//	DELETE             roles/{name}
//	GET PUT DELETE     account-providers      {"providers": […]}; ?arn= to remove
//
// Admit lets requests through whose sender is known.
func (d Access) Register(mux *http.ServeMux, admit func(action string, next http.HandlerFunc) http.Handler) {
	seen := make(map[string]bool)
	serve := func(pattern string, call accessCall) {
		// Other methods are answered as other paths are: there is nothing.
		if _, path, _ := strings.Cut(pattern, " "); !seen[path] {
			seen[path] = true
			mux.HandleFunc(path, http.NotFound)
		}
		mux.Handle(pattern, admit("", func(w http.ResponseWriter, r *http.Request) { d.answer(w, r, call) }))
	}
	a := d.Access
	serve("GET /_cognate/v1/access-keys", func(ctx context.Context, who *access.Principal, _ *http.Request) (any, error) {
		keys, err := a.Keys(ctx, who)
		return map[string]any{"keys": keys}, err
	})
	serve("POST /_cognate/v1/access-keys", func(ctx context.Context, who *access.Principal, r *http.Request) (any, error) {
		spec, err := read[access.UserSpec](r)
		if err != nil {
			return nil, err
		}
		return a.CreateKey(ctx, who, spec)
	})
	serve("POST /_cognate/v1/access-keys/{id}", func(ctx context.Context, who *access.Principal, r *http.Request) (any, error) {
		ask, err := read[struct {
			Replace bool `json:"replace"`
		}](r)
		if err != nil {
			return nil, err
		}
		return a.RotateKey(ctx, who, r.PathValue("id"), ask.Replace)
	})
	serve("DELETE /_cognate/v1/access-keys/{id}", func(ctx context.Context, who *access.Principal, r *http.Request) (any, error) {
		return struct{}{}, a.DeleteKey(ctx, who, r.PathValue("id"))
	})
	serve("PUT /_cognate/v1/access-users/{name}", func(ctx context.Context, who *access.Principal, r *http.Request) (any, error) {
		spec, err := read[access.UserSpec](r)
		if err != nil {
			return nil, err
		}
		spec.Name = r.PathValue("name")
		return struct{}{}, a.PutUser(ctx, who, spec)
	})
	d.registerRoles(serve)
}

func (d Access) registerRoles(serve func(pattern string, call accessCall)) {
	a := d.Access
	serve("GET /_cognate/v1/roles", func(ctx context.Context, who *access.Principal, _ *http.Request) (any, error) {
		roles, err := a.Roles(ctx, who)
		return map[string]any{"roles": roles}, err
	})
	serve("PUT /_cognate/v1/roles", func(ctx context.Context, who *access.Principal, r *http.Request) (any, error) {
		spec, err := read[access.RoleSpec](r)
		if err != nil {
			return nil, err
		}
		return a.PutRole(ctx, who, spec)
	})
	serve("DELETE /_cognate/v1/roles/{name}", func(ctx context.Context, who *access.Principal, r *http.Request) (any, error) {
		return struct{}{}, a.DeleteRole(ctx, who, r.PathValue("name"))
	})
	serve("GET /_cognate/v1/account-providers", func(ctx context.Context, who *access.Principal, _ *http.Request) (any, error) {
		providers, err := a.Providers(ctx, who)
		return map[string]any{"providers": providers}, err
	})
	serve("PUT /_cognate/v1/account-providers", func(ctx context.Context, who *access.Principal, r *http.Request) (any, error) {
		ask, err := read[struct {
			URL       string   `json:"url"`
			ClientIDs []string `json:"clientIds"`
			Name      string   `json:"name"`
			Metadata  string   `json:"metadata"`
		}](r)
		switch {
		case err != nil:
			return nil, err
		case ask.Metadata != "":
			return a.PutSAMLProvider(ctx, who, ask.Name, ask.Metadata)
		}
		return a.PutOIDCProvider(ctx, who, ask.URL, ask.ClientIDs)
	})
	serve("DELETE /_cognate/v1/account-providers", func(ctx context.Context, who *access.Principal, r *http.Request) (any, error) {
		return struct{}{}, a.DeleteProvider(ctx, who, r.URL.Query().Get("arn"))
	})
}

func (d Access) answer(w http.ResponseWriter, r *http.Request, call accessCall) {
	who := access.CallerFrom(r.Context())
	if who == nil {
		who = d.Nobody
	}
	if who == nil {
		http.NotFound(w, r)
		return
	}
	out, err := call(r.Context(), who, r)
	var refused *api.Error
	switch {
	case errors.As(err, &refused) && refused.Code == "AccessDeniedException":
		answerError(w, http.StatusForbidden, refused.Message)
	case errors.As(err, &refused):
		answerError(w, http.StatusBadRequest, refused.Message)
	case err != nil:
		d.Log.ErrorContext(r.Context(), "a request about keys, roles or providers failed", "path", r.URL.Path, "error", err)
		answerError(w, http.StatusInternalServerError, "it could not be read or changed")
	default:
		answer(w, out)
	}
}

// read reads the body of a request; what it does not know is an error, so that no
// misspelled bound is passed over.
func read[T any](r *http.Request) (T, error) {
	var in T
	d := json.NewDecoder(io.LimitReader(r.Body, accessBody))
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return in, api.InvalidParameterException("The body is not the JSON object that is expected.").Because(err)
	}
	return in, nil
}
