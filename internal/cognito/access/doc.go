// Package access knows who signs requests and decides what they may do: users
// with access keys, roles, the sessions of both, and the providers that roles
// trust (spec/identity-pools.md parts D and E, security.md S125, S136).
//
// It owns the principal behind an access key (Key, Authenticate), the decision
// about an action (Authorize), temporary credentials (Assume, SessionOf) and the
// entries that operators make (operators.go). The language of policies is that of
// protocol/iam, the checks of signatures are those of protocol/sigv4; tokens from
// outside are checked by whoever asks for a session.
//
// Temporary credentials are nowhere stored. What they stand for travels sealed in
// the session token: the secret, the principal, session policies, tags and the
// end. What the role or the user may do is read anew at each use, so changed
// policies count at once and the sessions of a role that is gone are refused.
//
// Nothing that is written by somebody other than the first administrator goes
// beyond its writer: users, keys, roles and providers carry the rights that the
// writer had, and whoever uses them needs the consent of those, too (bounds.go).
//
// Entries are compiled once and kept for a second, as those of the directory are;
// the node that changes one drops it at once, and what was not found is not kept.
package access
