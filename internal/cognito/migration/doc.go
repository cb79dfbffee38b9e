// Package migration makes users of people whom only somebody else knows: a pool's
// function (triggers.md §3, UserMigration), or the pool that the users are moved
// from while they still sign in for the first time (console-and-dx.md §9).
//
// What they say is checked like a sign-up: the schema, the user name, and whether the
// names are free. A function chooses neither the sub nor the password, and unless it
// says otherwise the user is sent an invitation. Users of an old pool keep their
// sub, and are told nothing.
package migration
