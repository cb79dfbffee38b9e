// Package deptest checks rules about the source tree that the compiler does not:
// which package may import which, that every package says what it owns, that
// dependencies are not older than their last known hole, that links of pages lead
// somewhere, and that no file names the machine it was written on.
//
// It has tests only. They read `go list` and the files of the module; what a
// linter can see in one file is in .golangci.yml instead.
package deptest
