// Package quotas bounds how many requests a second the service takes, in the
// categories that it sorts its operations into (spec/newest-features.md §9,
// spec/users-and-pools.md §25), and has the operations by which an administrator
// provisions the rate of a category.
//
// A Preset says what is counted: the whole installation as AWS does, or each pool
// and each network that asks. Counters are token buckets of one second. They live
// in memory; nodes of a cluster tell one another through the database, once a
// second, what they have let through of busy buckets, and each takes what the
// others did from its own. A request therefore costs no write, and a cluster lets
// through at most one second's worth too much for each node.
//
// How often one user may try something, and guessing, are bounded by package
// limits, whatever the preset.
package quotas
