// Package credentials owns what the service knows of a password: an SRP salt
// and verifier, the one form that serves SRP and plain-text sign-ins alike
// (DESIGN.md §6). It checks new passwords against the pool's policy and the
// user's history, makes verifiers, and compares.
//
// A password may also have come as a hash that another system made (package
// passwordhash). The first sign-in that brings the password in clear adopts it: the
// verifier takes the place of the hash.
//
// Making and comparing costs an eighth of a signature and happens outside of
// transactions; what is stored is handed to the transaction afterwards. Counting
// wrong passwords is the work of package limits, and the proof by SRP that of
// package signin.
package credentials
