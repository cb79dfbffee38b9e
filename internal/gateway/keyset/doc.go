// Package keyset keeps the key sets of issuers for a gateway: it reads them when a
// key is first asked for, and again after some minutes or when a token names a
// key that was not there, but not for every such token.
//
// What is checked with the keys belongs to the callers.
package keyset
