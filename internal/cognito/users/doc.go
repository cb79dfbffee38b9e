// Package users owns the users of a pool: sign-up and its confirmation, the
// recovery of passwords, attributes and their verification, and the directory
// that administrators see.
//
// It does not own sign-in and tokens (package signin), nor groups. What it
// shares with them lies below: attributes decides what a value may be and which
// names a user signs in with, credentials what a password may be, codes and
// limits how a code is issued, tried and counted, messages what it looks like.
//
// Each operation looks up, decides, writes in one transaction and answers.
// Passwords are turned into verifiers before that transaction. Attempts that
// are counted are committed together with the failure they end in.
//
// Answers that must not tell whether a user exists are made in hidden.go: for
// a name that nobody has, the same rows are counted and the same kinds of rows
// are written as for a user.
package users
