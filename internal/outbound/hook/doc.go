// Package hook runs the functions that a user pool names by ARN
// (triggers.md §6).
//
// What an ARN means is a setting of the installation: a Lambda endpoint, an HTTP
// address, a command, or a file of JavaScript or Python that a small shim runs
// unchanged. Whatever it is, a call takes an event and gives the answer, one of
// the errors FunctionError, CallError, or ErrUnusable. Each attempt has five
// seconds; only what shows that the function may not have run or did not get to
// an end (time-out, refused connection, a server's 5xx) is tried again.
//
// Requests over HTTP are signed like this, so that receivers can tell them from
// forged ones:
//
//	X-Cognate-Signature: t=1717243200,v1=<hex HMAC-SHA256(secret, t + "." + body)>
//
// with a second v1 while the secret is being changed.
//
// Processes get their command from the settings of the installation and never
// from a pool, see no shell, and inherit only the variables that are listed.
//
// What events and answers say belongs to package triggers.
package hook
