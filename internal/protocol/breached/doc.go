// Package breached tells whether a password is one that attackers try first.
//
// It has two sources. The list of common passwords is built in: some twelve
// hundred words, each as it is and with the endings and spellings people add
// when a policy asks for a digit, a capital or a symbol, hundreds of thousands
// of passwords in all. A file of hashes, which an operator brings, holds what is
// known from breaches; it may be as large as it likes, for it is searched where
// it lies.
//
// A password is only looked at. Which pools care, and what follows, is decided in
// package threats.
package breached
