package server

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/web/awsapi"
	"cognate/internal/web/domainhost"
)

// domainService is what log lines and metrics call the endpoints and pages of
// domains.
const domainService = "domain"

var (
	plainPath = regexp.MustCompile(`^(/[A-Za-z0-9]{1,24}){1,3}$`) // has no room for a token
	errorCode = regexp.MustCompile(`^[a-z_]{1,40}$`)
	errorBody = regexp.MustCompile(`^\{"error":"([a-z_]{1,40})"`)
)

// recorded writes the one line about a request for a domain, and counts it. The line
// has no query, body or header, because those carry codes, tokens and names. Files of
// the pages are left out.
func (s *Server) recorded(mux *http.ServeMux, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, pattern := mux.Handler(r)
		if strings.HasSuffix(pattern, " "+pagesFiles) {
			next.ServeHTTP(w, r)
			return
		}
		start := s.cfg.Now()
		answer := &recordedAnswer{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		s.record(r, pattern, answer, s.cfg.Now().Sub(start))
	})
}

func (s *Server) record(r *http.Request, pattern string, answer *recordedAnswer, took time.Duration) {
	path, code := r.URL.Path, answer.code()
	if !plainPath.MatchString(path) {
		path = "other"
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs, slog.String("service", domainService), slog.String("operation", path), slog.String("method", r.Method))
	if site := domainhost.From(r.Context()); site != nil {
		attrs = append(attrs, slog.String("pool", site.Domain.PoolID))
	}
	if info := api.RequestFrom(r.Context()); info != nil {
		attrs = append(attrs, slog.String("request_id", info.RequestID))
	}
	attrs = append(attrs, slog.Float64("duration_ms", float64(took.Microseconds())/1000), slog.Int("status", answer.status))
	if code != "" {
		attrs = append(attrs, slog.String("code", code))
	}
	level := slog.LevelInfo
	if answer.status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	s.cfg.Log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
	if pattern == "/" {
		pattern = "pages"
	}
	s.metrics.observe(awsapi.Observation{Service: domainService, Operation: pattern, Code: code, Status: answer.status, Duration: took})
}

// recordedAnswer remembers how a request ended.
type recordedAnswer struct {
	http.ResponseWriter
	status int
	wrote  bool
	start  []byte // of the body of a refusal
}

func (a *recordedAnswer) WriteHeader(status int) {
	if !a.wrote && status >= http.StatusOK {
		a.status, a.wrote = status, true
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *recordedAnswer) Write(b []byte) (int, error) {
	a.wrote = true
	if a.status >= http.StatusBadRequest && a.start == nil {
		a.start = append([]byte{}, b[:min(len(b), 64)]...)
	}
	return a.ResponseWriter.Write(b) //nolint:wrapcheck // stands in for the writer below
}

// Unwrap is for http.ResponseController.
func (a *recordedAnswer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// code is the error of OAuth that was answered, in the body or in the address that
// the browser was sent to, or empty.
func (a *recordedAnswer) code() string {
	if found := errorBody.FindSubmatch(a.start); found != nil {
		return string(found[1])
	}
	to, err := url.Parse(a.Header().Get("Location"))
	if err != nil {
		return ""
	}
	if code := to.Query().Get("error"); errorCode.MatchString(code) {
		return code
	}
	return ""
}
