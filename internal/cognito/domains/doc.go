// Package domains owns the domains of pools: the prefix under the
// installation's domain suffix and the operator's own host name, of which a
// pool can have one each.
//
// What is served there belongs to the pages and the OAuth endpoints, which
// request belongs to which domain to web/domainhost, and certificates to the
// server.
package domains
