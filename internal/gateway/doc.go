// Package gateway stands in front of web applications as an Application Load
// Balancer does: it listens, finds the rule for each request, carries out the
// rule's actions and passes requests on to targets (load-balancer-auth.md).
//
// The sign-in action itself is package auth, the file that holds the rules package
// rules. A Gateway may be one of many with the same rules and the same key file;
// they share nothing else. It needs nothing of the server beside which it runs but
// the server's public addresses.
package gateway
