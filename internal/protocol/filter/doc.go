// Package filter reads the Filter of ListUsers (users-and-pools.md §10): one
// condition on one attribute,
//
//	name = "value"     the attribute equals the value
//	name ^= "value"    the attribute starts with the value
//
// with optional spaces between the parts. Inside the quotes a backslash stands
// before a quote or a backslash, and nowhere else.
//
// Parse takes one pass over the text and evaluates nothing (S171). Turning a
// Filter into a query is the work of packages users and store; the rules for
// comparing are given by Filter.FoldCase.
package filter
