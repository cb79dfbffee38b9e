package webauthn

import (
	"net/netip"
	"net/url"
	"strings"
)

// OriginAllowed reports whether a ceremony of a relying party may happen at an
// origin: a page of the host that the id names or of a subdomain, on any port,
// over https, or over plain http where the host is the machine itself
// (auth-flows.md §9). Both ceremonies use this one rule.
func OriginAllowed(origin, relyingPartyID string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" ||
		strings.HasSuffix(origin, "?") || strings.HasSuffix(origin, "#") {
		return false
	}
	host := strings.ToLower(u.Hostname())
	party := strings.ToLower(relyingPartyID)
	if party == "" || host != party && !strings.HasSuffix(host, "."+party) {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(host)
}

// loopback reports whether a host is this machine by its name.
func loopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}
