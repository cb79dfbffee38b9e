package server

import (
	"context"
	"net/http"
	"time"

	"cognate/internal/api"
	"cognate/internal/cognito/audit"
	"cognate/internal/cognito/migration"
	"cognate/internal/cognito/transfer"
	"cognate/internal/outbound/userpools"
	"cognate/internal/protocol/sigv4"
	"cognate/internal/store"
	"cognate/internal/web/moving"
)

// users reads and writes users who move.
func (p *parts) users() *transfer.Transfer {
	return &transfer.Transfer{DB: p.db, Directory: p.directory, Now: p.cfg.Now}
}

// moving is the door by which operators move pools in and out.
func (p *parts) moving(aws http.Handler) *moving.Door {
	return &moving.Door{
		Users: p.users(), API: aws, Log: p.cfg.Log,
		OldPools: &transfer.OldPools{
			DB: p.db, Directory: p.directory, Now: p.cfg.Now, Audit: audit.Trail{Log: p.cfg.Log}, EndpointOf: userpools.EndpointOf,
		},
	}
}

// movingTime is how long a request that moves users may take: many users come in
// one transaction, which waits for those before it.
const movingTime = 5 * time.Minute

// longer gives requests that move users their time, if they name a key that there is:
// nobody else is to keep connections open so long, nor the places of long bodies.
func (p *parts) longer(admit func(string, http.HandlerFunc) http.Handler) func(string, http.HandlerFunc) http.Handler {
	return func(action string, next http.HandlerFunc) http.Handler {
		admitted := admit(action, next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !p.namesKey(r) {
				http.NotFound(w, r) // as for those who may not ask
				return
			}
			// A connection without deadlines has none to move.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(movingTime))
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(movingTime))
			admitted.ServeHTTP(w, r)
		})
	}
}

// namesKey reports whether there is the key that a request says it is signed with. Dev
// takes any.
func (p *parts) namesKey(r *http.Request) bool {
	if p.cfg.Mode == Dev {
		return true
	}
	id, _, _ := sigv4.Scope(sigv4.Request{Header: r.Header})
	_, _, known, err := p.access.Key(r.Context(), id, r.Header.Get("X-Amz-Security-Token"))
	return err == nil && known
}

// oldPools takes passwords over from the pools that users were moved from.
func (p *parts) oldPools() *migration.OldPools {
	client := userpools.Client()
	return &migration.OldPools{
		DB: p.db, Now: p.cfg.Now, Credentials: p.credentials, Users: p.users(), Log: p.cfg.Log,
		Login: func(old store.OldPoolSettings) *userpools.Login {
			return &userpools.Login{
				Service: &userpools.Service{Endpoint: old.Endpoint, Region: old.Region, HTTP: client, Now: p.cfg.Now, Wait: waitFor, Attempts: 2},
				PoolID:  old.PoolID, ClientID: old.ClientID, ClientSecret: old.ClientSecret, Flow: api.AuthFlowType(old.Flow),
			}
		},
	}
}

// waitFor waits, or ends early with the context.
func waitFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
