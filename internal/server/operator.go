package server

import (
	"bytes"
	"io"
	"net/http"

	"cognate/internal/cognito/access"
	"cognate/internal/web/awsapi"
)

// operatorBody is the longest request of an operator, in bytes.
const operatorBody = 1 << 20

// forOperators lets requests through that are signed as those of the API are, by
// somebody who may do the action. To everybody else there is nothing at the
// address (security.md S190). An empty action lets through whoever signed: what
// stands behind asks itself, with access.CallerFrom.
func (s *Server) forOperators(aws *awsapi.Handler) func(action string, next http.HandlerFunc) http.Handler {
	return func(action string, next http.HandlerFunc) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				http.NotFound(w, r)
				return
			}
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, operatorBody))
			var who *access.Principal
			if err == nil {
				who, err = aws.Caller(r, body)
			}
			if err == nil && action != "" {
				err = aws.Authorize(r, who, action)
			}
			if err != nil {
				s.cfg.Log.InfoContext(r.Context(), "a request of an operator was refused", "path", r.URL.Path, "error", err)
				http.NotFound(w, r)
				return
			}
			r = r.WithContext(access.WithCaller(r.Context(), who))
			r.Body = io.NopCloser(bytes.NewReader(body))
			w.Header().Set("Cache-Control", "no-store")
			next(w, r)
		})
	}
}
