// Package userpools calls the user pools API of another installation: Amazon
// Cognito, or a second Cognate that plays its part in tests (console-and-dx.md §9).
//
// It owns the connection, the signature, the pace and second attempts (Service), and
// the check of a password by a sign-in there (Login). Requests and answers are the
// generated shapes, which are the same on both sides. What is copied is decided by
// the callers.
package userpools
