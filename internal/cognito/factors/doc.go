// Package factors holds the operations by which users and administrators look
// after authentication factors: registering an authenticator app, removing it,
// and choosing among second factors (spec/users-and-pools.md §13).
//
// Which factors a pool has is set by package pools; asking for them at a sign-in
// is package signin's part.
package factors
