package server

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cognate/internal/api"
	"cognate/internal/store"
	"cognate/internal/web/domainhost"
	"cognate/internal/web/oauth"
)

// resolveTimeout bounds the question whether a host name has an address.
const resolveTimeout = 5 * time.Second

// resolve asks the name system of the machine.
func resolve(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host+".")
	return err == nil && len(addresses) > 0
}

// addresses gives the addresses of domains.
func (c Config) addresses() domainhost.Addresses {
	public, err := url.Parse(c.PublicURL)
	if err != nil {
		public = &url.URL{} // complete has refused it
	}
	return domainhost.Addresses{Public: public, Suffix: c.DomainSuffix}
}

// publicHost is the host name of the public address.
func (c Config) publicHost() string { return c.addresses().Public.Hostname() }

// DomainURL is the public address of a domain, without a slash at its end:
// what discovery, messages and pages name. It comes from the settings alone.
func (s *Server) DomainURL(d *store.Domain) string { return s.cfg.addresses().URL(d) }

// discoveredDomain gives what a pool's discovery document says about its
// domain: the custom one where there are two.
func (s *Server) discoveredDomain(p *parts) func(ctx context.Context, poolID string) (oauth.Domain, error) {
	return func(ctx context.Context, poolID string) (oauth.Domain, error) {
		domains, err := p.directory.DomainsOf(ctx, poolID)
		if err != nil || len(domains) == 0 {
			return oauth.Domain{}, err
		}
		pool, err := p.directory.Pool(ctx, poolID)
		if err != nil {
			return oauth.Domain{}, err
		}
		dcr := pool.Config().DcrConfiguration
		return oauth.Domain{
			Base:         s.DomainURL(domains[0]),
			Registration: dcr != nil && dcr.EnableStatus == api.StatusTypeEnabled,
		}, nil
	}
}

// byDomain sends requests for domains to what is served there, and those for
// the installation to rest. Checks of health come under any name.
func (s *Server) byDomain(p *parts, domains, rest http.Handler) http.Handler {
	names := s.cfg.hostNames()
	router := &domainhost.Router{
		Addresses: s.cfg.addresses(),
		Find:      p.directory.Domain,
		Origin: func(r *http.Request) (host string, tls bool) {
			o := s.cfg.origin(r)
			return o.Host, o.TLS
		},
		Reserved: names.reserved,
		Known:    names.known,
		Log:      s.cfg.Log,
	}
	routed := router.Wrap(s.insistOnTLS(keepTLSPolicy(domains)), s.insistOnTLS(rest))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/health/") {
			rest.ServeHTTP(w, r)
			return
		}
		routed.ServeHTTP(w, r)
	})
}
