// Package notices tells users of changes to their accounts that somebody else may
// have made: a further way to sign in, a new password, another address
// (security.md S069, S070, S087). The texts belong to package messages.
package notices
