package control

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"cognate/internal/api"
)

// SigningKey is a key of a pool, without anything secret.
type SigningKey struct {
	ID        string    `json:"kid"`
	Use       string    `json:"tokenUse"` // id or access, openid for identity pools
	CreatedAt time.Time `json:"created"`
	SignsAt   time.Time `json:"signsFrom,omitzero"`
	Until     time.Time `json:"forgottenAt,omitzero"`
}

// Keys lists and rotates the signing keys of pools. Errors of type *api.Error are
// the caller's.
type Keys struct {
	List   func(ctx context.Context, poolID string) ([]SigningKey, error)
	Rotate func(ctx context.Context, poolID string, compromised bool) ([]SigningKey, error)
}

// rotationBody is the longest body of a request to rotate, in bytes.
const rotationBody = 4096

// Register mounts the keys: GET and POST {"pool": …, "compromised": true}. Admit
// lets requests through whose sender may do an action.
func (k Keys) Register(mux *http.ServeMux, admit func(action string, next http.HandlerFunc) http.Handler) {
	list := admit("cognate:ListSigningKeys", func(w http.ResponseWriter, r *http.Request) {
		keys, err := k.List(r.Context(), r.URL.Query().Get("pool"))
		answerKeys(w, keys, err)
	})
	rotate := admit("cognate:RotateSigningKeys", func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Pool        string `json:"pool"`
			Compromised bool   `json:"compromised"`
		}
		if err := json.NewDecoder(io.LimitReader(r.Body, rotationBody)).Decode(&ask); err != nil {
			answerError(w, http.StatusBadRequest, "the body is not the JSON object that is expected")
			return
		}
		keys, err := k.Rotate(r.Context(), ask.Pool, ask.Compromised)
		answerKeys(w, keys, err)
	})
	mux.HandleFunc("/_cognate/v1/keys", func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet:
			list.ServeHTTP(w, r)
		case http.MethodPost:
			rotate.ServeHTTP(w, r)
		default:
			http.NotFound(w, r)
		}
	})
}

func answerKeys(w http.ResponseWriter, keys []SigningKey, err error) {
	var known *api.Error
	switch {
	case errors.As(err, &known):
		answerError(w, http.StatusBadRequest, known.Message)
	case err != nil:
		answerError(w, http.StatusInternalServerError, "the keys could not be read or changed")
	default:
		answer(w, map[string]any{"keys": keys})
	}
}

// Admit is the Admit of Keys and others in dev: programs, and pages of this server.
func Admit(hosts ...string) func(action string, next http.HandlerFunc) http.Handler {
	g := newGuard(hosts)
	return func(_ string, next http.HandlerFunc) http.Handler { return g.api(next) }
}
