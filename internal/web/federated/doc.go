// Package federated is where browsers leave for identity providers and come back
// from them: /oauth2/idpresponse for OpenID Connect and the social providers,
// /saml2/idpresponse and /saml2/logout for SAML (endpoints.md §1, federation.md §2).
//
// What a provider says is checked by packages oidc and saml, who that is decides
// package federation, and the sign-in ends in package signin. Here they meet: the
// state of a departure and the cookie that belongs to it, the way back to the app,
// and where faults go (federation.md §9).
package federated
