package awsapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"cognate/internal/api"
)

// Observation is what is known of a request when it has been answered.
type Observation struct {
	Service   string // cognito-idp or cognito-identity, "" when the target names none
	Operation string // "" when the target names none
	Code      string // wire name of the exception, Abandoned, or "" for a success
	Status    int
	Duration  time.Duration
	Panicked  bool
}

// Abandoned stands in the place of an internal error that came about because the
// client went away before it had its answer.
const Abandoned = "RequestAbandoned"

// Report writes the one line about a request, which had the context ctx and was
// answered with an exception, or nil; err is all that went wrong. It notes the Code.
// Of the request the line has what about names.
func (o *Observation) Report(ctx context.Context, log *slog.Logger, exception *api.Error, err error, about ...slog.Attr) {
	level := o.conclude(ctx, exception)
	attrs := make([]slog.Attr, 0, 6+len(about))
	attrs = append(attrs, slog.String("service", o.Service), slog.String("operation", o.Operation))
	attrs = append(attrs, about...)
	attrs = append(attrs, slog.Float64("duration_ms", float64(o.Duration.Microseconds())/1000), slog.Int("status", o.Status))
	if o.Code != "" {
		attrs = append(attrs, slog.String("code", o.Code))
	}
	if text := cause(err, exception); text != "" {
		attrs = append(attrs, slog.String("cause", text))
	}
	log.LogAttrs(ctx, level, "request", attrs...)
}

// conclude notes how a request ended. It gives the level of its line: a fault of ours
// is an error, a client that went away is not.
func (o *Observation) conclude(ctx context.Context, exception *api.Error) slog.Level {
	if exception == nil {
		return slog.LevelInfo
	}
	o.Code = exception.Code
	switch {
	case o.Status < http.StatusInternalServerError:
		return slog.LevelInfo
	case ctx.Err() != nil && !o.Panicked:
		o.Code = Abandoned
		return slog.LevelInfo
	}
	return slog.LevelError
}

// cause is what the caller was not told: the error behind an exception, or the
// one that an internal error stands for. The message of an exception is not
// logged, since it may repeat the request.
func cause(err error, exception *api.Error) string {
	var e *api.Error
	switch {
	case err == nil:
		return ""
	case exception != nil && exception.Err != nil:
		return exception.Err.Error()
	case errors.As(err, &e):
		return ""
	}
	return strings.TrimSpace(err.Error())
}
