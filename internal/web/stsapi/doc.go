// Package stsapi is the door of the Security Token Service: the AWS query protocol,
// a form with Action and Version by POST or GET, and answers in XML (identity-pools.md
// D1). It serves the operations that Cognate has of any sts.Service; all others are
// InvalidAction.
//
// A request goes through these steps; each may end it with the error that the service
// has for it:
//
//  1. The form is read (form.go), which names the operation.
//  2. An operation that must be signed has its signature verified and its caller found.
//     No permission is asked about here: GetCallerIdentity and GetSessionToken need
//     none, and AssumeRole asks by itself.
//  3. The form becomes the operation's input. Its parameters are put into the shape of
//     the model (document.go), which is then read by the table of constraints that the
//     JSON door works with.
//  4. The operation is called and its answer written as XML; one line is logged.
package stsapi
