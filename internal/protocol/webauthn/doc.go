// Package webauthn runs the two ceremonies of passkeys: it makes the options that
// a browser or app gets, and checks what comes back (users-and-pools.md §14,
// auth-flows.md §9; W3C WebAuthn Level 3 §7). It keeps nothing and knows no users:
// challenges and credentials come from the caller and go back to it.
//
// Parsing and verification of CBOR, keys and signatures is the work of
// github.com/go-webauthn/webauthn. This package adds the rule for origins, which
// follows from the relying party id instead of a list, and the limits on size.
package webauthn
