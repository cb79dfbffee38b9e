package rules

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// ForwardAuth makes a listener one that other proxies ask about their requests.
// Its rules are for the requests that are asked about, and one whose actions have
// all been carried out lets the request pass.
type ForwardAuth struct {
	// Hosts are those that browsers reach the proxies by, in lower case and without
	// a port, beside the hosts that conditions name.
	Hosts []string
	// Proxies are who may ask.
	Proxies []netip.Prefix
}

// loopback is who may ask where the file does not say.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// forwardAuth reads the member of that name of a listener, or gives nil.
func (o object) forwardAuth() *ForwardAuth {
	if !o.has("ForwardAuth") {
		return nil
	}
	c, _ := o.child("ForwardAuth", "Hosts", "TrustedProxies")
	f := &ForwardAuth{}
	for _, host := range c.texts("Hosts", mostValues) {
		if !hostName.MatchString(host) {
			c.fail("Hosts", "%q is not a host name", host)
		}
		f.Hosts = append(f.Hosts, strings.ToLower(host))
	}
	for _, text := range c.texts("TrustedProxies", mostValues) {
		network, err := netip.ParsePrefix(text)
		if err != nil {
			c.fail("TrustedProxies", "%q is not a network such as 192.0.2.0/24", text)
			continue
		}
		f.Proxies = append(f.Proxies, network.Masked())
	}
	if !c.has("TrustedProxies") {
		f.Proxies = loopback
	}
	return f
}

// Trusts reports whether somebody at an address may ask.
func (f *ForwardAuth) Trusts(from netip.Addr) bool {
	from = from.Unmap().WithZone("")
	return slices.ContainsFunc(f.Proxies, func(n netip.Prefix) bool { return n.Contains(from) })
}

// asked checks the actions of a listener that other proxies ask: where they send a
// request that passes is not the gateway's to say, and an answer of success would
// let it pass.
func (r *reader) asked(l Listener) {
	authenticates, hosts := false, len(l.ForwardAuth.Hosts) > 0
	for _, rule := range l.Rules {
		authenticates = authenticates || rule.Authenticates()
		hosts = hosts || slices.ContainsFunc(rule.Conditions, func(c Condition) bool { return c.Field == "host-header" })
		for _, a := range rule.Actions {
			switch {
			case a.Forward != nil || a.Redirect != nil:
				r.fail(a.Line, "%s is not for a listener with ForwardAuth: there, a request passes when the actions of its rule are done", a.Type)
			case a.Fixed != nil && a.Fixed.Status < http.StatusBadRequest:
				r.fail(a.Line, "fixed-response of a listener with ForwardAuth must be 4XX or 5XX: others let the request pass")
			}
		}
	}
	if authenticates && !hosts {
		r.fail(l.Line, "ForwardAuth needs Hosts, or rules with a condition host-header: nobody is sent back to other hosts after a sign-in")
	}
}
