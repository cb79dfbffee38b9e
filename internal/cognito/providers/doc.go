// Package providers owns the identity providers of a pool as administrators make
// and change them, and the links between users and their identities at providers
// (federation.md §1, §7.4, §7.5).
//
// What is kept between changes, keys and metadata, belongs to package idp; whom a
// provider's answer means belongs to package federation.
package providers
