// Package clients owns app clients: creating, describing, changing, listing
// and deleting them, and the rotation of their secrets.
//
// The settings of a client are the members of api.UserPoolClientType. A new
// client and a changed one take the same way: configure fills in the defaults
// (settings.go), then the outcome is checked as a whole, each part in a file of
// its own (flows.go, oauth.go, redirects.go, validity.go, permissions.go).
// Secrets are not settings: they have their own rows and operations
// (secrets.go).
//
// What a client may do at sign-in is decided elsewhere, from the compiled form
// in package directory.
package clients
