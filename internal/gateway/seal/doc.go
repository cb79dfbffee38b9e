// Package seal keeps the keys of a gateway: it seals what browsers carry for it,
// sessions and the state of a sign-in, and makes the key pairs that sign the
// header for applications (load-balancer-auth.md §4.3, §5).
//
// Everything comes from the lines of one key file. Gateways with the same file
// open each other's sessions and answer for each other's signing keys, and none
// of them stores anything. What is in a session belongs to package auth.
package seal
