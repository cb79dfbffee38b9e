// Package sts holds the operations of the Security Token Service that Cognate has
// (identity-pools.md part D): sessions of roles for whoever signs a request, for holders
// of tokens of identity pools and other providers, and for holders of SAML responses;
// and the two about the caller itself.
//
// Each operation finds out who asks, says so in the condition keys of trust policies,
// and leaves the decision and the credentials to package access. Tokens from outside
// are checked by package webidentity. Nothing is stored.
package sts
