package server

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/cognito/access"
	"cognate/internal/web/awsapi"
	"cognate/internal/web/moving"
)

// operatorBody is the longest request of an operator, in bytes; that of users who
// move in may be longer.
const operatorBody = 1 << 20

// largeBodies is how many of the longer requests are read at a time: they are held
// in memory before it is known who sends them.
const largeBodies = 4

// forOperators lets requests through that are signed as those of the API are, by
// somebody who may do the action. To everybody else there is nothing at the
// address (security.md S190). An empty action lets through whoever signed: what
// stands behind asks itself, with access.CallerFrom.
func (s *Server) forOperators(aws *awsapi.Handler) func(action string, next http.HandlerFunc) http.Handler {
	turns := make(chan struct{}, largeBodies)
	return func(action string, next http.HandlerFunc) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				http.NotFound(w, r)
				return
			}
			longest := int64(operatorBody)
			if action == moving.ImportUsers {
				longest = moving.MaxBody
				select {
				case turns <- struct{}{}:
					defer func() { <-turns }()
				case <-r.Context().Done():
					return
				}
			}
			body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longest))
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
			r = r.WithContext(s.calledBy(r, who, aws.From(r)))
			r.Body = io.NopCloser(bytes.NewReader(body))
			w.Header().Set("Cache-Control", "no-store")
			next(w, r)
		})
	}
}

// calledBy gives the context of a request of an operator: who sends it from where.
func (s *Server) calledBy(r *http.Request, who *access.Principal, from access.Origin) context.Context {
	info := &api.RequestInfo{
		RequestID: uuid.NewString(), Operation: r.Method + " " + r.URL.Path, Region: from.Region,
		AccessKeyID: who.AccessKeyID, UserAgent: from.UserAgent,
	}
	if from.IP.IsValid() {
		info.SourceIP = from.IP.String()
	}
	return access.WithOrigin(access.WithCaller(api.WithRequest(r.Context(), info), who), from)
}
