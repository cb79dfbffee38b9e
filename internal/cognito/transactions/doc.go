// Package transactions keeps what a browser has come to on the pages of a domain,
// between its first page and the redirect back to the application
// (endpoints.md §6.4, §6.7).
//
// A transaction belongs to one browser and one authorize request: its key is a
// digest of both, so that a link to a page is of no use in another browser
// (security.md S014). It lives on the server for five minutes from its first
// page and says which step is pending; nothing in a request can say otherwise
// (S015). Secrets in it are sealed by the database. Passwords are never in it.
//
// What the pages show and how proofs are checked is not its business, see
// packages internal/web/login and signin.
package transactions
