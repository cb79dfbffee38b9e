// Package start is what a developer's browser shows first: where everything is,
// how the usual clients are pointed here, and a trial of the sign-in pages that
// ends with the tokens in clear. It is part of `cognate dev` only.
//
// The trial is a client like any other: it goes to the authorization endpoint of
// the sample pool's domain with PKCE, and redeems the code at the token endpoint.
package start
