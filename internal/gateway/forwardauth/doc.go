// Package forwardauth is the dialects in which other proxies ask whether a request
// may pass: auth_request of nginx, ForwardAuth of Traefik, forward_auth of Caddy,
// ext_authz of Envoy. It reads whose request is meant and words the verdict; what
// the verdict is, package gateway decides by its rules.
package forwardauth
