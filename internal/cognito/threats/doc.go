// Package threats is threat protection: it watches what is tried in the name of
// users, and acts where the pool says so (users-and-pools.md §22).
//
// A pool on the highest plan has it switched to audit or to full enforcement.
// Each sign-in of a known user then leaves an event, in the transaction that
// records its outcome; other pools pay nothing. Before that transaction the
// sign-in is compared with the user's recent events and scored (package
// protocol/risk). In enforced mode the configuration of the client, or of the
// pool, says what follows from the level: nothing, a further factor, refusal, and
// a notice to the user whose links tell whether it was them.
//
// The package also keeps passwords out that are known to attackers. What stands
// between a proof and tokens is decided in package signin with what this package
// says; the operations on configuration and events are in package risk.
package threats
