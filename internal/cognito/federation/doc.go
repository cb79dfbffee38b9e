// Package federation decides who of a pool somebody is whom an external provider
// vouches for: it maps what the provider says to attributes, finds the linked or
// earlier profile, and makes a new one where there is none (federation.md §6 to §8).
//
// How a provider is asked, and whether its answer is genuine, is the business of
// packages saml and oidc; a Verified is what they have found good. The sign-in
// itself ends in package signin like every other.
package federation
