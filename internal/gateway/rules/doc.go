// Package rules reads the rules file of a gateway: listeners with conditions and
// actions, and target groups, by the names that Elastic Load Balancing gives their
// parameters (load-balancer-auth.md §1). What is wrong is said with its line, all of
// it at once; a member that is not known is an error, so that nothing is set and
// then not done.
//
// It also tells whether a condition holds for a request. What actions do belongs to
// package gateway and those below it.
package rules
