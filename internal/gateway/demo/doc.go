// Package demo is an application that knows nothing of signing in: it shows who
// its user is by the headers that a gateway adds, and checks them as applications
// behind a load balancer do. cognate gateway --demo runs it.
package demo
