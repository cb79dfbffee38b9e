// Package authorization decides about OAuth 2.0 and OpenID Connect requests at a
// pool's domain (endpoints.md §3 to §5): what an authorize request asks for and
// whether it may be answered at once, codes and what they are exchanged for,
// tokens for machines, userInfo and revocation.
//
// An authorize request goes through
//
//	Check -> Decide -> (pages: a sign-in, then SignedIn) -> Grant
//
// Check reads and judges the parameters, Decide and SignedIn say what comes next
// for a browser with or without a session, Grant gives the address that the
// browser is sent back to. All four work on what the server knows; nothing that
// a page says about a step counts here.
//
// It knows no HTTP beyond the values of a query and no pages: those are packages
// web/oauth and web/login. How a user proves who they are is the business of
// package signin; tokens are made by package tokens.
package authorization
