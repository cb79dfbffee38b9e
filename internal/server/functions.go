package server

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"time"

	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/triggers"
	"cognate/internal/outbound/fetch"
	"cognate/internal/outbound/hook"
	"cognate/internal/store"
)

// openFunctions reads where the functions of pools run. Nothing is started yet.
func (s *Server) openFunctions() (*hook.Functions, error) {
	secret := []byte(hex.EncodeToString(s.db.Key("function-signature")))
	c := hook.Config{
		Functions:      s.cfg.Functions,
		LambdaEndpoint: s.cfg.LambdaEndpoint,
		Variables:      s.cfg.FunctionVariables,
		Environ:        os.Environ,
		Endpoint:       s.cfg.PublicURL,
		Allow:          s.cfg.AllowNetworks,
		DropRoot:       s.cfg.Mode == Serve,
		Secrets:        func(context.Context) ([][]byte, error) { return [][]byte{secret}, nil },
		InWrite:        store.InWrite,
		Now:            s.cfg.Now,
		Log:            s.cfg.Log,
		AttemptTime:    s.cfg.FunctionTime,
	}
	if s.cfg.Mode == Dev {
		c.Allow = append(c.Allow[:len(c.Allow):len(c.Allow)], fetch.Loopback...)
		c.Credentials = []string{"AWS_ACCESS_KEY_ID=cognate", "AWS_SECRET_ACCESS_KEY=cognate-dev"}
	}
	f, err := hook.New(c)
	if err != nil {
		return nil, fmt.Errorf("functions: %w", err)
	}
	return f, nil
}

// errands has messages sent by the pools' own functions.
func errands(f *hook.Functions) messages.Transport {
	return messages.OverFunctions(func(ctx context.Context, e *messages.Errand) error {
		_, _, err := f.Invoke(ctx, hook.Call{ARN: e.ARN, Region: e.Region, RequestID: e.RequestID, Event: e.Event, Async: true})
		return err
	})
}

func (s *Server) triggers() *triggers.Triggers {
	return &triggers.Triggers{Invoke: s.functions.Invoke, Log: s.cfg.Log}
}

// functionsAtMost bounds how many functions one request calls, one after the
// other.
const functionsAtMost = 4

// patient gives requests the time that functions may take on top of the usual.
func patient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A writer without deadlines has none to move.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout + functionsAtMost*hook.Attempts*hook.AttemptTime))
		next.ServeHTTP(w, r)
	})
}
