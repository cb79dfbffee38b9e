// Package webidentity checks what people bring from elsewhere to show who they are:
// ID tokens of user pools, of OpenID providers, Google and Apple, access tokens of
// Facebook, Amazon and Twitter, and SAML responses (identity-pools.md A4, D2, D5).
//
// A token of another issuer is checked by that issuer's published keys, which
// outbound/oidc keeps for a minute; issuers that are user pools of this installation
// are answered without a call. A check says who the user is and for which app the
// token is; which apps are welcome is said by the caller, and everything else about
// roles and identities is none of this package's business.
//
// Every refusal is an *Error, whose Kind lets each service find its own words. Any
// other error is a fault of this installation.
package webidentity
