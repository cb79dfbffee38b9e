// Package identitypools is the API of identity pools, cognito-identity: pools and
// their settings, the identities in them and the logins of those, and what an
// identity is given, which is a token or temporary credentials
// (spec/identity-pools.md parts A to C).
//
// A call for an identity goes through these steps:
//
//  1. The identity and its pool are read (identity.go).
//  2. Each entry of Logins is given to the provider that its key means, which says
//     who the user is there (providers.go, logins.go). One bad token fails the call.
//  3. The logins are brought together with the identity: usually they are its own and
//     nothing is written; else they are linked, or identities merged (resolve.go).
//  4. The caller gets the id, a token of the pool, or a session of a role.
//
// Tokens from outside are checked by package webidentity, roles are chosen by package
// rolechoice and assumed in package access, tokens of the pool are made by package
// identitytokens.
//
// An identity is a guest until it has its first login, and cannot be a guest again:
// when it has lost all logins, or another identity has taken them over, it is
// disabled for good.
package identitypools
