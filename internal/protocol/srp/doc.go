// Package srp is the server side of the SRP-6a variant that Cognito clients
// speak (auth-flows.md §13): SHA-256, generator 2, the 3072-bit prime of
// RFC 3526 §4, and integers hashed in two's-complement form.
//
// A sign-in takes two requests. In the first the client sends A:
//
//  1. ParsePublic checks A.
//  2. NewServer computes B from the stored verifier and a fresh NewSecret.
//
// The caller seals A, B and the secret, and in the second request, which brings
// the signature:
//
//  3. ResumeServer puts the exchange together again.
//  4. Server.VerifyClaim derives the session key and compares the signature.
//
// The same algebra proves remembered devices; there the device group key, the
// device key and the device password stand for the pool name, user id and
// password. Verifier and CheckPassword serve the flows in which a password
// arrives in clear.
//
// The package does no I/O and keeps no state besides a table of powers of the
// generator, which is built at first use. It does not seal, expire or count
// anything, and it does not choose messages for callers. The client half lives in
// package srpclient.
//
// Running time is not independent of the secrets. The secret b is used for one
// exchange only and u is public, so there is nothing to collect
// (dependencies.md §5); signatures and verifiers are compared in constant time.
package srp
