package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/acme/autocert"

	"cognate/internal/cognito/directory"
	"cognate/internal/outbound/fetch"
	"cognate/internal/server/certificates"
	"cognate/internal/store"
	"cognate/internal/web/domainhost"
)

// ACME are the settings of certificates that an authority gives.
type ACME struct {
	Email     string   // turns it on, and so does
	Directory string   // default Let's Encrypt
	Hosts     []string // beside the public URL's and those of domains
}

func (a ACME) on() bool { return a.Email != "" || a.Directory != "" }

// check gives the reason why the settings cannot work.
func (a ACME) check(c Config) error {
	switch {
	case !a.on() && len(a.Hosts) > 0:
		return errors.New("acme-host needs acme-email or acme-directory")
	case !a.on():
		return nil
	case c.Mode == Dev:
		return errors.New("acme-email and acme-directory are for serve: dev makes certificates itself")
	}
	u, err := url.Parse(a.Directory)
	if err != nil || a.Directory != "" && u.Scheme != "https" && !(u.Scheme == "http" && fetch.LoopbackName(u.Hostname())) {
		return fmt.Errorf("acme-directory %q is not an https URL", a.Directory)
	}
	return nil
}

const (
	acmeTimeout = 30 * time.Second
	acmeAnswer  = 1 << 20
)

// openACME prepares to get certificates for the hosts of this installation.
func (s *Server) openACME(d *directory.Directory) *certificates.ACME {
	directoryURL, allowed := s.cfg.ACME.Directory, slices.Clone(s.cfg.AllowNetworks)
	if directoryURL == "" {
		directoryURL = certificates.DefaultDirectory
	}
	if u, err := url.Parse(directoryURL); err == nil && fetch.LoopbackName(u.Hostname()) {
		allowed = append(allowed, fetch.Loopback...)
	}
	return certificates.NewACME(certificates.ACMESettings{
		Directory: directoryURL, Email: s.cfg.ACME.Email,
		Client: fetch.Client(fetch.Policy{Allow: allowed, Limit: acmeAnswer, Timeout: acmeTimeout}),
		Cache:  acmeCache{s.db},
		Allow: func(ctx context.Context, host string) error {
			return s.cfg.certifiable(ctx, host, d.Domain)
		},
	})
}

// certifiable refuses hosts that are not this installation's: only those get
// certificates which the settings name or which a domain has.
func (c Config) certifiable(ctx context.Context, host string, find func(context.Context, string) (*directory.Domain, error)) error {
	host = domainhost.HostName(host)
	_, notAddress := netip.ParseAddr(host)
	switch {
	case notAddress == nil || fetch.LoopbackName(host):
		return fmt.Errorf("%q gets no certificate from an authority", host)
	case host == strings.ToLower(c.publicHost()), slices.Contains(c.ACME.Hosts, host):
		return nil
	}
	name, kind := host, store.DomainCustom
	if prefix, ok := strings.CutSuffix(host, "."+c.DomainSuffix); ok {
		name, kind = prefix, store.DomainPrefix
	}
	if d, err := find(ctx, name); err != nil || d.Kind != kind {
		return fmt.Errorf("%q is no host of this installation", host)
	}
	return nil
}

// answerChallenges lets an authority find what it asks for over plain HTTP.
func (s *Server) answerChallenges(next http.Handler) http.Handler {
	if s.acme == nil {
		return next
	}
	return s.acme.Handler(next)
}

// acmeCache keeps accounts, certificates and answers to challenges in the
// database, so that whichever node the authority asks can answer.
type acmeCache struct{ db *store.DB }

// Get implements autocert.Cache.
func (c acmeCache) Get(ctx context.Context, name string) ([]byte, error) {
	return store.Read(ctx, c.db, func(ctx context.Context, tx *store.Tx) ([]byte, error) {
		data, found, err := tx.ACMEEntry(ctx, name)
		if err == nil && !found {
			err = autocert.ErrCacheMiss
		}
		return data, err
	})
}

// Put implements autocert.Cache.
func (c acmeCache) Put(ctx context.Context, name string, data []byte) error {
	_, err := store.Write(ctx, c.db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.SaveACMEEntry(ctx, name, data, time.Now())
	})
	return err
}

// Delete implements autocert.Cache.
func (c acmeCache) Delete(ctx context.Context, name string) error {
	_, err := store.Write(ctx, c.db, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return struct{}{}, tx.DeleteACMEEntry(ctx, name)
	})
	return err
}
