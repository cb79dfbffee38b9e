package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"cognate/internal/api"
	"cognate/internal/api/identity"
	"cognate/internal/cognito/messages"
	"cognate/internal/cognito/triggers"
	"cognate/internal/outbound/hook"
	"cognate/internal/outbound/logsinks"
	"cognate/internal/protocol/srp"
	"cognate/internal/server/certificates"
	"cognate/internal/store"
	"cognate/internal/web/testidp"
)

// keysInStock is enough for the sample pool and the first pool of a test.
const keysInStock = 4

// Server is a whole Cognate. Make it with New, serve it with Run or RunOn,
// and end it with Close.
type Server struct {
	cfg           Config
	db            *store.DB
	service       api.Service
	identities    identity.Service
	root          rootKey
	inbox         *messages.Inbox    // dev only
	testProviders *testidp.Providers // dev only
	functions     *hook.Functions
	journal       *triggers.Journal
	secrets       *functionSecrets
	targets       *logsinks.Targets // of the logs of user pools
	aws           awsCredentials    // for the key service
	metrics       *metrics
	jobs          *jobs
	stock         *keyStock // nil when the settings bring keys
	handler       http.Handler
	tls           *tls.Config            // nil: the port speaks plain HTTP only
	acme          *certificates.ACME     // nil: no certificates from an authority
	sample        atomic.Pointer[Sample] // dev only, once it is made
	stopping      atomic.Bool
	served        atomic.Int64 // requests so far
	files         []io.Closer  // of the operator, read for as long as the server runs
}

// New opens the database, assembles everything and starts the background
// work. It refuses settings that cannot work, naming each.
func New(ctx context.Context, cfg Config) (*Server, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	s := &Server{cfg: cfg, metrics: newMetrics()}
	if err := s.build(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) build(ctx context.Context) (err error) {
	if s.cfg.Keys == nil { // first of all: making keys takes longest
		s.stock = newKeyStock(keysInStock)
		s.cfg.Keys = s.stock
	}
	if s.db, err = openStore(ctx, s.cfg); err != nil {
		return err
	}
	if s.cfg.Mode == Serve {
		if s.root, err = openRootKey(ctx, s.db, s.cfg); err != nil {
			return err
		}
		if s.root.made && s.cfg.ShowRootKey != nil {
			s.cfg.ShowRootKey(s.root.id, s.root.secret)
		}
	}
	if s.cfg.Mode == Dev {
		s.inbox = &messages.Inbox{Log: s.cfg.Log}
	}
	s.journal = &triggers.Journal{Now: s.cfg.Now}
	if s.functions, err = s.openFunctions(); err != nil {
		return err
	}
	p, err := s.parts()
	if err != nil {
		return err
	}
	nodes, err := s.openQuotas(ctx)
	if err != nil {
		return err
	}
	p.quotas = nodes.Quotas
	s.metrics.watchLogs(p.logs.Counts)
	s.metrics.watchStore(s.db.Statements)
	if err = s.openTLS(p.directory); err != nil {
		return fmt.Errorf("prepare TLS: %w", err)
	}
	s.service = p.service()
	if s.cfg.Wrap != nil {
		s.service = s.cfg.Wrap(s.service)
	}
	s.identities = p.identityService()
	if s.handler, err = s.mount(p); err != nil {
		return err
	}
	go srp.Prepare() // a table that the first sign-in would have to wait for
	s.jobs = startJobs(s.db, p, nodes, s.cfg)
	return nil
}

// Handler serves everything on the one port.
func (s *Server) Handler() http.Handler { return s.handler }

// Service gives the operations for callers inside the process. They are not
// authorized: whoever has the Server may do everything.
func (s *Server) Service() api.Service { return s.service }

// Close ends the background work and closes the database. Requests must have
// ended.
func (s *Server) Close() error {
	if s.stock != nil {
		s.stock.Close()
	}
	if s.jobs != nil {
		s.jobs.stop()
	}
	if s.functions != nil {
		_ = s.functions.Close() // has ended what there was to end
	}
	closed := s.closeFiles()
	if s.db == nil {
		return closed
	}
	if err := s.db.Close(); err != nil {
		return errors.Join(closed, fmt.Errorf("close the database: %w", err))
	}
	return closed
}
