// Package oidc asks external providers who a user is: providers of OpenID Connect,
// and Google, Facebook, Login with Amazon and Sign in with Apple, which differ in
// where they are asked and what they say (federation.md §4, §5).
//
// It builds the address that a browser is sent to, redeems the code that comes
// back, checks the ID token and reads the user's attributes. All calls go through
// package fetch, so that a provider is no way into the network of the server. What
// becomes of the answer belongs to package federation.
package oidc
