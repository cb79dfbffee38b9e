package server

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"cognate/internal/cognito/datakeys"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/triggers"
	"cognate/internal/outbound/fetch"
	"cognate/internal/outbound/hook"
	"cognate/internal/outbound/kms"
	"cognate/internal/protocol/awscrypto"
	"cognate/internal/store"
	"cognate/internal/web/trent"
)

// openFunctions reads where the functions of pools run. Nothing is started yet.
func (s *Server) openFunctions() (*hook.Functions, error) {
	s.secrets = &functionSecrets{db: s.db, now: s.cfg.Now}
	c := hook.Config{
		Functions:      s.cfg.Functions,
		LambdaEndpoint: s.cfg.LambdaEndpoint,
		Variables:      s.cfg.FunctionVariables,
		Environ:        os.Environ,
		Endpoint:       s.cfg.PublicURL,
		Allow:          s.cfg.AllowNetworks,
		DropRoot:       s.cfg.Mode == Serve,
		Secrets:        s.secrets.keys,
		InWrite:        store.InWrite,
		Now:            s.cfg.Now,
		Log:            s.cfg.Log,
		AttemptTime:    s.cfg.FunctionTime,
	}
	if s.cfg.Mode == Dev {
		c.Allow = append(slices.Clip(c.Allow), fetch.Loopback...)
		c.Credentials = []string{"AWS_ACCESS_KEY_ID=cognate", "AWS_SECRET_ACCESS_KEY=cognate-dev"}
	}
	f, err := hook.New(c)
	if err != nil {
		return nil, fmt.Errorf("functions: %w", err)
	}
	return f, nil
}

// errands has messages sent by the pools' own functions.
func (s *Server) errands() messages.Transport {
	invoke := s.invoker()
	return messages.OverFunctions(func(ctx context.Context, e *messages.Errand) error {
		_, _, err := invoke(ctx, hook.Call{ARN: e.ARN, Region: e.Region, RequestID: e.RequestID, Event: e.Event, Async: true})
		return err
	})
}

// invoker calls functions and remembers the calls.
func (s *Server) invoker() triggers.Invoker {
	return s.journal.Around(s.functions.Invoke)
}

// tryFunction sends a pool's function an event, for those who write it.
func (p *parts) tryFunction(ctx context.Context, poolID, username, source string, event []byte) (sent, answer []byte, err error) {
	pool, err := p.directory.Pool(ctx, poolID)
	if err != nil {
		return nil, nil, err
	}
	on := triggers.Occasion{Pool: pool, Username: "sample"}
	if username != "" {
		u, err := store.Read(ctx, p.db, func(ctx context.Context, tx *store.Tx) (*store.User, error) {
			return p.directory.User(ctx, tx, pool, username)
		})
		if err != nil {
			return nil, nil, err
		}
		on.Username, on.User = u.Username, u
	}
	return p.triggers.Try(ctx, on, source, event)
}

func (s *Server) triggers() *triggers.Triggers {
	return &triggers.Triggers{Invoke: s.invoker(), Encrypt: s.encryptCode, Log: s.cfg.Log}
}

// awsCredentials are those of the AWS SDK's own chain.
type awsCredentials = kms.Standard

// encryptCode seals a code for a pool's own sender. In dev no key service is
// needed: the data key is sealed here, and opened by trent.
func (s *Server) encryptCode(ctx context.Context, poolID, keyID string, code []byte) (string, error) {
	encryption := map[string]string{"userpool-id": poolID}
	var key awscrypto.DataKey
	var err error
	if s.cfg.Mode == Dev {
		key, err = s.dataKeys().Generate(keyID, encryption)
	} else {
		service := kms.Client{Getenv: os.Getenv, Credentials: &s.aws, Allow: s.cfg.AllowNetworks, InWrite: store.InWrite, Now: s.cfg.Now}
		var made kms.DataKey
		made, err = service.Generate(ctx, keyID, encryption)
		key = awscrypto.DataKey{Provider: datakeys.Provider, Info: made.ARN, Plaintext: made.Plaintext, Sealed: made.Sealed}
	}
	if err != nil {
		return "", err
	}
	sealed, err := awscrypto.Seal(key, encryption, code)
	return base64.StdEncoding.EncodeToString(sealed), err
}

func (s *Server) dataKeys() datakeys.Local { return datakeys.Local{Key: s.db.Key("data-keys")} }

// withDecrypt adds, in dev, what senders decrypt codes with.
func (s *Server) withDecrypt(next http.Handler) http.Handler {
	if s.cfg.Mode != Dev {
		return next
	}
	return &trent.Handler{Open: s.dataKeys().Open, Invalid: datakeys.ErrInvalid, Next: next}
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
