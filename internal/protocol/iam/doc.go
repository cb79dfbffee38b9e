// Package iam evaluates policies written in the JSON grammar of IAM
// (identity-pools.md part E).
//
// Parse compiles a document once; the Policy that it returns is immutable and is
// evaluated by many goroutines at once. Policies.Decide answers for the policies
// of a caller: those of its identity, a permissions boundary and session policies.
// Policy.Trusts answers for the trust policy of a role. Explain says for each
// statement whether it applied to a request, and why not.
//
// The package reads nothing and knows no clock: what conditions ask about, the
// time included, comes from the Context of the request. Whose policies count, how
// their documents are stored and what ARN an operation touches belong to package
// access.
//
// # Texts from outside
//
// Patterns are compared without regular expressions and without recursion: the
// work is bounded by the length of the pattern times that of the value, and both
// are bounded. What a policy variable stands for is taken as it is; neither a
// variable nor a wildcard in it is looked for. Whatever cannot be decided (a
// variable without a value, a value that is no number where one is compared) keeps
// an Allow from applying.
package iam
