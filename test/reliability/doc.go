// Package reliability holds the tests that need the real program in
// processes of its own: killing it under load, and several nodes on one
// database (spec/reliability.md).
package reliability
