// Package awsapi is the door for AWS SDKs: POST / with X-Amz-Target, AWS JSON
// 1.1. It serves any value of api.Service and of identity.Service and has no rules
// of its own about users or pools.
//
// A request goes through these steps; each may end it with the exception that
// the service has for it (spec/errors.md §1 to §3):
//
//  1. Handler gives it an id and finds the operation.
//  2. The body is read, up to its limit.
//  3. An operation that must be signed has its signature verified and its
//     caller found (authenticate). In dev other credentials than Cognate's own
//     are the first administrator's.
//  4. The body is decoded into the operation's input. One walk over the
//     constraints table checks types and collects every violated constraint.
//  5. Access is asked whether the caller may do this to what the input names,
//     with the condition keys of it (authorize.go), and whether it may pass on
//     the roles in it (roles.go).
//  6. The operation is called and its answer written; one line is logged.
//
// Who holds which access key, and what a policy allows, is decided by the Access
// that the server gives to New: package access.
package awsapi
