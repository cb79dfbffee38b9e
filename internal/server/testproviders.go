package server

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"cognate/internal/api"
	"cognate/internal/outbound/oidc"
	"cognate/internal/web/control"
	"cognate/internal/web/testidp"
)

// mountTestProviders puts the identity providers of dev on mux.
func (s *Server) mountTestProviders(mux *http.ServeMux) {
	s.testProviders = testidp.New(testidp.Config{PublicURL: s.cfg.PublicURL, Now: s.cfg.Now, Pools: s.service})
	hosts := s.cfg.hosts()
	admit := control.Admit(hosts...)
	s.testProviders.Register(mux,
		func(next http.HandlerFunc) http.Handler { return control.Page(next, hosts...) },
		func(next http.HandlerFunc) http.Handler { return admit("", next) })
}

// testProviderRoute has calls for the test providers come to this port over plain
// HTTP where the public address is one of TLS: the server itself need not trust the
// authority of dev. It is nil where calls find the way.
func (c Config) testProviderRoute() func(address string) string {
	_, port, err := net.SplitHostPort(c.Listen)
	if c.Mode != Dev || err != nil || !strings.HasPrefix(c.PublicURL, "https:") {
		return nil
	}
	const path = "/_cognate/idp/"
	return func(address string) string {
		if rest, ok := strings.CutPrefix(address, c.PublicURL+path); ok {
			return "http://" + net.JoinHostPort("127.0.0.1", port) + path + rest
		}
		return address
	}
}

// reroute has social providers asked elsewhere: those that are test providers here,
// in dev, and the others at the addresses of the settings. It is nil where all of
// them are the real ones.
func (s *Server) reroute() func(*oidc.Settings) {
	if s.testProviders == nil && len(s.cfg.ProviderURLs) == 0 {
		return nil
	}
	return func(settings *oidc.Settings) {
		if s.testProviders != nil && settings.ClientID == testidp.ClientID {
			s.testProviders.Reroute(settings)
			return
		}
		if base := s.cfg.ProviderURLs[settings.Type]; base != "" {
			settings.MoveTo(base)
		}
	}
}

// sampleProviders lists the identity providers of the sample pool.
func (s *Server) sampleProviders(ctx context.Context) ([]string, error) {
	got, err := s.service.ListIdentityProviders(s.within(ctx), &api.ListIdentityProvidersRequest{
		UserPoolId: s.sample.Load().UserPoolID, MaxResults: new(int32(60)),
	})
	if err != nil {
		return nil, fmt.Errorf("list the sample's identity providers: %w", err)
	}
	var names []string
	for _, one := range got.Providers {
		names = append(names, one.ProviderName)
	}
	return names, nil
}

// attachProviders gives the sample pool all test providers that it has not, and its
// client offers them.
func (s *Server) attachProviders(ctx context.Context) error {
	there, err := s.sampleProviders(ctx)
	if err != nil {
		return err
	}
	sample, all := s.sample.Load(), []string(nil)
	ctx = s.within(ctx)
	for _, kind := range testidp.Kinds() {
		request, err := testidp.Attachment(s.cfg.PublicURL, kind, sample.UserPoolID, "")
		if err != nil {
			return err
		}
		all = append(all, request.ProviderName)
		if slices.Contains(there, request.ProviderName) {
			continue
		}
		if _, err := s.service.CreateIdentityProvider(ctx, request); err != nil {
			return fmt.Errorf("create %s: %w", request.ProviderName, err)
		}
	}
	return testidp.Offer(ctx, s.service, sample.UserPoolID, sample.ClientID, all...)
}

// within gives a context for operations that the server calls itself.
func (s *Server) within(ctx context.Context) context.Context {
	return api.WithRequest(ctx, &api.RequestInfo{RequestID: uuid.NewString(), Region: s.cfg.Region})
}
