package server

import (
	"context"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
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

// publicHost is the host name of the public address.
func (c Config) publicHost() string {
	u, err := url.Parse(c.PublicURL)
	if err != nil {
		return "" // complete has refused it
	}
	return u.Hostname()
}

// ours reports whether a host name, in lower case, is the installation's own:
// one that the settings name, the domain suffix, or one below it.
func (c Config) ours(host string) bool {
	return host == c.DomainSuffix || strings.HasSuffix(host, "."+c.DomainSuffix) || slices.Contains(c.hosts(), host)
}
