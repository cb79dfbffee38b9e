package access

// GuestPolicies are the session policies that scope the sessions of guests down: a
// document, and the ARN of a managed one (spec/identity-pools.md B5). Assume applies
// them by itself; they are here for sessions that somebody else gives.
func GuestPolicies() (document, arn string) { return guestPolicy, guestPolicyARN }
