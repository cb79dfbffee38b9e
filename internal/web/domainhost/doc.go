// Package domainhost finds the domain of a pool that a request is for: by its
// host, {prefix}.{domain suffix} or a custom domain, or by the path
// /_domains/{prefix}/… on the installation's own host, for tools that cannot
// set hosts.
//
// It owns the public addresses of domains, so that the links, redirects and
// cookies that are made for a request never depend on what the request says
// about its host (security.md S022), and the headers that every answer of a domain
// has. What is served at a domain belongs to web/login and web/oauth.
package domainhost
