// Package jwt signs and checks the JSON web tokens of user pools: JWS in compact
// form with RS256 (tokens.md §1, RFC 7515, RFC 7519), and those of identity pools,
// which have RS512 (identity-pools.md §C). It knows no other algorithm. It also
// makes key ids and the public form of keys (RFC 7517).
//
// Checking has two halves. Parse takes a token apart strictly: bounded length,
// three segments of unpadded canonical base64url, a header that names the expected
// algorithm and a key id and nothing that could bring another key, and claims
// without duplicate members, deep nesting or anything after them. Token.Verify then
// checks the signature and only then gives out the claims. Function Verify does both.
//
// What the claims mean is decided elsewhere: issuer, audience, use, scope and
// revocation are no business of this package. Claims.CheckTime is here because the
// rule is that of RFC 7519 §4.1. Choosing, storing and rotating keys is the work
// of packages tokens and identitytokens.
package jwt
