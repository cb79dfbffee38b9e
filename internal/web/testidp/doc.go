// Package testidp plays identity providers, so that federation can be tried and
// tested without any: Google, Facebook, Login with Amazon, Sign in with Apple, an
// OpenID Connect provider and a SAML provider (federation.md §11). It is part of
// `cognate dev` only.
//
// Whoever is sent here chooses who to be, or invents somebody, and may have the
// provider misbehave in a way that real ones do. Tests decide that beforehand, and
// no page is shown.
//
//	/_cognate/idp/{kind}/…              the provider's own endpoints
//	PUT /_cognate/v1/idps/{kind}/next   {"person": …, "claims": …, "failure": …}
//	POST /_cognate/v1/keys/rotate       other keys for all
//
// Decisions about saml can have "sign" (assertion, response or both) and "encrypt"
// beside that; without them the assertion is signed, and encrypted if the pool says
// that it wants that. What a pool has, and says, is asked through the API.
//
// The social kinds have the parameters, answers and names of the real ones, also
// where these differ from OpenID Connect.
package testidp
