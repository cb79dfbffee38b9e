// Package localca is the certificate authority of `cognate dev`: it makes
// certificates for the names of this machine, so that https works in
// development after its root has been trusted once.
//
// A root that developers trust is a danger when its key is stolen from a
// laptop (security.md S194). Two things keep it small. The root's key signs one
// issuing certificate when the authority is made and is then thrown away; what
// lies in the data directory is the key of the issuing certificate. And both
// certificates carry critical name constraints, which verifiers check on the
// issuing certificate even where they overlook them on a trusted root.
//
// Putting the root into the stores of systems and browsers belongs to
// internal/outbound/truststore.
package localca
