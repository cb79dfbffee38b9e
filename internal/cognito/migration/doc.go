// Package migration makes users of people whom only a pool's function knows
// (triggers.md §3, UserMigration).
//
// What the function says is checked like a sign-up: the schema, the user name, and
// whether the names are free. It chooses neither the sub nor the password. Unless it
// says otherwise the user is sent an invitation.
package migration
