package oauth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"cognate/internal/api"
)

// cacheFor bounds how long clients and proxies may keep both documents. A
// new signing key has to be published for at least that long before its
// first use.
const cacheFor = "public, max-age=300"

// WellKnown serves GET /{userPoolId}/.well-known/….
type WellKnown struct {
	// KeySet gives the JSON Web Key Set of a pool, or the error of an unknown pool.
	KeySet func(ctx context.Context, poolID string) ([]byte, error)
	// Issuer gives the iss of a pool's tokens; PublicBase the URL under which
	// this server answers for the pool, where that is another one.
	Issuer     func(poolID string) string
	PublicBase func(poolID string) string
	// Domain tells where the pool's OAuth endpoints are.
	Domain func(ctx context.Context, poolID string) (Domain, error)
	Log    *slog.Logger
}

// Domain is what discovery says about the domain of a pool.
type Domain struct {
	Base         string // address of the domain, empty when the pool has none
	Registration bool   // clients can register themselves there
}

// Register mounts both documents.
func (w *WellKnown) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /{pool}/.well-known/jwks.json", w.keySet)
	mux.HandleFunc("GET /{pool}/.well-known/openid-configuration", w.configuration)
}

func (w *WellKnown) keySet(rw http.ResponseWriter, r *http.Request) {
	set, err := w.KeySet(r.Context(), r.PathValue("pool"))
	if err != nil {
		fail(rw, err, w.Log)
		return
	}
	answer(rw, http.StatusOK, set)
}

// discovery is the document, members in the service's alphabetical order. A
// pool without a domain lacks the endpoints.
type discovery struct {
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	EndSessionEndpoint    string   `json:"end_session_endpoint,omitzero"`
	SigningAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	Issuer                string   `json:"issuer"`
	KeySet                string   `json:"jwks_uri"`
	RegistrationEndpoint  string   `json:"registration_endpoint,omitzero"`
	ResponseTypes         []string `json:"response_types_supported"`
	RevocationEndpoint    string   `json:"revocation_endpoint,omitzero"`
	Scopes                []string `json:"scopes_supported,omitzero"`
	SubjectTypes          []string `json:"subject_types_supported"`
	TokenEndpoint         string   `json:"token_endpoint,omitzero"`
	TokenEndpointMethods  []string `json:"token_endpoint_auth_methods_supported,omitzero"`
	UserInfoEndpoint      string   `json:"userinfo_endpoint,omitzero"`
}

func (w *WellKnown) configuration(rw http.ResponseWriter, r *http.Request) {
	pool := r.PathValue("pool")
	if _, err := w.KeySet(r.Context(), pool); err != nil {
		fail(rw, err, w.Log)
		return
	}
	domain, err := w.Domain(r.Context(), pool)
	if err != nil {
		fail(rw, err, w.Log)
		return
	}
	body, err := encode(w.describe(pool, domain))
	if err != nil {
		fail(rw, err, w.Log)
		return
	}
	answer(rw, http.StatusOK, body)
}

// describe fills in the document of a pool (spec/endpoints.md §10).
func (w *WellKnown) describe(pool string, domain Domain) *discovery {
	d := &discovery{
		AuthorizationEndpoint: w.Issuer(pool),
		SigningAlgorithms:     []string{"RS256"},
		Issuer:                w.Issuer(pool),
		KeySet:                w.PublicBase(pool) + "/.well-known/jwks.json",
		ResponseTypes:         []string{"code", "id_token", "token id_token", "none"},
		SubjectTypes:          []string{"public"},
	}
	if domain.Base == "" {
		return d
	}
	d.AuthorizationEndpoint = domain.Base + "/oauth2/authorize"
	d.EndSessionEndpoint = domain.Base + "/logout"
	if domain.Registration {
		d.RegistrationEndpoint = domain.Base + "/oauth2/register"
	}
	d.ResponseTypes = []string{"code", "token"}
	d.RevocationEndpoint = domain.Base + "/oauth2/revoke"
	d.Scopes = []string{"openid", "email", "phone", "profile"}
	d.TokenEndpoint = domain.Base + "/oauth2/token"
	d.TokenEndpointMethods = []string{"client_secret_basic", "client_secret_post"}
	d.UserInfoEndpoint = domain.Base + "/oauth2/userInfo"
	return d
}

// encode writes JSON without HTML escapes, which the service does not use.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// fail answers an unknown pool with 404, anything else with 500, both as a
// JSON object that is no key set (spec/recorded.md §3.3).
func fail(rw http.ResponseWriter, err error, log *slog.Logger) {
	status, message := http.StatusInternalServerError, "Something went wrong"
	var known *api.Error
	if errors.As(err, &known) && known.Code == "ResourceNotFoundException" {
		status, message = http.StatusNotFound, known.Message
	} else {
		log.Error("serve well-known document", "error", err)
	}
	body, err := encode(struct {
		Message string `json:"message"`
	}{message})
	if err != nil {
		body = []byte("{}")
	}
	rw.Header().Set("Cache-Control", "no-store")
	answer(rw, status, body)
}

func answer(rw http.ResponseWriter, status int, body []byte) {
	h := rw.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", cacheFor)
	}
	rw.WriteHeader(status)
	_, _ = rw.Write(body) // the client may be gone; there is nobody left to tell
}
