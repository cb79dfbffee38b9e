// Package oauth serves what OAuth 2.0 and OpenID Connect clients talk to over plain
// HTTP: the authorize, token, userInfo, revocation and registration endpoints of a
// pool's domain (endpoints.md §3 to §5, newest-features.md §11), and each pool's
// discovery document and key set on the issuer host (endpoints.md §10), with those of
// identity pools (identity-pools.md §C1).
//
// It owns methods, parameters, headers and statuses. What is granted to whom is
// decided by package authorization; pages belong to package login.
package oauth
