// Package sigv4 verifies AWS Signature Version 4 on requests to a JSON or
// query service, in its two forms: an Authorization header, or X-Amz-…
// parameters in the query (a presigned request).
//
// Verification has two steps, so that the caller can look up the key between
// them. Parse reads the claim, and refuses what no key could make right: parts
// that are missing, a foreign scope, a date outside the window, headers that
// ought to be signed and are not. Claim.Verify then recomputes the signature.
// It does the same work for an unknown key as for a known one.
//
// The canonical request is built from exactly the headers that the request
// lists as signed, and from a hash of the body that was received; what the
// client says about the body is never believed.
//
// The package does not sign, does not know which keys exist and does not
// decide what a key may do. It remembers no signatures: within the window a
// request may be repeated, as with the service itself.
//
// Sources: spec/identity-pools.md part F, spec/errors.md §2, spec/security.md
// S130 to S135. Wording that those leave open is the one that callers of AWS
// JSON services report.
package sigv4
