package server

import (
	"net/http"
	"net/netip"
	"strings"

	"cognate/internal/web/awsapi"
)

// origin tells where a request comes from. Forwarded headers count only when
// the connection comes from a trusted proxy; of X-Forwarded-For, the last
// address that is no trusted proxy is the client (security.md S022).
func (c Config) origin(r *http.Request) awsapi.Origin {
	o := awsapi.DirectOrigin(r)
	if !c.trusts(o.IP) {
		return o
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		ip, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		o.IP = ip.Unmap().WithZone("")
		if !c.trusts(o.IP) {
			break
		}
	}
	o.TLS = o.TLS || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	if host := r.Header.Get("X-Forwarded-Host"); host != "" {
		o.Host = host
	}
	return o
}

func (c Config) trusts(ip netip.Addr) bool {
	for _, network := range c.TrustedProxies {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}
