// Package transfer moves the users of a pool between installations, with their
// password verifiers and second factors (console-and-dx.md §9).
//
// It owns the form in which users travel and what is checked before one is let in
// (security.md S148): a user comes in whole or not at all. It does not own the
// settings of pools, which travel as requests of the API (package poolcopy), nor
// the file, its sealing and the connection.
//
// Not moved: tokens, sessions, codes on their way, the record of sign-ins and
// the signing keys. Verifiers are bound to the id of their pool, so that users keep
// their passwords only in a pool with the same id.
package transfer
