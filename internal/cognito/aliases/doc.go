// Package aliases gives users the names they sign in with, which no two users of
// a pool share (users-and-pools.md §4).
//
// Which names an attribute makes is decided in package attributes; here they are
// claimed, and taken over where that was asked for.
package aliases
