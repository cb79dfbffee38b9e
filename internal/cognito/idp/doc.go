// Package idp keeps what a pool needs to talk to its identity providers: the key
// that it signs SAML requests with, the keys that assertions are encrypted for, and
// the metadata of its SAML providers in copies that are fetched anew when their time
// has come (federation.md §3.1, §3.2).
//
// The providers themselves are rows of the store, found by package directory and
// changed by package providers. What metadata means belongs to package saml.
package idp
