// Package mfa knows the second factors: what they are called, which of them a
// pool has switched on, what a user needs for each, and what the Session of
// MFA_SETUP carries while an authenticator app is being registered
// (spec/auth-flows.md §7, §8).
//
// Asking for a factor is package signin's part, and choosing one package
// factors'. Passkeys are first factors that may stand for two; they are not here.
package mfa
