// Package fetch makes the HTTP clients that talk to addresses somebody else
// chose: function targets, and later providers and documents of others.
//
// A client resolves a name and connects to exactly the address that was checked,
// so a name that changes its mind between the two gains nothing (security.md
// S160). Addresses of this machine, of private networks and of machines that
// hand out credentials are refused unless a network is listed. Redirects are not
// followed, proxies of the environment are not asked, and an answer is cut off
// at a size.
//
// Who may be called, and what is said there, belongs to the callers.
package fetch
