// Package pools owns the user pool itself: creating, describing, changing,
// listing and deleting it, its custom attributes and its tags.
//
// The settings of a pool are the members of api.CreateUserPoolRequest. They
// pass through three steps, for a new pool and for a change alike: what is
// absent gets its default or keeps its value (settings.go, update.go), the
// outcome as a whole is checked (checks.go, triggers.go, templates.go), and
// features beyond the pool's plan are refused (tiers.go). A described pool is
// the stored outcome plus the number of its users.
//
// The second factors are part of the settings; SetUserPoolMfaConfig replaces them
// (mfa_config.go). App clients, groups, domains and identity providers belong to
// other packages.
package pools
