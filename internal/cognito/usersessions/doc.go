// Package usersessions holds the operations on the sessions of users, and on how
// pools and clients keep them: Set and Get of UserPoolSessionConfiguration and
// UserPoolClientSessionConfiguration, ListUserSessions, RevokeUserSession and
// their admin forms (newest-features.md §4, §5).
//
// The records themselves are kept by package tracking. All sessions there are
// yet come from the API: token sessions without a parent in a browser, so that
// RevokeAssociatedSessions has nothing to reach.
package usersessions
