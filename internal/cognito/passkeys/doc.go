// Package passkeys registers the passkeys of signed-in users, lists them and
// deletes them: StartWebAuthnRegistration, CompleteWebAuthnRegistration,
// ListWebAuthnCredentials, DeleteWebAuthnCredential (users-and-pools.md §14).
//
// The ceremony itself is package protocol/webauthn's. Signing in with a passkey is
// a step of package signin, and whether a passkey stands for two factors is a
// setting that package factors keeps.
package passkeys
