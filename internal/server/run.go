package server

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"runtime/debug"
	"time"
)

// Limits on connections (spec/reliability.md §2).
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 15 * time.Second
	idleTimeout   = 75 * time.Second
	maxHeader     = 32 << 10

	// Starting leaves garbage behind, which an idle server would hold for
	// minutes; after this time it is given back.
	settleTime = 500 * time.Millisecond

	balancerGrace = 3 * time.Second  // readiness says no before connections are refused
	drainTimeout  = 20 * time.Second // for requests in flight
)

// Run listens on the configured addresses and serves until ctx ends. Then it
// says that it is not ready, waits for balancers to notice (serve only),
// finishes the requests in flight and closes everything.
func (s *Server) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return s.RunOn(ctx, listener)
}

// RunOn is Run on a listener that is open already.
func (s *Server) RunOn(ctx context.Context, listener net.Listener) error {
	failed := make(chan error, 2)
	main := s.httpServer(s.Handler())
	go func() { failed <- main.Serve(s.Secure(listener)) }()
	settled := time.AfterFunc(settleTime, debug.FreeOSMemory)
	defer settled.Stop()
	if s.cfg.MetricsListen != "" {
		l, err := net.Listen("tcp", s.cfg.MetricsListen)
		if err != nil {
			return errors.Join(fmt.Errorf("listen for metrics: %w", err), main.Close())
		}
		metrics := s.httpServer(s.metrics.handler())
		defer metrics.Close()
		go func() { failed <- metrics.Serve(l) }()
	}
	select {
	case err := <-failed:
		return errors.Join(fmt.Errorf("serve: %w", err), main.Close())
	case <-ctx.Done():
	}
	return s.drain(main)
}

func (s *Server) drain(main *http.Server) error {
	s.stopping.Store(true)
	if s.cfg.Mode == Serve {
		time.Sleep(balancerGrace)
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := main.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("finish requests: %w", err), main.Close())
	}
	return nil
}

func (s *Server) httpServer(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           closeAfterDoubt(h),
		ReadHeaderTimeout: s.cfg.HeaderTimeout,
		ReadTimeout:       s.cfg.ReadTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(logWriter{s.cfg.Log}, "", 0),
	}
}

// closeAfterDoubt ends the connection after a request whose length two readers
// could understand differently, so that nothing which follows it is taken for
// another request. net/http prefers Transfer-Encoding to a Content-Length
// beside it (ignores it in HTTP/1.0) and hides that both were there; RFC 9112
// §6.1 asks to close then. Clients of the API state a length.
func closeAfterDoubt(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1) {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
