// Package risk scores a sign-in: how much it looks like somebody who is not the
// user (users-and-pools.md §22). It is arithmetic over what the caller knows of
// this sign-in and of earlier ones; it reads nothing and remembers nothing.
//
// The score is a sum of weights, one for each thing that is out of the ordinary,
// and the level follows from the sum alone. docs/threat-protection.md shows the
// same table, so that an operator can work any decision out on paper.
//
// What happens at which level, and where history is kept, is the business of
// package threats.
package risk
