// Package tokens makes, checks and ends the tokens of user pools (tokens.md).
//
// A sign-in starts a family: a row that every access, ID and refresh token of
// that sign-in points to, the first two by their origin_jti (or by event_id, for
// clients without revocation), the last by its digest. The order of work is
//
//	NewFamily -> (transaction: tx.InsertFamily) -> Mint
//
// and for a refresh
//
//	Refresh (reads, or in one transaction rotates) -> Mint
//
// Mint is the only place where tokens are signed. It computes and touches no
// database, so it belongs behind the transaction. Authenticate is the only place
// where access tokens are checked: signature, then one read of the family with
// its user.
//
// Whether somebody may sign in is not decided here but in package signin.
package tokens
