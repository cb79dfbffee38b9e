// Package certificates gives a production server the certificates of its
// operator: from files, which are read again when they change, and from a
// certificate authority that speaks ACME.
//
// The certificates of development are those of internal/server/localca.
package certificates
