// Package codes owns the one-time codes that are sent to a user's e-mail
// address or telephone.
//
// A code is bound to the pool, the subject, the purpose and a detail of the
// caller's choice, which usually names the address it was sent to. At most
// one code is in force for each subject and purpose: a new one voids the old.
// Only a MAC of it is kept. Redeeming is atomic: of many callers with the
// right code one wins.
//
// A code asked for by a name that nobody has leaves a decoy: a ticket that
// looks and expires the same and that no code opens.
//
// How often a code may be asked for or tried is the business of package
// limits; sending it, of package messages.
package codes
