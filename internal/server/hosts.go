package server

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"cognate/internal/web/domainhost"
)

// hostNames are the names that this installation answers to beside those of
// domains. Requests for others are refused, so that no link, issuer or cookie
// can be poisoned by a Host header (security.md S022) and a web page cannot
// reach a developer's server through a name of its own (S191).
type hostNames struct {
	names  map[string]bool
	suffix string // of domains, "auth.example.com"
}

func (c Config) hostNames() hostNames {
	h := hostNames{names: map[string]bool{"localhost": true}, suffix: c.DomainSuffix}
	for _, name := range c.hosts() {
		h.names[name] = true
	}
	return h
}

// reserved reports whether a name is the installation's own, so that it can be
// no pool's custom domain.
func (h hostNames) reserved(host string) bool {
	return h.names[host] || host == h.suffix || strings.HasSuffix(host, "."+h.suffix)
}

// known reports whether the installation answers for a name or address.
func (h hostNames) known(host string) bool {
	if h.names[host] || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// hosts lists the names that the settings give this installation.
func (c Config) hosts() (names []string) {
	for _, address := range []string{c.PublicURL, strings.ReplaceAll(c.IssuerURL, "{userPoolId}", "x"), c.IdentityIssuerURL} {
		if u, err := url.Parse(address); err == nil {
			names = append(names, strings.ToLower(u.Hostname()))
		}
	}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && host != "" {
		names = append(names, strings.ToLower(host))
	}
	for _, name := range c.TLSNames {
		names = append(names, domainhost.HostName(name))
	}
	return names
}

// logWriter sends what net/http complains about (broken handshakes, bad
// requests) to the log at debug level: a stranger can cause any number of
// these lines.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(line []byte) (int, error) {
	w.log.Debug("http server", "message", strings.TrimSpace(string(line)))
	return len(line), nil
}
