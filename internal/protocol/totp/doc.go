// Package totp checks the codes of authenticator apps: RFC 6238 with SHA-1, six
// digits and steps of 30 seconds, which is what every app assumes when it is
// told nothing else.
//
// A check tells which step a code belongs to. Refusing a second use of that
// step needs memory and is the caller's part.
package totp
