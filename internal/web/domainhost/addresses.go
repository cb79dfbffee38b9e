package domainhost

import (
	"net/url"

	"cognate/internal/store"
)

// PathPrefix is where domains are served by path on the installation's host.
const PathPrefix = "/_domains/"

// Addresses gives the public addresses of domains.
type Addresses struct {
	// Public is the public URL of the installation. Domains have its scheme and
	// port.
	Public *url.URL
	// Suffix is what prefixes stand before, such as auth.example.com.
	Suffix string
}

// Host is the host name of a domain, without a port.
func (a Addresses) Host(d *store.Domain) string {
	if d.Custom() {
		return d.Name
	}
	return d.Name + "." + a.Suffix
}

// URL is the address of a domain, without a slash at its end.
func (a Addresses) URL(d *store.Domain) string { return a.byHost(d, false) }

// byHost is URL; a request that came by TLS may go on by it.
func (a Addresses) byHost(d *store.Domain, tls bool) string {
	host := a.Host(d)
	if port := a.Public.Port(); port != "" {
		host += ":" + port
	}
	return a.scheme(tls) + "://" + host
}

// byPath is the address of a prefix domain on the installation's host, and its
// path alone.
func (a Addresses) byPath(d *store.Domain, tls bool) (base, path string) {
	path = a.Public.EscapedPath() + PathPrefix + d.Name
	return a.scheme(tls) + "://" + a.Public.Host + path, path
}

func (a Addresses) scheme(tls bool) string {
	if tls {
		return "https"
	}
	return a.Public.Scheme
}
