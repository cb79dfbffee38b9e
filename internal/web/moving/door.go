package moving

import (
	"log/slog"
	"net/http"

	"cognate/internal/api"
	"cognate/internal/cognito/transfer"
)

// Door is where operators move pools. All fields are set.
type Door struct {
	Users    *transfer.Transfer
	OldPools *transfer.OldPools
	// API serves signed requests of the API, whatever their path.
	API http.Handler
	Log *slog.Logger
}

// Register mounts the door. Admit lets requests through whose sender may do an
// action.
func (d *Door) Register(mux *http.ServeMux, admit func(action string, next http.HandlerFunc) http.Handler) {
	for path, methods := range map[string]map[string]http.Handler{
		"/_cognate/v1/users": {
			http.MethodGet:  admit("cognate:ExportUsers", d.giveUsers),
			http.MethodPost: admit(ImportUsers, d.takeUsers),
		},
		"/_cognate/v1/old-pool": {
			http.MethodGet:    admit("cognate:DescribeOldPool", d.giveOldPool),
			http.MethodPut:    admit("cognate:SetOldPool", d.setOldPool),
			http.MethodDelete: admit("cognate:DeleteOldPool", d.forgetOldPool),
		},
		"/_cognate/v1/client-secrets": {http.MethodGet: admit("cognate:ExportClientSecrets", d.giveClientSecrets)},
		"/_cognate/v1/create":         {http.MethodPost: admit("cognate:ChooseId", d.create)},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			next, ok := methods[r.Method]
			if !ok {
				next = http.NotFoundHandler() // as for those who may not ask
			}
			next.ServeHTTP(w, r)
		})
	}
}

// chosen are the operations that take an id.
var chosen = map[string]bool{
	api.TargetPrefix + ".CreateUserPool":       true,
	api.TargetPrefix + ".CreateUserPoolClient": true,
}

// create passes a request on to the API, which asks once more whether its sender
// may do it.
func (d *Door) create(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	if id == "" || !chosen[r.Header.Get("X-Amz-Target")] {
		refuse(w, http.StatusBadRequest, "give an id, and an operation that takes one")
		return
	}
	d.API.ServeHTTP(w, r.WithContext(api.WithChosenID(r.Context(), id)))
}
