// Package usersessions holds the operations on the sessions of users, and on how
// pools and clients keep them: Set and Get of UserPoolSessionConfiguration and
// UserPoolClientSessionConfiguration, ListUserSessions, RevokeUserSession and
// their admin forms (newest-features.md §4, §5).
//
// There are two kinds: token sessions, kept by package tracking, and those of
// browsers with the pages of a pool's domain, kept by package sso. Tokens that
// came from a browser's session name it as their origin.
package usersessions
