// Package sessions seals the state of an unfinished sign-in into the strings
// that travel through the client: `Session` and `SECRET_BLOCK` (auth-flows.md §4,
// §13; S061, S067, S073).
//
// A step that only asks for a proof writes nothing to the database; what the
// next request needs is in the string, encrypted and authenticated:
//
//	prefix (4 bytes) | id (16 random bytes) | AES-256-GCM(state)
//
// Each string is sealed with a key of its own, an HMAC of its kind and id under
// the installation's session key. So nonces cannot run out, a string of one kind
// never opens as the other, and a changed id opens nothing.
//
// The package decides whether a string is genuine, unexpired and of the pool,
// client, door and step that a request is about. Whether it has been used
// already is known by the database only: callers spend State.ID in the
// transaction that records the answer.
package sessions
