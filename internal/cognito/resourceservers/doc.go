// Package resourceservers owns the resource servers of a pool: APIs with
// scopes of their own, which clients can be allowed.
//
// Which of them end in a token is decided where tokens are asked for, by the
// clients' settings and directory.HasScope.
package resourceservers
