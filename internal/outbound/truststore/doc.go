// Package truststore puts a root certificate into the stores of this machine
// that programs take their trust from, and takes it out again: the system's
// (Debian, Fedora, Arch and openSUSE families, macOS, Windows), the databases
// of Firefox and Chromium, and Java's. Each store is changed by its own tool;
// where that is missing, the result says how to get it.
//
// Node.js has no store that could be changed; the result for it is the variable
// to set.
package truststore
