// Package identitytokens makes and checks the tokens that identity pools give out:
// OpenID tokens that say which identity a caller is (identity-pools.md part C).
//
// One issuer and one set of keys serve all identity pools of the installation.
// The keys are made when the first of them is needed, and kept sealed in the
// database, so that every node signs with the same. Others who want to trust the
// tokens read discovery and key set, which package web/oauth serves.
//
// Who may have a token, and what it opens, is not decided here. An identity that
// was deleted or merged after its token was made is not noticed by Verify.
package identitytokens
