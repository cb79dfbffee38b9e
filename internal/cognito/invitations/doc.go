// Package invitations says by which media a new user hears of the account
// (users-and-pools.md §7; triggers.md §3, UserMigration).
//
// The texts belong to package messages, and who is invited to its callers.
package invitations
