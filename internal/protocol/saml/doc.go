// Package saml is the service provider's half of SAML 2.0 web sign-in and single
// logout (federation.md §3): it reads the metadata of identity providers, makes
// requests for the redirect binding, and decides whether a message that a browser
// posted may be believed. It is pure: no network, no clock and no memory. Times,
// keys and the request that an answer belongs to come from the caller; so do the
// relay state, the table of assertions that were used, and all that happens to the
// attributes afterwards.
//
// The order of acceptance is fixed (dependencies.md §4). A message is bounded,
// read once by a strict reader (no document type, processing instruction or
// comment, stable when written again), and its signatures are checked against keys
// of the metadata alone. What it says is then read from what goxmldsig returns,
// which it parsed from the very bytes that were digested, never from the message.
//
// Canonical forms and signatures are the work of goxmldsig. Decryption is here
// and not crewjam/saml's xmlenc, which knows AES-GCM with one key size only, gives
// every failure its own error, panics on short input and takes the digest of
// RSA-OAEP for that of its mask function.
package saml
