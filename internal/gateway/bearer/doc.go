// Package bearer is the jwt-validation action of a gateway: it checks the token
// that a machine sends with each request (load-balancer-auth.md §8).
//
// There are no cookies and no redirects here; those are of package auth.
package bearer
