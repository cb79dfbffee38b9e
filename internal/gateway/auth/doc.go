// Package auth is the sign-in action of a gateway: authenticate-cognito and
// authenticate-oidc (load-balancer-auth.md §1 to §7).
//
// It decides about a request from its host, address and headers, and knows nothing
// of listeners, rules and proxying: an Outcome says what to answer the browser, or
// what to give the application beside the request. So the proxy and the endpoint
// that other proxies ask share one decision.
//
// Nothing is stored. A session is in the browser's cookies and the state of a
// sign-in in its address, both sealed by package seal. What is kept in memory is
// opened sessions and headers made of them, for speed alone.
package auth
