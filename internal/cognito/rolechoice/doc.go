// Package rolechoice decides which role the enhanced flow of an identity pool
// assumes for a caller, and which session tags the session gets
// (identity-pools.md §B2, §B3).
//
// It computes only. The caller has checked the tokens and made a Login of each;
// whether the chosen role trusts the pool, and what it may do, is decided by
// package access when the role is assumed.
//
// Answers that are refusals are exceptions of the identity pools' API.
package rolechoice
