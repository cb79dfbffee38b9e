// Package groups owns the groups of a pool and who is in them.
//
// What a group means for tokens (claims, the preferred role) belongs to package
// tokens, which reads the same rows.
package groups
