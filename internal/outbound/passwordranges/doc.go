// Package passwordranges asks a range API whether a password is known from
// breaches: GET {base}/{first five digits of the SHA-1 digest} answers the rest of
// each digest that begins so, one a line, with a colon and a count. So the service
// learns five of forty digits, which hundreds of passwords share, and with padding
// an observer does not learn from the size of an answer which five.
//
// A service that does not answer is left alone for a while; what to do without its
// word is decided in package threats.
package passwordranges
