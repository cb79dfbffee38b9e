// Package tracking keeps the records of users' sessions in pools that track
// them (newest-features.md §4): it begins one for every sign-in, within the
// number that a user may have, notes their use, and lists them.
//
// A token session is a family of tokens; the record adds a public id and what is
// shown of its last use. Uses are noted after the answer, up to half a second
// later and many at a time, so that a refresh costs no more than without
// tracking; what this node has noted and not written yet counts here already.
// Ends are never late: they are in the transaction that revokes the family.
package tracking
