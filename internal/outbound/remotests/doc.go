// Package remotests exchanges the tokens of identity pools for temporary credentials
// at a Security Token Service elsewhere, AWS's or what speaks its protocol such as
// MinIO's (identity-pools.md D7): AssumeRoleWithWebIdentity, which is not signed, by
// AWS's own client.
//
// What that service makes of a role and a token is its business. It has to trust the
// issuer of identity pools.
package remotests
