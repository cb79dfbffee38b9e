package control

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/triggers"
)

// Functions is what the control API needs to show and try the functions of pools.
type Functions struct {
	Journal *triggers.Journal
	// Try sends a function an event, which is a sample unless one is given, and
	// gives that event and the answer.
	Try func(ctx context.Context, poolID, username, source string, event []byte) (sent, answer []byte, err error)
	// Secrets gives the secrets that calls are signed with, after making a new one
	// if rotate says so. It is shown as it is.
	Secrets func(ctx context.Context, rotate bool) (any, error)
}

// RegisterFunctions mounts the part of the control API for functions on mux; hosts
// are those of Register.
func RegisterFunctions(mux *http.ServeMux, f Functions, hosts ...string) {
	g := newGuard(hosts)
	mux.Handle("GET /_cognate/v1/functions/calls", g.api(f.calls))
	mux.Handle("POST /_cognate/v1/functions/try", g.api(f.try))
	mux.Handle("GET /_cognate/v1/functions/secrets", g.api(f.secrets))
	mux.Handle("POST /_cognate/v1/functions/secrets", g.api(f.secrets))
}

// RegisterForOperators mounts what a server of production has of it: the calls, and
// trying a function. The signing secrets are not shown there. Admit lets requests
// through whose sender may do an action.
func RegisterForOperators(mux *http.ServeMux, f Functions, admit func(action string, next http.HandlerFunc) http.Handler) {
	only := func(method string, next http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Method != method {
				http.NotFound(w, r)
				return
			}
			next(w, r)
		}
	}
	mux.Handle("/_cognate/v1/functions/calls", admit("cognate:ListFunctionCalls", only(http.MethodGet, f.calls)))
	mux.Handle("/_cognate/v1/functions/try", admit("cognate:TryFunction", only(http.MethodPost, f.try)))
}

// calls answers with the latest calls: those after a number, of a pool, waiting
// for one as long as timeout says.
func (f *Functions) calls(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	var after int64
	var timeout time.Duration
	var err error
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseInt(text, 10, 64); err != nil {
			answerError(w, http.StatusBadRequest, "after is not a number")
			return
		}
	}
	if text := q.Get("timeout"); text != "" {
		if timeout, err = time.ParseDuration(text); err != nil || timeout < 0 || timeout > maxTimeout {
			answerError(w, http.StatusBadRequest, "timeout is not a duration up to 1m")
			return
		}
	}
	if timeout > 0 && !endless(w) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	answer(w, map[string]any{"calls": f.Journal.After(ctx, after, q.Get("pool"))})
}

// secrets shows the signing secrets; POST makes a new one first.
func (f *Functions) secrets(w http.ResponseWriter, r *http.Request) {
	found, err := f.Secrets(r.Context(), r.Method == http.MethodPost)
	if err != nil {
		answerError(w, http.StatusInternalServerError, "the secrets cannot be read")
		return
	}
	answer(w, map[string]any{"secrets": found})
}

// endless lifts the server's limits, which are for answers that do not wait. Not
// every ResponseWriter has some to lift.
func endless(w http.ResponseWriter) bool {
	c := http.NewResponseController(w)
	if err := errors.Join(c.SetWriteDeadline(time.Time{}), c.SetReadDeadline(time.Time{})); err != nil && !errors.Is(err, http.ErrNotSupported) {
		answerError(w, http.StatusInternalServerError, "cannot wait on this connection")
		return false
	}
	return true
}

// tryLimit is the size of an event to try, in bytes.
const tryLimit = 1 << 20

func (f *Functions) try(w http.ResponseWriter, r *http.Request) {
	var in struct {
		PoolID   string          `json:"poolId"`
		Username string          `json:"username"`
		Source   string          `json:"triggerSource"`
		Event    json.RawMessage `json:"event"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, tryLimit)).Decode(&in); err != nil {
		answerError(w, http.StatusBadRequest, "the body is not the JSON it should be")
		return
	}
	if !endless(w) {
		return
	}
	sent, got, err := f.Try(r.Context(), in.PoolID, in.Username, in.Source, in.Event)
	out := map[string]any{"event": json.RawMessage(sent), "answer": json.RawMessage(got)}
	if sent == nil {
		delete(out, "event")
	}
	if got == nil {
		delete(out, "answer")
	}
	if err != nil {
		refusal, ok := errors.AsType[*api.Error](err)
		if !ok {
			answerError(w, http.StatusInternalServerError, "the function could not be tried")
			return
		}
		out["error"] = refusal.Error()
	}
	answer(w, out)
}
