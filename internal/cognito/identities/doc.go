// Package identities writes and reads the attribute `identities`: who a user is at
// external providers (federation.md §7.2). Which user an identity belongs to is kept
// by the store; the attribute is what is shown of it.
package identities
