// Package paging seals the pagination tokens of list operations: the caller
// can neither read nor alter where the next page begins, and a token of one
// list is of no use for another.
//
// What a cursor holds, and how a list is sorted, is the business of the
// operation that makes the list.
package paging
