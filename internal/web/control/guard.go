package control

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cognate/internal/outbound/fetch"
)

// HeaderName is the header that a request from a browser to the control API
// must carry. Setting it makes a cross-site request need a preflight, which is
// never granted.
const HeaderName = "X-Cognate-Control"

// guard keeps web pages of others away from a developer's server
// (spec/security.md S191).
type guard struct {
	hosts []string // names allowed beside those of this machine
}

func newGuard(hosts []string) *guard {
	g := &guard{}
	for _, host := range hosts {
		g.hosts = append(g.hosts, strings.ToLower(host))
	}
	return g
}

// page admits to what people look at. A link on another site may lead here:
// that site learns nothing by it. Anything else it might try is refused.
func (g *guard) page(next http.HandlerFunc) http.Handler {
	return g.admit(next, func(r *http.Request) string {
		site := r.Header.Get("Sec-Fetch-Site")
		following := r.Method == http.MethodGet && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
		if foreignSite(site) && !following {
			return "a page of another site asked for it"
		}
		return ""
	})
}

// change admits to what people do by a form of ours.
func (g *guard) change(next http.HandlerFunc) http.Handler {
	return g.admit(next, func(r *http.Request) string {
		site := r.Header.Get("Sec-Fetch-Site")
		if foreignSite(site) || site == "" && r.Header.Get("Origin") == "" && r.Header.Get(HeaderName) == "" {
			return "it did not come from a page of this server"
		}
		return ""
	})
}

// api admits to the control API: programs, and pages of ours that prove by a
// header that they are scripts and not forms or images.
func (g *guard) api(next http.HandlerFunc) http.Handler {
	return g.admit(next, func(r *http.Request) string {
		if foreignSite(r.Header.Get("Sec-Fetch-Site")) {
			return "a page of another site asked for it"
		}
		if fromBrowser(r) && r.Header.Get(HeaderName) == "" {
			return "a browser must send the header " + HeaderName
		}
		return ""
	})
}

// admit lets requests through for which objection has none. It writes the
// headers that every answer of this package carries.
func (g *guard) admit(next http.HandlerFunc, objection func(*http.Request) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		reason := objection(r)
		if origins := r.Header.Values("Origin"); len(origins) > 0 && (len(origins) > 1 || !sameOrigin(origins[0], r.Host)) {
			reason = "its origin is another site"
		}
		if !g.localName(r.Host) {
			reason = "it was addressed to a name that is not this machine's"
		}
		if reason != "" {
			http.Error(w, "Refused: "+reason+".", http.StatusForbidden)
			return
		}
		next(w, r)
	})
}

// localName reports whether a Host header names this machine or an allowed
// host. A page that rebinds its own name to 127.0.0.1 sends its own name here.
func (g *guard) localName(hostport string) bool {
	host := hostport
	if name, _, err := net.SplitHostPort(hostport); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	return fetch.LoopbackName(host) || slices.Contains(g.hosts, host)
}

// foreignSite reports whether Sec-Fetch-Site is that of another origin.
// Another port or subdomain of localhost is the same site and still foreign.
func foreignSite(site string) bool {
	return site != "" && site != "same-origin" && site != "none"
}

func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && strings.EqualFold(u.Host, host)
}

// fromBrowser reports whether a request bears marks that browsers set
// themselves and scripts cannot remove.
func fromBrowser(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "Sec-Fetch-") || name == "Origin" || name == "Referer" {
			return true
		}
	}
	return false
}

// Page admits to another page of dev that people look at, see Register for
// hosts.
func Page(next http.HandlerFunc, hosts ...string) http.Handler { return newGuard(hosts).page(next) }

// Change admits to what people do by a form of a page of dev, see Register for hosts.
func Change(next http.HandlerFunc, hosts ...string) http.Handler {
	return newGuard(hosts).change(next)
}
