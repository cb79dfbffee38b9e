// Package tlsmux serves TLS and plain HTTP on one port. The first byte that a
// client sends tells them apart: a TLS connection begins with a handshake
// record (RFC 8446 §5.1), whose first byte no method of HTTP begins with.
//
// Connections that are TLS come out of Accept as *tls.Conn, so net/http speaks
// HTTP/2 on them and fills in Request.TLS; the handshake is net/http's to make,
// with its deadlines. Which certificate is shown belongs to the settings of
// internal/server.
package tlsmux
