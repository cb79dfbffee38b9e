package server

import (
	"net/http"
	"net/netip"
	"slices"
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
	o.IP = c.client(o.IP, r.Header)
	o.TLS = o.TLS || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	if host := r.Header.Get("X-Forwarded-Host"); host != "" {
		o.Host = host
	}
	return o
}

// client finds the address behind the proxy that is connected. What a trusted
// proxy says but cannot be read is no address at all, so that nobody passes for
// this machine by it.
func (c Config) client(proxy netip.Addr, h http.Header) netip.Addr {
	said := strings.Join(h.Values("X-Forwarded-For"), ",")
	if said == "" {
		if h.Get("X-Forwarded-Proto") != "" || h.Get("X-Forwarded-Host") != "" {
			return netip.Addr{} // it forwards, and does not say for whom
		}
		return proxy // its own request
	}
	hops := strings.Split(said, ",")
	for _, hop := range slices.Backward(hops) {
		ip, ok := readHop(strings.TrimSpace(hop))
		if !ok {
			return netip.Addr{}
		}
		if proxy = ip; !c.trusts(ip) {
			break
		}
	}
	return proxy
}

// readHop reads one address of X-Forwarded-For; some proxies add the port.
func readHop(s string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		var ap netip.AddrPort
		if ap, err = netip.ParseAddrPort(s); err == nil {
			ip = ap.Addr()
		}
	}
	return ip.Unmap().WithZone(""), err == nil
}

func (c Config) trusts(ip netip.Addr) bool {
	for _, network := range c.TrustedProxies {
		if network.Contains(ip) {
			return true
		}
	}
	return false
}
