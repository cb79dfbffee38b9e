// Package attributes owns the rules about user attributes: the schema of a
// pool, what a value may be, which names a user can sign in with, and which
// attributes an app client may read and write.
//
// It decides on values that are handed to it and stores nothing; who may call
// an operation, and what happens to a verified address that changes, belong to
// the operation packages.
package attributes
