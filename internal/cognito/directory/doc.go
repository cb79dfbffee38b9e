// Package directory finds pools, app clients, domains and users, which nearly
// every operation begins with.
//
// A pool and what belongs to it, users apart, are compiled once from their
// rows and kept for a second of real time; the node that changes one drops it
// at once, and what was not found is never kept. Compiled values are immutable
// and shared: nobody may change what Config returns. Users are always read
// from the database.
//
// Look-ups open their own database reads, so they come before a write
// transaction, not inside one; only User takes a transaction.
package directory
