package oauth

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
)

// keptFor is how long clients may keep the key set of identity pools
// (identity-pools.md §C1). Its keys are published for longer than that before they
// sign.
const keptFor = "max-age=2592000"

// IdentityIssuer serves discovery and the key set of the tokens of identity pools.
// All identity pools have the one issuer.
type IdentityIssuer struct {
	KeySet func(ctx context.Context) ([]byte, error)
	Issuer string // the iss of the tokens
	Base   string // URL below which this server answers for it
	Log    *slog.Logger
}

// Register mounts both documents below each of the paths, which have no slash at
// the end.
func (i *IdentityIssuer) Register(mux *http.ServeMux, paths ...string) {
	for _, path := range paths {
		mux.HandleFunc("GET "+path+"/.well-known/jwks_uri", i.keySet)
		mux.HandleFunc("GET "+path+"/.well-known/openid-configuration", i.configuration)
	}
}

func (i *IdentityIssuer) keySet(rw http.ResponseWriter, r *http.Request) {
	set, err := i.KeySet(r.Context())
	if err != nil {
		fail(rw, err, i.Log)
		return
	}
	rw.Header().Set("Cache-Control", keptFor)
	answer(rw, http.StatusOK, set)
}

func (i *IdentityIssuer) configuration(rw http.ResponseWriter, _ *http.Request) {
	body, err := encode(&discovery{
		AuthorizationEndpoint: i.Issuer,
		SigningAlgorithms:     []string{"RS512"},
		Issuer:                i.Issuer,
		KeySet:                strings.TrimSuffix(i.Base, "/") + "/.well-known/jwks_uri",
		ResponseTypes:         []string{"id_token"},
		SubjectTypes:          []string{"public"},
	})
	if err != nil {
		fail(rw, err, i.Log)
		return
	}
	answer(rw, http.StatusOK, body)
}
