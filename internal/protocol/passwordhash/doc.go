// Package passwordhash reads password hashes that other systems made (bcrypt,
// scrypt, Argon2id and PBKDF2 with SHA-256) and checks passwords against them. It
// does no I/O and makes no hashes.
//
// A hash from outside says itself how much work checking it takes, so every number
// in it is held against Bounds before anything is computed (security.md S172).
//
// What is kept of a hash is its parameters, its salt and a SHA-256 of its digest
// (spec/newest-features.md §14: a hash within a further hash): the stored form is
// nothing that could be imported anywhere else. Sealing that form is the work of
// the store, and replacing it by the native verifier that of package credentials.
package passwordhash
