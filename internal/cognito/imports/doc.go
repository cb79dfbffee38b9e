// Package imports adds users from CSV files (spec/users-and-pools.md §19,
// newest-features.md §14): the operations on jobs, and the runner that reads their
// files.
//
// A file lies in the database until its job ends (package importfiles), so that any
// node can run any job. One job of the installation runs at a time. The node that has its lease reads
// the file in batches; the users of a batch, the counts, how far the file was read
// and the lines of the log are one transaction, so a node that dies loses nothing
// and repeats nothing.
//
// A record becomes a user as a whole or not at all: every cell is checked before
// anything is written. Hashes of passwords are not computed here; package
// passwordhash holds them against its bounds, and the first sign-in checks them
// (package credentials).
//
// Where the lines of the log go in the end is the business of a Log; CloudWatch is
// not known here.
package imports
