package server

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"cognate/internal/web/awsapi"
)

// hostCheck lets through only requests that were addressed to this
// installation, so that no link, issuer or cookie can be poisoned by a Host
// header (security.md S022) and a web page cannot reach a developer's server
// through a name of its own (S191).
type hostCheck struct {
	names  map[string]bool
	suffix string // ".auth.example.com"
	origin func(r *http.Request) awsapi.Origin
	next   http.Handler
}

func (c Config) checkHosts(next http.Handler) http.Handler {
	h := &hostCheck{
		names: map[string]bool{"localhost": true}, suffix: "." + c.DomainSuffix, next: next, origin: c.origin,
	}
	for _, name := range c.hosts() {
		h.names[name] = true
	}
	return h
}

// hosts lists the names that the settings give this installation.
func (c Config) hosts() (names []string) {
	for _, address := range []string{c.PublicURL, strings.ReplaceAll(c.IssuerURL, "{userPoolId}", "x")} {
		if u, err := url.Parse(address); err == nil {
			names = append(names, strings.ToLower(u.Hostname()))
		}
	}
	if host, _, err := net.SplitHostPort(c.Listen); err == nil && host != "" {
		names = append(names, strings.ToLower(host))
	}
	for _, name := range c.TLSNames {
		names = append(names, strings.ToLower(name))
	}
	return names
}

func (h *hostCheck) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff") // no answer of ours is to be guessed at
	origin := h.origin(r)
	if value := strictTransport(origin); value != "" {
		w.Header().Set("Strict-Transport-Security", value)
	}
	if !h.known(origin.Host) && !strings.HasPrefix(r.URL.Path, "/health/") {
		http.NotFound(w, r)
		return
	}
	h.next.ServeHTTP(w, r)
}

func (h *hostCheck) known(hostport string) bool {
	host := hostName(hostport)
	if h.names[host] || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, h.suffix) {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}

// hostName gives the name or address of a Host header in the form that names
// are compared in.
func hostName(hostport string) string {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// logWriter sends what net/http complains about (broken handshakes, bad
// requests) to the log at debug level: a stranger can cause any number of
// these lines.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(line []byte) (int, error) {
	w.log.Debug("http server", "message", strings.TrimSpace(string(line)))
	return len(line), nil
}
