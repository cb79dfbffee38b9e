// Package sso keeps the sessions that browsers have with the pages of a pool's
// domain (endpoints.md §7.2, newest-features.md §4): begun by a sign-in on the
// pages, found by a cookie, taken over by authorize requests without asking the
// user again, ended at sign-out.
//
// The cookie is a random handle; the database holds a digest of it beside what the
// user has proved and when. A session is as good as its user: it is not found
// any more the moment the user is disabled or gone. What is signed in with it
// is the business of package authorization, how a session comes about that of
// package signin.
package sso
