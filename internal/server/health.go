package server

import (
	"context"
	"net/http"
	"time"
)

// readyTimeout bounds how long readiness waits for the database.
const readyTimeout = time.Second

// live says that the process runs; ready that it can serve: the database
// answers and nobody asked it to stop (spec/reliability.md P14).
func (s *Server) live(w http.ResponseWriter, _ *http.Request) { health(w, http.StatusOK, "live") }

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	switch {
	case s.stopping.Load():
		health(w, http.StatusServiceUnavailable, "stopping")
	case s.db.Ping(ctx) != nil:
		health(w, http.StatusServiceUnavailable, "the database does not answer")
	default:
		health(w, http.StatusOK, "ready")
	}
}

func health(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}
