package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Limits of a call (triggers.md §1). AnswerLimit is that of Lambda, in bytes.
const (
	AttemptTime = 5 * time.Second
	Attempts    = 3
	AnswerLimit = 6 << 20
)

// Call is an event for a function.
type Call struct {
	ARN       string
	Region    string // of the pool
	RequestID string
	Event     []byte // JSON
	// Async means that nobody waits for an answer: being taken is enough.
	Async bool
}

// Outcome tells how a call went, for the log.
type Outcome struct {
	Target   string // kind and address, without secrets; empty: no target
	Attempts int
	Took     time.Duration
}

// FunctionError says that the function ran and failed.
type FunctionError struct{ Message string }

// Error implements error.
func (e *FunctionError) Error() string { return "function failed: " + e.Message }

// CallError says that the function could not be run, or not to an end.
type CallError struct {
	Code  string // as Lambda calls it, such as ResourceNotFoundException
	cause error
	again bool // another attempt may do better
}

// Error implements error.
func (e *CallError) Error() string {
	if e.cause == nil {
		return "function could not be called: " + e.Code
	}
	return "function could not be called: " + e.Code + ": " + e.cause.Error()
}

// Unwrap gives the cause.
func (e *CallError) Unwrap() error { return e.cause }

// ErrUnusable says that the function's answer is none: too large, or not a JSON
// object.
var ErrUnusable = errors.New("answer of the function is not usable")

// ErrInWrite is the answer to a call inside a store transaction.
var ErrInWrite = errors.New("call function: called inside a store transaction")

// Codes of CallError. The time-out has a sentence instead of a code
// (errors.md §16).
const (
	codeNotFound = "ResourceNotFoundException"
	codeDenied   = "AccessDeniedException"
	codeService  = "ServiceException"
	codeTimeout  = "Socket timeout while invoking Lambda function"
)

// target is where a function runs. One call of invoke is one attempt, bounded by
// ctx. The answer is not looked into.
type target interface {
	invoke(ctx context.Context, c Call) ([]byte, error)
	String() string
	Close() error
}

// Functions calls functions. Make it with New. It is safe for concurrent use.
type Functions struct {
	exact    map[string]target // by ARN or bare name
	fallback target            // nil: none
	attempt  time.Duration
	inWrite  func(context.Context) bool
	now      func() time.Time
	log      *slog.Logger
}

// Invoke calls a function and gives its answer, which is a JSON object; of an
// asynchronous call it is nil.
func (f *Functions) Invoke(ctx context.Context, c Call) ([]byte, Outcome, error) {
	var done Outcome
	if f.inWrite != nil && f.inWrite(ctx) {
		return nil, done, ErrInWrite
	}
	t := f.find(c.ARN)
	if t == nil {
		return nil, done, &CallError{Code: codeNotFound}
	}
	done.Target = t.String()
	begun := f.now()
	answer, err := f.attempts(ctx, t, c, &done)
	done.Took = f.now().Sub(begun)
	if err != nil || c.Async {
		return nil, done, err
	}
	if !object(answer) {
		return nil, done, ErrUnusable
	}
	return answer, done, nil
}

func (f *Functions) attempts(ctx context.Context, t target, c Call, done *Outcome) ([]byte, error) {
	for {
		done.Attempts++
		answer, err := f.once(ctx, t, c)
		failure, ok := errors.AsType[*CallError](err)
		if !ok || !failure.again || done.Attempts >= Attempts || ctx.Err() != nil {
			return answer, err
		}
		f.log.LogAttrs(ctx, slog.LevelWarn, "function will be called again", slog.String("function", c.ARN),
			slog.Int("attempt", done.Attempts), slog.Any("error", err))
	}
}

func (f *Functions) once(ctx context.Context, t target, c Call) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, f.attempt)
	defer cancel()
	answer, err := t.invoke(ctx, c)
	if err != nil && ctx.Err() != nil {
		return nil, &CallError{Code: codeTimeout, cause: err, again: true}
	}
	return answer, err
}

// Known reports whether a function has a target.
func (f *Functions) Known(arn string) bool { return f.find(arn) != nil }

// Close ends the processes.
func (f *Functions) Close() error {
	var errs []error
	for _, t := range f.exact {
		errs = append(errs, t.Close())
	}
	if f.fallback != nil {
		errs = append(errs, f.fallback.Close())
	}
	return errors.Join(errs...)
}

// object reports whether b is one JSON object.
func object(b []byte) bool {
	trimmed := bytes.TrimLeft(b, " \t\r\n")
	return len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(b)
}

// functionError reads the error that a function reported, in Lambda's form. It
// is ErrUnusable when there is none.
func functionError(body []byte) error {
	var report struct {
		Message *string `json:"errorMessage"`
	}
	if err := json.Unmarshal(body, &report); err != nil || report.Message == nil {
		return fmt.Errorf("error report: %w", ErrUnusable)
	}
	return &FunctionError{Message: *report.Message}
}
