// Package oauth serves what OAuth 2.0 and OpenID Connect clients read over
// plain HTTP: for now each pool's discovery document and key set on the
// issuer host (spec/endpoints.md §10). The pool domains' endpoints
// (/oauth2/*, /logout, sign-in pages) are not here yet.
package oauth
