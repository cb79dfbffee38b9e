// Package gateway puts the gateway in front of an application, beside a whole
// Cognate, and goes through it as browsers and machines do
// (load-balancer-auth.md §9).
package gateway
