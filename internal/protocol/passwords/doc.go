// Package passwords checks a new password against the policy of a user pool
// (users-and-pools.md §8, errors.md §8) and makes up temporary passwords.
//
// A password is only looked at, never changed: no trimming, no change of case, no
// Unicode normalization (S063). History, lists of breached passwords and the
// storing of verifiers are the work of package credentials.
package passwords
